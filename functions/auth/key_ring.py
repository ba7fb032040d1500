"""The keys that sign access tokens, in PostgreSQL: private halves sealed, made and retired as their time comes."""

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.auth import signing
from functions.auth.service import ACTING
from functions.auth.store import SIGNING_KEY
from voiceassist.adapters.crypto import SealBrokenError
from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import access_tokens, logging
from voiceassist.runtime.encryption import KeysOfTenants

if TYPE_CHECKING:
    from joserfc.jwk import ECKey
    from sqlalchemy.ext.asyncio import AsyncConnection

    from voiceassist.adapters.encryption.keys import TenantKeys

log = logging.get_logger(__name__)

FRESH_SECONDS = 300.0
LOCK = 0x76615F6B657973  # of whoever makes keys: two processes must not make the same one twice


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    signs_from: float
    private: "ECKey"


class KeyRing:
    """Of one installation; remembered for five minutes."""

    def __init__(self, database: Database, keyring: KeysOfTenants) -> None:
        self._database = database
        self._keyring = keyring
        self._known: tuple[float, list[SigningKey]] | None = None
        self._loading = asyncio.Lock()

    async def signer(self) -> SigningKey:
        keys, now = await self._keys(), time.time()
        return keys[signing.signer(keys, now)]

    async def document(self) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517) of the keys that others may meet."""
        keys, now = await self._keys(), time.time()
        return {"keys": [_public(keys[place]) for place in signing.published(keys, now)]}

    async def _keys(self) -> list[SigningKey]:
        async with self._loading:
            if self._known is None or time.monotonic() - self._known[0] > FRESH_SECONDS:
                seals = await self._keyring.of(DEFAULT_TENANT)
                async with self._database.transaction(ACTING) as connection:
                    self._known = time.monotonic(), await self._load(connection, seals)
        return self._known[1]

    async def _load(self, connection: "AsyncConnection", seals: "TenantKeys") -> list[SigningKey]:
        from sqlalchemy import text

        now = time.time()
        found = await self._stored(connection, seals)
        if signing.missing(found, now):
            await connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            found = await self._stored(connection, seals)  # another process may have made them meanwhile
            for signs_from in signing.missing(found, now):
                found.append(await self._make(connection, seals, signs_from))
            await self._retire(connection, found, now)
        return found

    async def _stored(self, connection: "AsyncConnection", seals: "TenantKeys") -> list[SigningKey]:
        from joserfc.jwk import ECKey
        from sqlalchemy import text

        rows = await connection.execute(
            text("select id, kid, extract(epoch from signs_from)::float8, sealed from signing_keys order by signs_from")
        )
        found = []
        for row, kid, signs_from, sealed in rows:
            try:
                found.append(SigningKey(kid, signs_from, ECKey.import_key(SIGNING_KEY.open(seals, row, sealed))))
            except SealBrokenError:
                log.error("auth.signing_key_unreadable")  # another one is made in its place
        return found

    async def _make(self, connection: "AsyncConnection", seals: "TenantKeys", signs_from: float) -> SigningKey:
        from joserfc.jwk import ECKey
        from sqlalchemy import text

        private, row = ECKey.generate_key("P-256", private=True), ids.new_id()
        kid, pem = str(private.thumbprint()), private.as_pem(private=True).decode()
        await connection.execute(
            text(
                "insert into signing_keys (id, kid, signs_from, sealed) values (:id, :kid, to_timestamp(:at), :sealed)"
            ),
            {"id": row, "kid": kid, "at": signs_from, "sealed": SIGNING_KEY.seal(seals, row, pem)},
        )
        return SigningKey(kid, signs_from, private)

    async def _retire(self, connection: "AsyncConnection", keys: list[SigningKey], now: float) -> None:
        """A key that nobody meets any more is not kept: nobody can sign with it later."""
        from sqlalchemy import text

        kept = [keys[place].kid for place in signing.published(keys, now)]
        await connection.execute(text("delete from signing_keys where not kid = any(:kept)"), {"kept": kept})


def _public(key: SigningKey) -> dict[str, Any]:
    public = dict(key.private.as_dict(private=False))
    return public | {"kid": key.kid, "use": "sig", "alg": access_tokens.ALGORITHM}
