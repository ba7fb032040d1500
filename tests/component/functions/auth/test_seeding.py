"""Seeding on the real database: the same people however often it runs and wherever the page moves."""

import asyncio

import asyncpg
import msgspec
import pytest

from functions.auth import seed, store
from voiceassist.adapters.issuer.seed import seed as people_of
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import encryption

KEY = "va_seeding-test-0123456789abcdefghijklmnopqrst"


def rows(settings, query):
    async def ask():
        connection = await asyncpg.connect(settings.postgres.dsn)
        try:
            async with connection.transaction():
                await connection.execute(
                    "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)",
                    str(DEFAULT_TENANT),
                )
                return await connection.fetch(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def keys_of(settings):
    async def ask():
        database = Database(settings.postgres.dsn, pool_size=1)
        try:
            keyring = encryption.keyring_of(settings, database, lambda: encryption.kms_of(settings))
            return await keyring.of(DEFAULT_TENANT)
        finally:
            await database.close()

    return asyncio.run(ask())


@pytest.fixture
def here(settings, tmp_path):
    """The engines of the session with people of this test only."""
    kms = msgspec.structs.replace(settings.kms, file=str(encryption.key_file(settings)))
    return msgspec.structs.replace(settings, data_dir=str(tmp_path), kms=kms)


def test_seeding_twice_and_after_a_move_keeps_the_same_people(here, tmp_path):
    seed.run(here, cli_api_key=KEY)
    subs = [person.sub for person in people_of(tmp_path)]
    query = f"select id, sub, iss from users where sub = any(array{subs}) order by sub"  # noqa: S608 - our own hex digits
    first = rows(here, query)
    assert len(first) == 3
    moved = msgspec.structs.replace(here, oidc=msgspec.structs.replace(here.oidc, issuer="https://localhost:9/issuer"))
    seed.run(moved, cli_api_key=KEY)
    second = rows(here, query)
    assert [row["id"] for row in second] == [row["id"] for row in first]
    assert {row["iss"] for row in second} == {"https://localhost:9/issuer"}


def test_every_person_has_a_confirmed_factor_that_opens_with_our_key(here, tmp_path):
    seed.run(here, cli_api_key=KEY)
    for person in people_of(tmp_path):
        query = "select u.id, m.secret, m.confirmed_at from users u join mfa_totp m on m.user_id = u.id"
        (row,) = rows(here, f"{query} where u.sub = '{person.sub}'")
        assert row["confirmed_at"] is not None
        assert store.SECRET.open(keys_of(here), row["id"], row["secret"]) == person.totp_secret


def test_the_key_of_the_command_line_is_stored_as_a_hash_with_an_end(here):
    seed.run(here, cli_api_key=KEY)
    query = "select hash, scopes, expires_at - now() as left from api_keys where name = 'command line of this machine'"
    stored = rows(here, query)
    assert stored
    assert all(KEY.encode() not in row["hash"] for row in stored)
    assert all(0 < row["left"].days <= 365 for row in stored)
    assert any("voice:talk" in row["scopes"] for row in stored)


@pytest.mark.parametrize("change", [{"profile": "production"}, {"oidc": None}])
def test_only_an_embedded_development_installation_is_seeded(here, change):
    if change.get("oidc", "") is None:
        change = {"oidc": msgspec.structs.replace(here.oidc, embedded=False)}
    with pytest.raises(SettingsError):
        seed.run(msgspec.structs.replace(here, **change), cli_api_key=KEY)
