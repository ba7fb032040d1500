"""Each bad day ends with one sentence that says what and how to mend it, and leaves nothing half-written."""

import errno
import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from voiceassist.core.errors import SettingsError
from voiceassist.runtime.engines import binaries, preparation, secrets
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports
from voiceassist.runtime.engines.postgres import PostgresEngine
from voiceassist.runtime.engines.stack import Stack, open_stack
from voiceassist.runtime.engines.valkey import ValkeyEngine

Open = Callable[..., Stack]


def database(stack: Stack) -> PostgresEngine:
    return PostgresEngine(stack.layout, stack.secrets, stack.account)


def sentence(caught: "pytest.ExceptionInfo[EngineError]") -> str:
    """The message, after a check that it is one sentence without a secret."""
    text = caught.value.detail
    assert "\n" not in text
    assert text.endswith((".", "`."))
    return text


def created_database(opened: Open) -> Layout:
    """A cluster as a first start leaves it."""
    stack = opened()
    stack.supervisor.start([database(stack)])
    stack.stop()
    return stack.layout


@pytest.mark.parametrize("offset", [0, 4, 5, 10_008])
def test_a_taken_port_is_named_before_anything_is_written(base: int, data: Path, offset: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + offset))
        taken.listen()
        with pytest.raises(EngineError) as caught:
            open_stack(Layout(data), port_base=base, environ={}, report=print)
    text = sentence(caught)
    assert str(base + offset) in text
    assert f"(pid {os.getpid()})" in text
    assert f"--port-base {base + 1000}" in text
    assert not data.exists()


def test_little_space(opened: Open, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=900 * preparation.MIB))
    with pytest.raises(EngineError) as caught:
        opened()
    assert "900 MiB" in sentence(caught)
    assert not data.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="needs to mount")
def test_a_really_full_disk(opened: Open, data: Path) -> None:
    import subprocess

    small = data.parent / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", small]).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        with pytest.raises(EngineError) as caught:
            open_stack(Layout(small / "d"), port_base=22_100, environ={}, report=print)
        assert "free some space" in sentence(caught)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_place_that_cannot_be_written(opened: Open) -> None:
    with pytest.raises(EngineError) as caught:
        open_stack(Layout(Path("/proc/voiceassist")), port_base=22_100, environ={}, report=print)
    assert "--data" in sentence(caught)


def test_a_file_where_the_folder_should_be(opened: Open, data: Path) -> None:
    data.write_text("")
    with pytest.raises(EngineError) as caught:
        opened()
    assert "cannot be written" in sentence(caught)


@pytest.mark.skipif(os.getuid() != 0, reason="only root starts the stores as somebody else")
def test_a_folder_that_the_stores_cannot_reach(opened: Open, data: Path) -> None:
    data.parent.chmod(0o700)
    with pytest.raises(EngineError) as caught:
        opened()
    assert f"chmod o+x {data.parent}" in sentence(caught)


def test_a_data_directory_of_somebody_else(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: data.stat().st_uid + 1)
    with pytest.raises(EngineError) as caught:
        preparation.make_folders(Layout(data), Account(1, 1, switch=False))
    assert "belongs to another user" in sentence(caught)


def test_a_half_finished_first_start_is_begun_anew(opened: Open, data: Path) -> None:
    """A killed initdb leaves its part under another name; the cluster has its own name only when whole."""
    (data / ".pg.part").mkdir(parents=True)
    (data / ".pg.part" / "PG_VERSION").write_text("18\n")
    stack = opened()
    stack.supervisor.start([database(stack)])
    assert not (data / ".pg.part").exists()
    assert (data / "pg" / "global" / "pg_control").exists()


def test_initdb_that_fails_leaves_no_cluster(opened: Open, data: Path) -> None:
    stack = opened()
    engine = database(stack)
    tool = binaries.postgres(stack.layout.runtime) / "initdb"
    tool.unlink()
    tool.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
    tool.chmod(0o755)
    with pytest.raises(EngineError) as caught:
        engine.prepare()
    text = sentence(caught)
    assert "no such luck" in Path(text.partition("see ")[2].rstrip(".")).read_text()
    assert not (data / "pg").exists()
    assert not (data / ".pg.part").exists()
    assert list((data / "run" / "postgres").iterdir()) == [], "the password file is gone"


def test_a_cluster_that_is_damaged_or_of_another_version(opened: Open, data: Path) -> None:
    layout = created_database(opened)
    control = layout.postgres / "global" / "pg_control"
    whole = control.read_bytes()
    stack = opened()
    engine = database(stack)

    control.unlink()
    with pytest.raises(EngineError) as caught:
        engine.prepare()
    assert "pg_control is missing" in sentence(caught)

    control.write_bytes(b"\0" * len(whole))
    stack.account.own(control)
    with pytest.raises(EngineError) as caught:
        stack.supervisor.start([engine])
    text = sentence(caught)
    assert "stopped while starting" in text
    assert str(layout.log("postgres")) in text
    control.write_bytes(whole)

    (layout.postgres / "PG_VERSION").write_text("17\n")
    with pytest.raises(EngineError) as caught:
        engine.prepare()
    text = sentence(caught)
    assert "PostgreSQL 17" in text
    assert "pg_dumpall" in text

    (layout.postgres / "PG_VERSION").unlink()
    with pytest.raises(EngineError) as caught:
        engine.prepare()
    assert "voiceassist reset" in sentence(caught)


