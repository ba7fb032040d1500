"""Rotation while everything is read and written, what older releases sealed, and keys that are destroyed."""

import asyncio
import json
import os
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from functions.auth import store as factors
from functions.subscriptions import store as hooks
from voiceassist.adapters import crypto
from voiceassist.adapters.encryption.keyring import Keyring
from voiceassist.adapters.encryption.keys import version_of
from voiceassist.adapters.kms.keyfile import KeyFile
from voiceassist.adapters.objects import ObjectStore
from voiceassist.core.errors import ErasedError
from voiceassist.core.identity import Principal, service
from voiceassist.core.ids import new_id
from voiceassist.runtime.resealing import Objects, Sealed
from voiceassist.runtime.vault import Vault, object_key

pytestmark = pytest.mark.req("P11.2")

KEK = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
LIFETIME = 0.3


class Recorder:
    def __init__(self):
        self.acts = []

    async def record(self, act, _connection=None):
        self.acts.append(act)


@pytest.fixture
def objects(settings):
    s3 = settings.s3
    return ObjectStore(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, s3.region, settings.ca_file)


@pytest.fixture
def process(database, kms):
    """Keyrings with a real clock, as processes of today have them beside values of older releases."""
    return lambda: Keyring(database, lambda: kms, derived_from=KEK, lifetime=LIFETIME)


@pytest.fixture
def sealed(database, objects, process):
    async def wanted(_tenant, object_id):
        return object_id not in gone

    gone = set()
    made = Sealed(database, objects, process(), (*factors.SEALED, *hooks.SEALED), (Objects("files", wanted),))
    return SimpleNamespace(all=made, gone=gone)


@pytest.fixture
async def people(database, tenant):
    """Twelve users of the tenant, without second factors."""
    ids = [new_id() for _ in range(12)]
    async with database.transaction(service("test", tenant)) as connection:
        for user in ids:
            await connection.execute(
                text("insert into users (id, tenant_id, iss, sub, role) values (:id, :tenant, 'i', :sub, 'user')"),
                {"id": user, "tenant": tenant, "sub": str(user)},
            )
    return ids


async def write(database, tenant, user, sealed):
    async with database.transaction(service("test", tenant)) as connection:
        await connection.execute(
            text(
                "insert into mfa_totp (user_id, tenant_id, secret) values (:user, :tenant, :secret)"
                " on conflict (user_id) do update set secret = excluded.secret"
            ),
            {"user": user, "tenant": tenant, "secret": sealed},
        )


async def read(database, tenant, user):
    async with database.transaction(service("test", tenant)) as connection:
        row = await connection.execute(text("select secret from mfa_totp where user_id = :user"), {"user": user})
        return bytes(row.scalar_one())


async def test_keys_are_rotated_rewrapped_and_values_sealed_again_while_they_are_read_and_written(
    database, tenant, people, process, sealed, kms
):
    processes, faults, turns, stop = [process() for _ in range(3)], [], [0], asyncio.Event()

    async def busy(number, user):
        ring, told = processes[number % 3], ""
        while not stop.is_set():
            keys = await ring.of(tenant)
            if told:
                found = factors.SECRET.open(keys, user, await read(database, tenant, user))
                faults.extend([] if found == told else [(user, told, found)])
            told = f"{number}/{turns[0]}"
            await write(database, tenant, user, factors.SECRET.seal(await ring.of(tenant), user, told))
            turns[0] += 1
            await asyncio.sleep(0)

    traffic = [asyncio.create_task(busy(number, user)) for number, user in enumerate(people)]
    try:
        while turns[0] < len(people):
            await asyncio.sleep(0.01)
        for _ in range(2):
            before = kms.current()
            kms.rotate()
            assert await sealed.all.keyring.rewrap(tenant) >= 2
            kms.forget(before)
            newest = await sealed.all.keyring.rotate(tenant)
            await asyncio.sleep(3 * LIFETIME)
            await sealed.all.reseal(tenant)
        assert turns[0] > 3 * len(people)
        assert not [task for task in traffic if task.done()], [task.exception() for task in traffic if task.done()]
    finally:
        stop.set()
        await asyncio.gather(*traffic)
    await sealed.all.reseal(tenant)
    assert faults == []
    assert newest == 3
    assert await sealed.all.counts(tenant) == {"mfa_totp.secret": {3: len(people)}}


