"""What the stores of passages share: the keyring of the engines."""

import pytest

from voiceassist.adapters.postgres import Database
from voiceassist.runtime import encryption


@pytest.fixture(scope="session")
async def ring(settings):
    database = Database(settings.postgres.dsn)
    yield encryption.keyring_of(settings, database, lambda: encryption.kms_of(settings))
    await database.close()
