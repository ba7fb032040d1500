"""The lists: which words are given names, surnames, places, common English words or medical ones.

One file, built at install time by `functions/phi/gazetteer.py` and mapped into memory, so that a cold start reads only
the pages it needs. Words are kept as 32-bit fingerprints in an open-addressing table: an unlisted word is taken for a
listed one less than once in a billion. Layout, little-endian: 8 bytes MAGIC, uint32 slots (a power of two), uint32
number of entries; then per slot uint32 fingerprint (0: empty) and uint32 flags. A phrase is the key of its words joined
by spaces.
"""

import mmap
import struct
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from functions.phi.domain.memory import remembered

MAGIC = b"VAPHI001"
HEAD = struct.Struct("<8sII")
SLOT = struct.Struct("<II")
DIGEST = struct.Struct("<II")

GIVEN = 1 << 0  # given name
SURNAME = 1 << 1
PLACE = 1 << 2  # settlement or county of the United States
WORLD = 1 << 3  # larger settlement anywhere
PLACE_BEGINS = 1 << 4  # first word of a place of several words
COMMON = 1 << 5  # an English word
FREQUENT = 1 << 6  # one of the most used English words
MEDICAL = 1 << 7  # of diagnoses, anatomy, tests and procedures
DRUG = 1 << 8
EPONYM = 1 << 9  # a name that medicine has given to a disease, sign, device or score
GIVEN_MALE = 1 << 10
GIVEN_FEMALE = 1 << 11

# Three bits each, 0 where unlisted: tenfold steps of how often it is borne or used (7: most).
GIVEN_RANK = 16
SURNAME_RANK = 19
COMMON_RANK = 22
_RANK = 0b111
LONGEST_PHRASE = 5


class ListsError(RuntimeError):
    """The lists are absent or damaged; the engine does not start without them."""


class Lists:
    def __init__(self, data: bytes | mmap.mmap) -> None:
        """Raises ListsError when `data` is no file of lists, whole."""
        if len(data) < HEAD.size:
            raise ListsError("The file of names and places is damaged; build it again.")
        magic, slots, self.entries = HEAD.unpack_from(data, 0)
        if magic != MAGIC or slots & (slots - 1) or len(data) != HEAD.size + slots * SLOT.size:
            raise ListsError("The file of names and places is damaged or of another version; build it again.")
        self._data = data
        self._mask = slots - 1
        self.flags = remembered(self._flags)

    @classmethod
    def open(cls, path: Path) -> "Lists":
        try:
            with path.open("rb") as file:
                return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):
            raise ListsError(
                "The file of names and places (VOICEASSIST_PHI__LISTS) cannot be read; `make install` builds it."
            ) from None

    def _flags(self, key: str) -> int:
        """What is known of a word or phrase, as `tokens.key` writes it; 0 when nothing."""
        place, fingerprint = hashed(key)
        place &= self._mask
        while True:
            found, flags = SLOT.unpack_from(self._data, HEAD.size + place * SLOT.size)
            if found == fingerprint:
                return int(flags)
            if not found:
                return 0
            place = (place + 1) & self._mask

    def phrase(self, keys: Sequence[str], wanted: int, start: int = 0) -> int:
        """How many words from `start` make the longest phrase of two words or more with a flag of `wanted`; 0: none."""
        for length in range(min(LONGEST_PHRASE, len(keys) - start), 1, -1):
            if self.flags(" ".join(keys[start : start + length])) & wanted:
                return length
        return 0


def rank(flags: int, which: int) -> int:
    return flags >> which & _RANK


def hashed(key: str) -> tuple[int, int]:
    """Where to begin looking, and the fingerprint, which is never 0."""
    place, fingerprint = DIGEST.unpack(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    return place, fingerprint or 1


def packed(entries: dict[str, int]) -> bytes:
    """The file of lists with these keys and flags; at most two thirds of its slots are taken."""
    slots = 1 << max(4, (len(entries) * 3 // 2).bit_length())
    table = bytearray(slots * SLOT.size)
    for key, flags in sorted(entries.items()):
        place, fingerprint = hashed(key)
        place &= slots - 1
        while table[place * SLOT.size : place * SLOT.size + 4] != b"\0\0\0\0":
            place = (place + 1) & (slots - 1)
        SLOT.pack_into(table, place * SLOT.size, fingerprint, flags)
    return HEAD.pack(MAGIC, slots, len(entries)) + bytes(table)