async def test_what_older_releases_sealed_opens_and_is_brought_over(database, tenant, people, process, sealed, objects):
    def derived(purpose):
        return crypto.Box(crypto.tenant_key(KEK, tenant, purpose))

    for user in people:
        before = derived("mfa").seal(f"secret of {user}".encode(), place=f"mfa_totp|secret|{user}")
        await write(database, tenant, user, before)
    file_id, data = new_id(), os.urandom(2 * crypto.FRAME_BYTES + 77)
    frames = crypto.seal_frames([data], box=derived("files"), place=f"files|{file_id}")
    await asyncio.to_thread(objects.put_parts, object_key(tenant, file_id), frames)
    vault = Vault(objects)

    async def all_open():
        keys = await process().of(tenant)
        for user in people:
            assert factors.SECRET.open(keys, user, await read(database, tenant, user)) == f"secret of {user}"
        assert b"".join(vault.fetch(keys, file_id)) == data

    await all_open()
    assert await sealed.all.counts(tenant) == {"mfa_totp.secret": {0: 12}, "objects files": {0: 1}}
    assert await sealed.all.reseal(tenant) == 13
    assert await sealed.all.counts(tenant) == {"mfa_totp.secret": {1: 12}, "objects files": {1: 1}}
    await all_open()
    assert await sealed.all.reseal(tenant) == 0
    without = Keyring(database, sealed.all.keyring._kms, lifetime=LIFETIME)
    keys = await without.of(tenant)
    assert factors.SECRET.open(keys, people[0], await read(database, tenant, people[0]))


async def test_an_object_with_a_name_that_none_of_ours_has_holds_up_nothing(tenant, process, sealed, objects):
    vault, file_id = Vault(objects), new_id()
    keys = await process().of(tenant)
    objects.put(object_key(tenant, "a-name"), b"whatever")
    vault.store(keys, file_id, [b"text"])
    await sealed.all.keyring.rotate(tenant, at_once=True)
    assert await sealed.all.reseal(tenant) == 1
    assert objects.get(object_key(tenant, "a-name")) == b"whatever"


async def test_a_file_deleted_while_it_is_sealed_again_does_not_come_back(tenant, process, sealed, objects):
    vault, file_id = Vault(objects), new_id()
    keys = await process().of(tenant)
    vault.store(keys, file_id, [b"text"])
    await sealed.all.keyring.rotate(tenant, at_once=True)
    sealed.gone.add(file_id)
    await sealed.all.reseal(tenant)
    assert objects.names(f"files/{tenant}/") == []


async def test_a_value_that_does_not_open_holds_nobody_up(database, tenant, people, process, sealed):
    keys = await process().of(tenant)
    for user in people:
        await write(database, tenant, user, factors.SECRET.seal(keys, user, "secret"))
    await write(database, tenant, people[5], factors.SECRET.seal(keys, people[6], "moved"))
    await sealed.all.keyring.rotate(tenant, at_once=True)
    assert await sealed.all.reseal(tenant) == 11
    assert await sealed.all.counts(tenant) == {"mfa_totp.secret": {1: 1, 2: 11}}


async def test_nothing_of_an_erased_tenant_opens_again_though_the_kek_is_there(
    database, tenant, tenants, people, process, sealed, objects, tmp_path
):
    other = await tenants()
    vault, file_id, auditor = Vault(objects), new_id(), Recorder()
    keys = await process().of(tenant)
    await write(database, tenant, people[0], factors.SECRET.seal(keys, people[0], "sealed"))
    derived = crypto.Box(crypto.tenant_key(KEK, tenant, "mfa"))
    before = derived.seal(b"sealed before", place=f"mfa_totp|secret|{people[1]}")
    await write(database, tenant, people[1], before)
    vault.store(keys, file_id, [b"a file"])
    neighbour = (await process().of(other)).seal(b"other", place="p")
    kek = (tmp_path / "kek.json").read_bytes()

    by = Principal("privacy officer", tenant, "service")
    certificate = await sealed.all.erase(tenant, by=by, reason="end of contract", auditor=auditor)

    assert (tmp_path / "kek.json").read_bytes() == kek, "the key-encryption key is the same"
    left = [await read(database, tenant, user) for user in people[:2]]
    data = objects.get(object_key(tenant, file_id))
    assert all(version_of(value) == 1 for value in (*left, data)), "nothing is left whose key follows from the KEK"
    after = process()
    with pytest.raises(ErasedError) as told:
        await after.of(tenant)
    assert (told.value.status, told.value.code) == (410, "ERASED")
    await asyncio.sleep(LIFETIME)
    with pytest.raises(ErasedError):
        await sealed.all.keyring.of(tenant)
    async with database.transaction(service("test", tenant)) as connection:
        rows = (await connection.execute(text("select purpose, wrapped, state from data_keys order by 1"))).all()
        kept = (await connection.execute(text("select certificate from key_erasures"))).scalars().all()
    assert [tuple(row) for row in rows] == [("index", None, "destroyed"), ("seal", None, "destroyed")]
    assert kept == [certificate]
    assert [(key["purpose"], key["version"]) for key in certificate["keys"]] == [("index", 1), ("seal", 1)]
    assert (certificate["by"], certificate["reason"]) == ("privacy officer", "end of contract")
    assert [(act.action, act.outcome) for act in auditor.acts] == [("tenant.erased", "success")]
    assert (await after.of(other)).unseal(neighbour, place="p") == b"other"
    with pytest.raises(ErasedError):
        await sealed.all.erase(tenant, by=by, reason="again", auditor=auditor)


