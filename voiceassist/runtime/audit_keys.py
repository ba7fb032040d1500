"""The keys of the audit: not those of the data, so that who opens patients' data cannot rewrite the record of it.

Each tenant's chains and the hashes of its patients' identifiers have keys of their own, derived by HKDF-SHA-256
(RFC 5869) from the installation's. A key is told apart by the start of its SHA-256, which stands in every entry.
"""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from voiceassist.adapters.crypto import tenant_key
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime.settings import HEX, Audit

NOT_SET = "AUDIT_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class ChainKey:
    """`name` stands in the entry; `secret` makes its MAC."""

    name: str
    secret: bytes


class AuditKeys:
    """Of one installation; the first is in use, the others verify what they made."""

    def __init__(self, settings: Audit) -> None:
        given = [settings.key, *(part.strip() for part in settings.previous_keys.split(","))]
        self._named = {_name(key): key for key in given if HEX.fullmatch(key)}
        self._current = _name(settings.key) if HEX.fullmatch(settings.key) else ""

    def __repr__(self) -> str:
        return "AuditKeys(…)"

    def current(self, tenant_id: UUID) -> ChainKey:
        """Raises UnavailableError where no key is set: nothing can be put on record then."""
        if not self._current:
            raise UnavailableError("The audit has no key.", code=NOT_SET)
        return ChainKey(self._current, _chain_secret(self._named[self._current], tenant_id))

    def find(self, tenant_id: UUID, name: str) -> bytes | None:
        key = self._named.get(name)
        return _chain_secret(key, tenant_id) if key else None

    def archive(self, tenant_id: UUID) -> tuple[str, bytes]:
        """Name and secret that seal what leaves the database."""
        name = self.current(tenant_id).name
        return name, _archive_secret(self._named[name], tenant_id)

    def find_archive(self, tenant_id: UUID, name: str) -> bytes | None:
        key = self._named.get(name)
        return _archive_secret(key, tenant_id) if key else None

    def patients(self, tenant_id: UUID, patient: str) -> tuple[str, ...]:
        """The hash of a patient's identifier under every key, the one in use first: what entries hold instead of it.

        HMAC-SHA-256 of the NFKC form without spaces, capitals alike, cut to 128 bits.
        """
        plain = "".join(unicodedata.normalize("NFKC", patient).split()).casefold().encode()
        ordered = [self._current, *(name for name in self._named if name != self._current)]
        secrets = [_patient_secret(self._named[name], tenant_id) for name in ordered if name]
        return tuple(hmac.digest(secret, plain, "sha256")[:16].hex() for secret in secrets)


def _name(key: str) -> str:
    return hashlib.sha256(bytes.fromhex(key)).hexdigest()[:12] if HEX.fullmatch(key) else ""


@lru_cache(maxsize=256)
def _chain_secret(key: str, tenant_id: UUID) -> bytes:
    return tenant_key(key, tenant_id, "audit-chain")


@lru_cache(maxsize=256)
def _archive_secret(key: str, tenant_id: UUID) -> bytes:
    return tenant_key(key, tenant_id, "audit-archive")


@lru_cache(maxsize=256)
def _patient_secret(key: str, tenant_id: UUID) -> bytes:
    return tenant_key(key, tenant_id, "audit-patient")
