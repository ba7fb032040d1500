"""The unwrapped data keys of one tenant: seal, open, and blind indexes.

A sealed value is the version byte 2, the number of its data key (4 bytes, big endian), a random 96-bit nonce, and the
AES-256-GCM ciphertext with its 128-bit tag (NIST SP 800-38D). Its associated data is `table|column|row|key version`: a
value that is moved to another row, column, tenant or key does not open.
"""

import hmac
import os
import struct
import unicodedata
from collections.abc import Callable, Mapping
from uuid import UUID

from voiceassist.adapters import crypto
from voiceassist.adapters.crypto import NONCE_BYTES, SealBrokenError
from voiceassist.core.errors import UnavailableError

FORMAT, DERIVED = 2, 1  # of a value: under a data key, or under a key that older releases derived from the KEK
INDEX_BYTES = 16
_HEAD = struct.Struct(">BI")
OVERHEAD = crypto.OVERHEADS[FORMAT]


class TenantKeys:
    """`allowance`: how many messages this process may still seal under `current` (keyring.py counts them)."""

    def __init__(
        self,
        tenant_id: UUID,
        keys: Mapping[int, bytes],
        current: int,
        index_key: bytes,
        *,
        allowance: int,
        derived: Callable[[str], bytes] | None = None,
    ) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.tenant_id = tenant_id
        self.current = current
        self.allowance = allowance
        self._ciphers: dict[int, AESGCM] = {version: AESGCM(key) for version, key in keys.items()}
        self._index_key = index_key
        self._column_keys: dict[str, bytes] = {}
        self._derived = derived
        self._invalid = InvalidTag

    def __repr__(self) -> str:
        return f"TenantKeys({self.tenant_id})"

    def box(self, purpose: str = "") -> crypto.Sealing:
        """`purpose`: under which older releases derived the key of such values."""
        return _Box(self, purpose)

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        if self.allowance <= 0:  # never in practice: a request takes some thousand of them at most
            raise UnavailableError("The data key has to be renewed first.", code="KEY_SPENT", retry_after=1)
        self.allowance -= 1
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, plaintext, _associated(place, self.current))
        return _HEAD.pack(FORMAT, self.current) + nonce + sealed

    def unseal(self, sealed: bytes, *, place: str, purpose: str = "") -> bytes:
        """Raises SealBrokenError: changed, moved, under a key of another tenant, or one that is destroyed."""
        if sealed[:1] == crypto.VERSION and purpose and self._derived is not None:
            return crypto.Box(self._derived(purpose)).unseal(sealed, place=place)
        version = version_of(sealed)
        cipher = self._ciphers.get(version)
        if cipher is None or len(sealed) < OVERHEAD:
            raise SealBrokenError
        start = _HEAD.size + NONCE_BYTES
        try:
            return cipher.decrypt(sealed[_HEAD.size : start], sealed[start:], _associated(place, version))
        except self._invalid:
            raise SealBrokenError from None

    def index(self, column: str, value: str) -> bytes:
        """A blind index: HMAC-SHA-256 under the column's own key, of the normalised value, cut to 128 bits.

        Equal values of a column have equal indexes, so they can be looked up; nothing else is told.
        """
        return self.blind(column, normalised(value).encode())

    def blind(self, column: str, value: bytes) -> bytes:
        """The same of bytes that are what they are."""
        return hmac.digest(self._column_key(column), value, "sha256")[:INDEX_BYTES]

    def _column_key(self, column: str) -> bytes:
        key = self._column_keys.get(column)
        if key is None:
            key = self._column_keys[column] = hmac.digest(self._index_key, f"column|{column}".encode(), "sha256")
        return key


class _Box:
    def __init__(self, keys: TenantKeys, purpose: str) -> None:
        self._keys = keys
        self._purpose = purpose

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        return self._keys.seal(plaintext, place=place)

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        return self._keys.unseal(sealed, place=place, purpose=self._purpose)


def normalised(value: str) -> str:
    """What people write differently and mean the same: compatibility forms, case, spaces."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def version_of(sealed: bytes) -> int:
    """The number of the data key; 0 of a value without one."""
    if len(sealed) < _HEAD.size or sealed[0] != FORMAT:
        return 0
    return int(_HEAD.unpack_from(sealed)[1])


def _associated(place: str, version: int) -> bytes:
    return f"{place}|{version}".encode()
