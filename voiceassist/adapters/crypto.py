"""AES-256-GCM under one key, and files sealed frame by frame.

A value of format 1 is the version byte 1, a 12-byte nonce, and the ciphertext with its 16-byte tag. The associated data
binds it to its place (`table|column|row`), so a value copied elsewhere does not open. Values of tenants have format 2,
which names its key (encryption/keys.py); format 1 have key files, the broker's log, and what older releases sealed.
"""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol
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


class Sealing(Protocol):
    """Who seals and opens; a Box, or the keys of a tenant."""

    def seal(self, plaintext: bytes, *, place: str) -> bytes: ...

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        """Raises SealBrokenError."""
        ...


# Files are sealed in frames so that 500 MB never have to be in memory at once. The frame's number and
# whether it is the last one are part of its place, so frames cannot be dropped, swapped or cut off.
FRAME_BYTES = 1_048_576
# What a sealed frame has more than its plaintext, by its version byte: format 2 names its key in four bytes more.
OVERHEADS = {1: 1 + NONCE_BYTES + 16, 2: 1 + 4 + NONCE_BYTES + 16}


def seal_frames(
    chunks: Iterable[bytes], *, box: Sealing, place: str, first: int = 0, last: bool = True
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
            yield box.seal(bytes(buffer[:FRAME_BYTES]), place=f"{place}|{number}")
            del buffer[:FRAME_BYTES]
            number += 1
    yield box.seal(bytes(buffer), place=f"{place}|{number}|last" if last else f"{place}|{number}")


def unseal_frames(data: Iterable[bytes], *, box: Sealing, place: str) -> Iterator[bytes]:
    """The plaintext of sealed frames that come in pieces of any size; frames of both formats may stand in one file.

    Raises SealBrokenError if one was lost, moved or changed.
    """
    for number, (frame, last) in enumerate(_with_end(_frames(data))):
        suffix = "|last" if last else ""
        yield box.unseal(frame, place=f"{place}|{number}{suffix}")


def _frames(data: Iterable[bytes]) -> Iterator[bytes]:
    buffer = bytearray()
    for piece in data:
        buffer += piece
        while buffer and len(buffer) > (size := _size_of(buffer[0])):
            yield bytes(buffer[:size])
            del buffer[:size]
    if buffer:
        yield bytes(buffer)


def _size_of(version: int) -> int:
    """Bytes of a full frame."""
    if version not in OVERHEADS:
        raise SealBrokenError
    return FRAME_BYTES + OVERHEADS[version]


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
