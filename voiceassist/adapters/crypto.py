"""Encryption at rest by us: AES-256-GCM under a key per tenant and purpose, derived from the KEK.

Layout of a sealed value: version byte 1, 12-byte nonce, ciphertext with 16-byte tag. The associated
data binds it to its place (`table|column|row`), so a value copied elsewhere does not open. A KMS
behind a port and key rotation are still to come.
"""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from voiceassist.core.errors import VoiceAssistError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
NONCE_BYTES = 12


class SealBrokenError(VoiceAssistError):
    """The value was changed, moved, or sealed under another key."""

    code = "INTERNAL"


def tenant_key(kek: str, tenant_id: UUID, purpose: str) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of the hex KEK; 32 bytes."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    if len(kek) != 64:
        raise VoiceAssistError("The key-encryption key is not set.")
    info = f"voiceassist|{purpose}".encode()
    return HKDF(SHA256(), 32, tenant_id.bytes, info).derive(bytes.fromhex(kek))


def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


class Box:
    """Seals and opens under one key, prepared once: for who does it thousands of times a second."""

    def __init__(self, key: bytes) -> None:
        from cryptography.exceptions import InvalidTag

        self._cipher = _cipher(key)
        self._invalid = InvalidTag

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plaintext, place.encode())

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        if sealed[:1] != VERSION or len(sealed) < 1 + NONCE_BYTES + 16:
            raise SealBrokenError
        try:
            return self._cipher.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], place.encode())
        except self._invalid:
            raise SealBrokenError from None


def seal(plaintext: bytes, *, key: bytes, place: str) -> bytes:
    return Box(key).seal(plaintext, place=place)


def unseal(sealed: bytes, *, key: bytes, place: str) -> bytes:
    return Box(key).unseal(sealed, place=place)


# Files are sealed in frames so that 500 MB never have to be in memory at once. The frame's number and
# whether it is the last one are part of its place, so frames cannot be dropped, swapped or cut off.
FRAME_BYTES = 1_048_576
OVERHEAD = 1 + NONCE_BYTES + 16


def seal_frames(
    chunks: Iterable[bytes], *, key: bytes, place: str, first: int = 0, last: bool = True
) -> Iterator[bytes]:
    """Seal a stream; every frame but the last holds FRAME_BYTES of plaintext.

    A part of a larger stream says which frame is its `first` and whether it has the stream's `last` one; the others
    hold whole frames.
    """
    buffer = bytearray()
    number = first
    for chunk in chunks:
        buffer += chunk
        while len(buffer) > FRAME_BYTES:
            yield seal(bytes(buffer[:FRAME_BYTES]), key=key, place=f"{place}|{number}")
            del buffer[:FRAME_BYTES]
            number += 1
    yield seal(bytes(buffer), key=key, place=f"{place}|{number}|last" if last else f"{place}|{number}")


def unseal_frames(frames: Iterable[bytes], *, key: bytes, place: str) -> Iterator[bytes]:
    """The plaintext of sealed frames of FRAME_BYTES + OVERHEAD; SealBrokenError if one was lost, moved or changed."""
    for number, (frame, last) in enumerate(_with_end(frames)):
        suffix = "|last" if last else ""
        yield unseal(frame, key=key, place=f"{place}|{number}{suffix}")


def _with_end(frames: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each frame and whether it is the last; none at all is broken, as sealing writes one frame at least."""
    following = iter(frames)
    held = next(following, None)
    if held is None:
        raise SealBrokenError
    for frame in following:
        yield held, False
        held = frame
    yield held, True
