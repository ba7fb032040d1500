"""Identifiers: UUID version 7 (RFC 9562, section 5.7), so that rows sort by creation time."""

import os
import time
from uuid import UUID


def uuid7(milliseconds: int, random_80_bits: int) -> UUID:
    """Build a UUIDv7 from Unix time in ms and at least 74 random bits (the top ones are cut)."""
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= ((random_80_bits >> 62) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random_80_bits & (2**62 - 1)
    return UUID(int=value)


def new_id() -> UUID:
    """A fresh UUIDv7 from the system clock and the system's random source."""
    return uuid7(time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big"))