async def test_a_copy_of_a_wrapped_key_in_a_backup_opens_nothing_once_its_kek_is_forgotten(
    database, tenant, process, sealed, kms
):
    await process().of(tenant)
    backup = [key for key in await sealed.all.keyring.keys(tenant) if key.wrapped]
    assert kms.unwrap(backup[0].wrapped, backup[0].context), "which is why a backup of the table is not enough to erase"
    by = Principal("operator", tenant, "service")
    await sealed.all.erase(tenant, by=by, reason="x", auditor=Recorder())
    old = kms.current()
    kms.rotate()
    kms.forget(old)
    with pytest.raises(crypto.VoiceAssistError, match="not in the key file"):
        kms.unwrap(backup[0].wrapped, backup[0].context)


class TestCommand:
    @pytest.fixture
    def told(self, engines):
        from click.testing import CliRunner

        from voiceassist.cli.encryption import command

        def run(*arguments, code=0):
            result = CliRunner().invoke(command, [*arguments, "--data", str(engines.layout.data)])
            assert result.exit_code == code, (result.output, result.exception)
            return result.output

        return run

    def test_the_keys_of_a_running_installation_are_rotated(self, told, engines, settings):
        before = KeyFile(engines.layout.kek, lambda: engines.secrets.kms_passphrase).current()
        assert "wraps from now on" in told("rotate-kek")
        told("rotate")
        told("reencrypt")
        assert told("rewrap").startswith("0 ")
        rows = json.loads(told("status", "--json"))
        keks = {key["kek"] for row in rows for key in row["keys"]} - {None}
        assert before not in keks
        assert "is gone" in told("forget-kek", before)
        secrets = (engines.secrets.kms_passphrase, engines.secrets.kek)
        assert not any(secret in told("status") for secret in secrets)

    async def test_each_is_on_the_record_of_each_organisation(self, engines, database, tenant):
        import asyncio

        def told(*arguments):
            from click.testing import CliRunner

            from voiceassist.cli.encryption import command

            done = CliRunner().invoke(command, [*arguments, "--data", str(engines.layout.data)])
            assert done.exit_code == 0, (done.output, done.exception)

        before = KeyFile(engines.layout.kek, lambda: engines.secrets.kms_passphrase).current()
        for arguments in (
            ("rotate", "--tenant", str(tenant)), ("reencrypt", "--tenant", str(tenant)), ("rotate-kek",), ("rewrap",),
            ("forget-kek", before),
        ):  # fmt: skip
            await asyncio.to_thread(told, *arguments)
        async with database.transaction(service("test", tenant)) as connection:
            rows = await connection.execute(text("select body from audit_entries order by at"))
            entries = [json.loads(body) for (body,) in rows]
        assert [one["action"] for one in entries] == [
            "key.rotated", "value.resealed", "kek.rotated", "key.rewrapped", "kek.forgotten",
        ]  # fmt: skip
        assert all(one["objects"] == [f"tenant:{tenant}"] for one in entries)
        assert all(one["by"]["sub"].startswith("operator ") for one in entries)

    def test_a_key_in_use_is_not_forgotten(self, told, engines):
        current = KeyFile(engines.layout.kek, lambda: engines.secrets.kms_passphrase).current()
        told("forget-kek", current, code=1)

    def test_an_erasure_is_asked_about(self, told):
        told("erase", str(new_id()), "--by", "me", "--reason", "none", code=1)

    def test_a_key_file_is_made_from_a_passphrase_in_a_file(self, tmp_path):
        from click.testing import CliRunner

        from voiceassist.cli.encryption import command

        (tmp_path / "passphrase").write_text("a passphrase of an operator\n")
        options = ["create-file", str(tmp_path / "kek.json"), "--passphrase-file", str(tmp_path / "passphrase")]
        assert CliRunner().invoke(command, options).exit_code == 0
        assert KeyFile(tmp_path / "kek.json", lambda: "a passphrase of an operator").current()
        assert CliRunner().invoke(command, options).exit_code == 1, "one that is there is not replaced"
        assert "passphrase of an operator" not in (tmp_path / "kek.json").read_text()
