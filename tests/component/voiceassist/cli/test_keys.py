"""`voiceassist keys` on the real stores."""

import asyncio
import json
import os

import asyncpg
import pytest
from click.testing import CliRunner

from voiceassist.cli.main import group
from voiceassist.core import ids
from voiceassist.core.errors import VoiceAssistError
from voiceassist.core.identity import DEFAULT_TENANT


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch):
    for name in [name for name in os.environ if name.startswith("VOICEASSIST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(engines):
    def call(*arguments):
        return CliRunner().invoke(group, ["keys", *arguments, "--data", str(engines.layout.data)])

    return call


@pytest.fixture
def person(settings):
    """Make a user of a role; the name by which the command knows it."""

    def make(role="user", status="active"):
        name = f"u{ids.new_id().hex}"

        async def insert():
            connection = await asyncpg.connect(settings.postgres.dsn)
            async with connection.transaction():
                await connection.execute(
                    "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)",
                    str(DEFAULT_TENANT),
                )
                await connection.execute(
                    "insert into users (id, tenant_id, iss, sub, email, role, status)"
                    " values ($1, $2, 'https://issuer.test', $3, $4, $5, $6)",
                    ids.new_id(), DEFAULT_TENANT, name, f"{name}@hospital.example", role, status,
                )  # fmt: skip
            await connection.close()

        asyncio.run(insert())
        return name

    return make


def test_a_key_is_made_listed_and_revoked(run, person):
    name = person()
    told = run("create", "--user", name, "--name", "PACS", "--scope", "kb:read", "--scope", "events:publish", "--json")
    assert told.exit_code == 0, told.output
    key = json.loads(told.stdout)
    assert key["key"].startswith("va_")
    assert key["scopes"] == ["events:publish", "kb:read"]
    listed = run("list")
    assert key["key"] not in listed.output
    (line,) = [line for line in listed.output.splitlines() if line.startswith(key["id"])]
    assert "until" in line
    assert f"{name}@hospital.example" in line
    assert run("revoke", key["id"]).stdout == "revoked\n"
    (row,) = [row for row in json.loads(run("list", "--json").stdout) if row["id"] == key["id"]]
    assert row["revoked_at"]
    assert isinstance(run("revoke", key["id"]).exception, VoiceAssistError)


def test_the_whole_address_names_a_person_too(run, person):
    made = run("create", "--user", f"{person()}@hospital.example", "--name", "n", "--scope", "kb:read", "--days", "1")
    assert made.exit_code == 0
    assert made.stdout.startswith("va_")


def test_what_cannot_be_made_is_one_sentence(run, person):
    name = person("viewer")
    for arguments in (
        ("--user", "nobody-of-this-name", "--scope", "kb:read"),
        ("--user", person(status="disabled"), "--scope", "kb:read"),
        ("--user", name, "--scope", "made:up"),
        ("--user", name, "--scope", "documents:write"),
        ("--user", name, "--scope", "x" * 65),
    ):
        refused = run("create", "--name", "n", *arguments)
        sentence = refused.exception.detail if isinstance(refused.exception, VoiceAssistError) else refused.output
        assert refused.exit_code == 1
        assert len(sentence.splitlines()) == 1
