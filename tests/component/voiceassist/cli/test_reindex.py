"""`voiceassist reindex` on the installation's database."""

import asyncio
import json

import pytest
import structlog
from click.testing import CliRunner

from voiceassist.adapters.minilm import MODEL
from voiceassist.adapters.postgres import Database
from voiceassist.adapters.vectors import index_models
from voiceassist.adapters.vectors.pgvector import PgVectorIndex
from voiceassist.cli import reindex
from voiceassist.cli.main import group
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import encryption

from ..adapters.passages import MODEL as OTHER  # noqa: TID252
from ..adapters.passages import TEXTS, chunks, document_of, owner_of, vectors  # noqa: TID252 - the tests' own helper

pytestmark = pytest.mark.req("P5.5")


@pytest.fixture(autouse=True)
def logging_as_before():
    """A command keeps its log to errors, for the whole process."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def owner(settings, monkeypatch, tmp_path):
    """Has passages of another model than the settings name; the command sees this tenant only."""
    monkeypatch.setattr(reindex, "running_settings", lambda *_args: settings)

    async def make():
        database = Database(settings.postgres.dsn)
        person = await owner_of(database)
        document = await document_of(database, person)
        ring = encryption.keyring_of(settings, database, lambda: encryption.kms_of(settings))
        await PgVectorIndex(database, ring, person, OTHER).upsert(chunks(document, TEXTS), vectors(3))
        await database.close()
        return person

    person = asyncio.run(make())

    async def only(_database, _actor):
        return [person.tenant_id]

    monkeypatch.setattr(index_models, "tenants", only)
    return person


def serving(settings, owner):
    async def ask():
        database = Database(settings.postgres.dsn)
        async with database.transaction(owner) as connection:
            found = await index_models.serving(connection)
        await database.close()
        return found.model_id

    return asyncio.run(ask())


def test_it_brings_the_passages_to_the_configured_model(settings, owner, tmp_path):
    assert serving(settings, owner) == OTHER.id
    done = CliRunner().invoke(group, ["reindex", "--data", str(tmp_path), "--json"], catch_exceptions=False)
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"model": MODEL.id, "tenants": 1, "left": 0})
    assert serving(settings, owner) == MODEL.id
    again = CliRunner().invoke(group, ["reindex", "--data", str(tmp_path)], catch_exceptions=False)
    assert again.stdout == f"{MODEL.id} serves 1 of 1 tenants\n"


def test_what_is_not_done_yet_is_a_failure_with_a_sentence(settings, owner, tmp_path, monkeypatch):
    async def busy(*_args, **_options):
        return False

    monkeypatch.setattr(index_models.Reembedding, "run", busy)
    done = CliRunner().invoke(group, ["reindex", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "run it again" in done.stderr


def test_without_a_database_it_says_so(settings, owner, tmp_path, monkeypatch, free_port):
    import msgspec

    away = msgspec.structs.replace(settings.postgres, dsn=f"postgresql://va_app:x@127.0.0.1:{free_port}/va")
    monkeypatch.undo()
    monkeypatch.setattr(reindex, "running_settings", lambda *_args: msgspec.structs.replace(settings, postgres=away))
    done = CliRunner().invoke(group, ["reindex", "--data", str(tmp_path)])
    assert isinstance(done.exception, UnavailableError)
