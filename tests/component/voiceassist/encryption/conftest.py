"""A database with tenants of their own, and a key file that counts how often it is asked."""

from types import SimpleNamespace

import pytest
from sqlalchemy import text

from voiceassist.adapters.encryption import key_store
from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.kms import keyfile
from voiceassist.adapters.kms.keyfile import KeyFile
from voiceassist.adapters.postgres import Database
from voiceassist.core.identity import service
from voiceassist.core.ids import new_id
from voiceassist.ports.kms import KmsUnavailableError

PASSPHRASE = "a passphrase of this test"


class Counting:
    """`away`: the keeper of keys does not answer."""

    def __init__(self, kms):
        self.kms = kms
        self.unwrapped = 0
        self.away = False

    def __getattr__(self, name):
        return getattr(self.kms, name)

    def unwrap(self, wrapped, context):
        self.unwrapped += 1
        if self.away:
            raise KmsUnavailableError
        return self.kms.unwrap(wrapped, context)


@pytest.fixture(scope="module")
async def database(settings):
    opened = Database(settings.postgres.dsn)
    yield opened
    await opened.close()


@pytest.fixture
def kms(tmp_path):
    keyfile.create(tmp_path / "kek.json", PASSPHRASE, random=True)
    return Counting(KeyFile(tmp_path / "kek.json", lambda: PASSPHRASE))


@pytest.fixture
async def tenants(database):
    """Makes tenants; their keys are destroyed in the end, as the key file that wrapped them is gone then."""
    made = []

    async def new():
        made.append(await new_tenant(database))
        return made[-1]

    yield new
    for tenant_id in made:
        async with database.transaction(service("test", tenant_id)) as connection:
            await key_store.destroy(connection, tenant_id)


@pytest.fixture
async def tenant(tenants):
    return await tenants()


async def new_tenant(database):
    tenant_id = new_id()
    async with database.transaction(service("test")) as connection:
        await connection.execute(text("insert into tenants (id, name) values (:id, 'Encryption')"), {"id": tenant_id})
    return tenant_id


@pytest.fixture
def now():
    return SimpleNamespace(seconds=0.0)


@pytest.fixture
def process(database, kms, now):
    """Makes keyrings as other processes have them; their clock is `now`."""
    return lambda **options: Keyring(database, lambda: kms, clock=lambda: now.seconds, **options)