def test_secrets_that_are_not_those_of_the_database(opened: Open) -> None:
    layout = created_database(opened)
    other = json.loads(layout.secrets.read_bytes()) | {"postgres_admin": "another"}
    layout.secrets.write_text(json.dumps(other))
    stack = opened()
    with pytest.raises(EngineError) as caught:
        stack.supervisor.start([database(stack)])
    text = sentence(caught)
    assert "refuses the password" in text


def test_secrets_that_are_missing_damaged_or_cut_off(opened: Open) -> None:
    layout = created_database(opened)
    whole = layout.secrets.read_bytes()
    for content in (b"", whole[:-20], b"{}", b"[]"):
        layout.secrets.write_bytes(content)
        with pytest.raises(EngineError) as caught:
            opened()
        assert "is damaged" in sentence(caught)
    layout.secrets.unlink()
    with pytest.raises(EngineError) as caught:
        opened()
    assert "a database exists beside it" in sentence(caught)
    assert not layout.secrets.exists(), "new secrets beside an old database would lock it for good"


def test_an_engine_that_will_not_start_quotes_its_log(opened: Open, data: Path) -> None:
    stack = opened()
    engine = ValkeyEngine(stack.layout, stack.secrets, stack.account)
    engine.prepare()
    folder = stack.layout.valkey / "appendonlydir"
    folder.mkdir()
    (folder / "appendonly.aof.manifest").write_text("nonsense\n")
    stack.account.own(folder, folder / "appendonly.aof.manifest")
    with pytest.raises(EngineError) as caught:
        stack.supervisor.start([engine])
    assert str(stack.layout.log("valkey")) in sentence(caught)
    assert "manifest" in stack.layout.log("valkey").read_text()


def test_a_damaged_ca_is_named(opened: Open, data: Path) -> None:
    stack = opened()
    stack.stop()
    stack.layout.ca_key.write_text("nonsense")
    with pytest.raises(EngineError) as caught:
        opened()
    assert str(stack.layout.tls) in sentence(caught)


def test_an_external_engine_named_by_half(opened: Open, data: Path) -> None:
    with pytest.raises(EngineError) as caught:
        opened(VOICEASSIST_POSTGRES__DSN="postgresql://elsewhere/x")
    assert "VOICEASSIST_POSTGRES__OWNER_DSN" in sentence(caught)
    assert not data.exists()


def test_production_refuses_the_embedded_issuer(opened: Open, data: Path) -> None:
    with pytest.raises(SettingsError, match="VOICEASSIST_OIDC__EMBEDDED"):
        opened(VOICEASSIST_PROFILE="production")
    assert not data.exists()


def test_a_spelling_mistake_in_a_setting(opened: Open, data: Path) -> None:
    with pytest.raises(SettingsError):
        opened(VOICEASSIST_POSTGRESS__DSN="x")
    assert not data.exists()


def test_external_engines_replace_the_embedded_ones_one_by_one(opened: Open) -> None:
    stack = opened(VOICEASSIST_REDIS__URL="redis://cache.example:6379")
    assert "valkey" not in {engine.name for engine in stack.stores}
    assert stack.settings_environment["VOICEASSIST_REDIS__URL"] == "redis://cache.example:6379"
    assert stack.settings_environment["VOICEASSIST_POSTGRES__DSN"].startswith("postgresql://va_app:")


def test_a_long_path_keeps_its_sockets_short(data: Path) -> None:
    layout = Layout(data / ("x" * 60))
    assert len(str(layout.run / "postgres" / ".s.PGSQL.5432.lock")) < 104
    assert layout.run.parent == Path("/tmp")


def test_a_sockets_folder_that_somebody_prepared_for_us_is_refused(data: Path, tmp_path: Path) -> None:
    layout = Layout(data / ("x" * 60))
    layout.run.symlink_to(tmp_path)
    try:
        with pytest.raises(EngineError) as caught:
            open_stack(layout, port_base=22_100, environ={}, report=print)
        assert "belongs to somebody else" in sentence(caught)
    finally:
        layout.run.unlink()


def test_ports_out_of_range() -> None:
    for base in (80, 60_000):
        with pytest.raises(EngineError):
            Ports(base)


def test_an_older_secrets_file_is_completed_and_keeps_what_it_has(opened: Open) -> None:
    before = opened()
    before.stop()
    older = json.loads(before.layout.secrets.read_bytes())
    del older["cli_api_key"]
    before.layout.secrets.write_text(json.dumps(older))
    after = opened()
    assert after.secrets.cli_api_key.startswith("va_")
    assert after.secrets.kek == before.secrets.kek


def test_a_disk_that_fills_up_during_the_first_start(opened: Open, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stack = opened()
    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(EngineError) as caught:
        stack.supervisor.start([database(stack)])
    assert "The disk is full" in sentence(caught)
    monkeypatch.undo()
    stack.supervisor.start([database(stack)])
    assert stack.supervisor.running[0].phase == "ready", "the next start is not hindered by the torn one"


def test_secrets_are_private_and_never_printed(opened: Open) -> None:
    stack = opened()
    assert stack.layout.secrets.stat().st_mode & 0o777 == 0o600
    assert stack.secrets.kek not in repr(stack)
    assert secrets.read(stack.layout) == stack.secrets
