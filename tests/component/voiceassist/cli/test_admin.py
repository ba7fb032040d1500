"""`voiceassist admin` on the real stores: accounts and sign-ins, each act on record as done by whom --by names."""

import asyncio
import json
import os
import time

import asyncpg
import pytest
from click.testing import CliRunner

from voiceassist.adapters.redis import connect
from voiceassist.cli.main import group
from voiceassist.core import ids
from voiceassist.core.identity import DEFAULT_TENANT
from voiceassist.runtime import revocation, sessions


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch):
    for name in [name for name in os.environ if name.startswith("VOICEASSIST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(engines):
    def call(*arguments):
        connect.cache_clear()  # each command has a loop of its own
        return CliRunner().invoke(group, ["admin", *arguments, "--data", str(engines.layout.data)])

    yield call
    connect.cache_clear()


@pytest.fixture
def query(settings):
    """Rows of a statement, as a part of the installation sees them."""

    def ask(statement, *arguments):
        async def work():
            connection = await asyncpg.connect(settings.postgres.dsn)
            try:
                async with connection.transaction():
                    await connection.execute(
                        "select set_config('app.tenant', $1, true), set_config('app.role', 'service', true)",
                        str(DEFAULT_TENANT),
                    )
                    return await connection.fetch(statement, *arguments)
            finally:
                await connection.close()

        return asyncio.run(work())

    return ask


@pytest.fixture
def person(query):
    """Make a user; the id, and the name by which the command knows it."""

    def make(role="user", status="active"):
        name, user_id = f"u{ids.new_id().hex}", ids.new_id()
        query(
            "insert into users (id, tenant_id, iss, sub, email, role, status)"
            " values ($1, $2, 'https://issuer.test', $3, $4, $5, $6)",
            user_id, DEFAULT_TENANT, name, f"{name}@hospital.example", role, status,
        )  # fmt: skip
        return user_id, name

    return make


@pytest.fixture
def acts(query):
    """Who did what to somebody, in order."""

    def read(user_id):
        rows = query("select body from audit_entries where body like $1 order by at", f'%"user:{user_id}"%')
        told = [json.loads(row["body"]) for row in rows]
        return [(one["action"], one["by"]["user"], one["in"]) for one in told]

    return read


@pytest.fixture
def signed_in(settings):
    """Open sessions of somebody; and what is told of each afterwards."""

    async def store(work):
        redis = connect(settings.redis.url)
        try:
            return await work(sessions.of(settings, redis), redis)
        finally:
            await redis.aclose()
            connect.cache_clear()

    def begin(user_id, count):
        async def opened(kept, _redis):
            for number in range(count):
                await kept.open(
                    user_id=str(user_id), device=f"device {number}", tenant_id=str(DEFAULT_TENANT),
                    role="user", profile="", name="N", email="",
                )  # fmt: skip
            return [one.id for one, _ in await kept.of_user(str(user_id))]

        connect.cache_clear()
        return asyncio.run(store(opened))

    def over(user_id, names):
        async def ended(kept, redis):
            holders = [revocation.Holder(name, str(user_id), time.time() - 60) for name in names]
            return await revocation.Revocations(redis).ended(holders)

        connect.cache_clear()
        return asyncio.run(store(ended))

    begin.over = over
    return begin


@pytest.fixture
def admin(person):
    return person("admin")


def status(query, user_id):
    ((found,),) = query("select status from users where id = $1", user_id)
    return found


def test_accounts_are_listed_with_their_state(run, person):
    (user_id, name), (gone, _) = person(), person(status="disabled")
    listed = run("users", "list", "--json")
    assert listed.exit_code == 0, listed.output
    rows = {row["id"]: row for row in json.loads(listed.stdout)}
    assert rows[str(user_id)]["email"] == f"{name}@hospital.example"
    assert (rows[str(user_id)]["status"], rows[str(gone)]["status"]) == ("active", "disabled")
    (line,) = [line for line in run("users", "list").stdout.splitlines() if line.startswith(str(gone))]
    assert "disabled" in line
    assert "no second factor" in line


def test_an_invitation_is_a_link_that_is_told_once(run, admin, query):
    address = f"{ids.new_id().hex}@hospital.example"
    made = run("users", "invite", "--by", admin[1], "--name", "Nora", "--email", address, "--profile", "nurse")
    assert made.exit_code == 0, made.output
    assert "#invitation=vi_" in made.stdout
    token = made.stdout.strip().partition("#invitation=")[2]
    ((row,),) = query("select invitations::text from invitations where email = $1", address)
    assert token not in row
    wrong = run("users", "invite", "--by", admin[1], "--name", "Nora", "--email", "no address")
    assert wrong.exit_code == 1
    assert "no address" not in wrong.output


def test_an_account_is_disabled_enabled_and_deprovisioned_and_released(run, admin, person, query, acts, signed_in):
    user_id, name = person()
    names = signed_in(user_id, 2)
    steps = (
        ("disable", "disabled"),
        ("enable", "active"),
        ("deprovision", "deprovisioned"),
    )
    for command, after in steps:
        done = run("users", command, "--by", admin[1], name)
        assert (done.exit_code, done.stdout) == (0, "done\n"), done.output
        assert status(query, user_id) == after
    assert signed_in.over(user_id, names) == [True, True]
    assert run("users", "enable", "--by", admin[1], name).exit_code == 1  # a tombstone stays one
    assert run("users", "release", "--by", admin[1], name).exit_code == 0
    done = ["user.disabled", "user.enabled", "user.deprovisioned", "user.released"]
    assert acts(user_id) == [(action, str(admin[0]), "operator") for action in done]


def test_factors_are_taken_away_and_who_did_it_is_on_record(run, admin, person, query, acts, signed_in):
    user_id, name = person()
    query(
        "insert into mfa_recovery_codes (user_id, tenant_id, selector, hash) values ($1, $2, 's', 'e')",
        user_id, DEFAULT_TENANT,
    )  # fmt: skip
    names = signed_in(user_id, 1)
    done = run("users", "reset-factors", "--by", f"{admin[1]}@hospital.example", name)
    assert done.exit_code == 0, done.output
    assert query("select 1 from mfa_recovery_codes where user_id = $1", user_id) == []
    assert signed_in.over(user_id, names) == [True]
    assert acts(user_id) == [("user.factors_reset", str(admin[0]), "operator")]


def test_sign_ins_are_listed_and_ended(run, admin, person, acts, signed_in):
    user_id, name = person()
    assert run("sessions", "list", name).stdout == "not signed in\n"
    names = signed_in(user_id, 2)
    listed = run("sessions", "list", name, "--json")
    assert {row["id"] for row in json.loads(listed.stdout)} == set(names)
    assert {row["device"] for row in json.loads(listed.stdout)} == {"device 0", "device 1"}
    assert acts(user_id) == []
    done = run("sessions", "end", "--by", admin[1], name)
    assert (done.exit_code, done.stdout) == (0, "signed out\n"), done.output
    assert run("sessions", "list", name).stdout == "not signed in\n"
    assert signed_in.over(user_id, names) == [True, True]
    assert acts(user_id) == [("session.ended", str(admin[0]), "operator")]


@pytest.mark.parametrize(
    ("role", "state", "sentence"),
    [
        ("user", "active", "--by must name an active administrator"),
        ("admin", "disabled", "--by must name an active administrator"),
        (None, None, "There is no such user"),
    ],
)
def test_only_an_active_administrator_answers_for_an_act(run, person, query, acts, role, state, sentence):
    user_id, name = person()
    by = person(role, state)[1] if role else "nobody-of-that-name"
    for command in (("users", "disable"), ("users", "reset-factors"), ("sessions", "end")):
        refused = run(*command, "--by", by, name)
        assert refused.exit_code == 1
        assert sentence in refused.output
    assert run("users", "disable", name).exit_code == 2  # and nobody acts namelessly
    assert status(query, user_id) == "active"
    assert acts(user_id) == []


def test_whom_it_is_about_must_be_one_person(run, admin):
    for command in (("users", "disable"), ("sessions", "end")):
        refused = run(*command, "--by", admin[1], "nobody-of-that-name")
        assert (refused.exit_code, "There is no such user" in refused.output) == (1, True)
