"""Make the embedded issuer's people known to the database: users, second factors, the CLI's key.

Run by `voiceassist up` after the migrations, every time: it adds what is missing and changes nothing else.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

from functions.auth import factor_store, key_store, store
from functions.auth.domain import Identity, identity_of
from functions.auth.service import ACTING
from voiceassist.adapters.issuer.seed import SeedUser, seed
from voiceassist.adapters.postgres import Database
from voiceassist.core import clock
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import encryption, scopes, wiring
from voiceassist.runtime.settings import Settings

CLI_KEY_OWNER = "clinician"
CLI_KEY_NAME = "command line of this machine"
CLI_KEY_DAYS = 365


def run(settings: Settings, *, cli_api_key: str) -> None:
    """`apply` for callers without an event loop."""
    asyncio.run(apply(settings, cli_api_key=cli_api_key))


async def apply(settings: Settings, *, cli_api_key: str) -> None:
    """Seed an embedded installation; raises SettingsError where the issuer is not the embedded one."""
    if not settings.oidc.embedded or settings.profile == "production":
        raise SettingsError("Users are seeded only beside the embedded issuer of a development installation.")
    people = seed(Path(settings.data_dir))
    database = Database(settings.postgres.dsn, pool_size=1)
    try:
        keys = await encryption.keyring_of(settings, database, lambda: encryption.kms_of(settings)).of(DEFAULT_TENANT)
        async with database.transaction(ACTING) as connection:
            for person in people:
                await store.move_issuer(connection, person.sub, settings.oidc.issuer)
                user = await store.upsert(connection, DEFAULT_TENANT, _identity(person, settings.oidc.issuer))
                sealed = store.SECRET.seal(keys, user.id, person.totp_secret)
                await factor_store.write_totp(connection, user.id, user.tenant_id, sealed, 0, replace=False)
                if person.username == CLI_KEY_OWNER:
                    await key_store.keep(
                        connection,
                        owner_id=user.id,
                        tenant_id=user.tenant_id,
                        name=CLI_KEY_NAME,
                        key=cli_api_key,
                        scopes=key_scopes(wiring.load()),
                        expires_at=clock.now() + timedelta(days=CLI_KEY_DAYS),
                    )
    finally:
        await database.close()


def key_scopes(found: wiring.Wiring) -> list[str]:
    """All that a clinician's key may carry: the house's own scopes, and those of other rooms of the wiring."""
    return sorted(scopes.allowed("user", scopes.of(found).values()))


def _identity(person: SeedUser, issuer: str) -> Identity:
    """The same as the callback makes of this person's ID token."""
    return identity_of(
        {
            "iss": issuer,
            "sub": person.sub,
            "email": person.email,
            "name": person.name,
            "roles": [person.role],
            "va_profile": person.profile,
        }
    )
