"""The command line: help, and the commands around a stack that runs, does not run, or never did."""

import datetime as dt
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from voiceassist.cli import status
from voiceassist.cli.main import COMMANDS, group
from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime.engines import certificates, preparation, secrets, state
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.stack import Stack
from voiceassist.runtime.engines.supervisor import own_record


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("VOICEASSIST_")]:
        monkeypatch.delenv(name)


def call(*arguments: str, answer: str | None = None) -> Result:
    """As main() runs it: a foreseen failure is a sentence on standard error and exit code 1."""
    result = CliRunner().invoke(group, list(arguments), input=answer)
    if isinstance(result.exception, VoiceAssistError):
        result.exit_code = 1
        result.stderr_bytes = result.exception.detail.encode()
    return result


def program(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "voiceassist.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "installation")


@pytest.fixture
def installed(layout: Layout) -> Layout:
    """An installation that is not running: secrets and certificates, no engines."""
    layout.data.mkdir()
    secrets.read_or_create(layout)
    certificates.ensure(layout, now=dt.datetime.now(dt.UTC))
    return layout


def test_help_is_fast_and_complete() -> None:
    began = time.monotonic()
    result = program("--help")
    assert result.returncode == 0
    assert time.monotonic() - began < 3, "a loaded machine; about 0.1 s on an idle one"
    for name in ("up", "down", "status", "doctor", "reset", "certs"):
        assert name in result.stdout


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys; from voiceassist.cli.main import group; group(['--help'], standalone_mode=False);"
        "heavy = {'sqlalchemy', 'asyncpg', 'httpx', 'boto3', 'redis', 'cryptography', 'fastapi', 'numpy', 'msgspec'};"
        "sys.exit(', '.join(heavy & sys.modules.keys()) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", [name for name in COMMANDS if group.get_command(None, name)])
def test_each_command_explains_itself(name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


def test_an_unknown_command_is_a_usage_error() -> None:
    assert call("fly").exit_code == 2


def test_nothing_has_ever_been_started(layout: Layout) -> None:
    data = str(layout.data)
    assert call("status", "--data", data).exit_code == 1
    report = json.loads(call("status", "--data", data, "--json").output)
    assert (report["running"], report["processes"]) == (False, [])
    down = call("down", "--data", data)
    assert (down.exit_code, down.output) == (0, f"nothing runs in {data}\n")
    assert "nothing to do" in call("reset", "--data", data, "--yes").output
    assert call("certs", "show", "--data", data).exit_code == 1
    assert call("migrate", "--data", data).exit_code == 1
    assert not layout.data.exists()


def test_doctor_of_a_stopped_installation_says_how_to_mend(installed: Layout) -> None:
    result = call("doctor", "--data", str(installed.data), "--json")
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert [engine["name"] for engine in report["engines"]] == ["postgres", "valkey", "qdrant", "seaweedfs"]
    for engine in report["engines"]:
        assert engine["mode"] == "embedded"
        assert engine["wrong"] == "it does not answer"
        assert "voiceassist up" in engine["mend"]
        assert engine["round_trip_ms"] is None
    assert {check["name"] for check in report["machine"]} >= {"python", "node", "make", "disk", "memory", "certificate"}
    assert "WRONG" in call("doctor", "--data", str(installed.data)).output


@pytest.mark.req("P1.9")
def test_doctor_of_running_stores(engines: Stack) -> None:
    report = json.loads(call("doctor", "--connect", "--json", "--data", str(engines.layout.data)).output)
    for engine in report["engines"]:
        assert engine["ok"], engine
        assert engine["version"]
        assert 0 < engine["round_trip_ms"] < 2000
    assert "pgvector" in report["engines"][0]["version"]
    secret = engines.secrets
    assert not {secret.postgres_app, secret.valkey, secret.qdrant_api_key} & set(json.dumps(report).split('"'))


def test_doctor_tells_an_external_engine_and_what_is_wrong_with_it(
    engines: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = engines.settings_environment
    wrong = own["VOICEASSIST_REDIS__URL"].replace(engines.secrets.valkey, "wrong")
    monkeypatch.setenv("VOICEASSIST_REDIS__URL", wrong)
    monkeypatch.setenv(
        "VOICEASSIST_POSTGRES__DSN", own["VOICEASSIST_POSTGRES__DSN"].replace("/voiceassist?", "/absent?")
    )
    monkeypatch.setenv("VOICEASSIST_POSTGRES__OWNER_DSN", own["VOICEASSIST_POSTGRES__OWNER_DSN"])
    monkeypatch.setenv("VOICEASSIST_S3__ENDPOINT", own["VOICEASSIST_S3__ENDPOINT"])
    monkeypatch.setenv("VOICEASSIST_S3__ACCESS_KEY", own["VOICEASSIST_S3__ACCESS_KEY"])
    monkeypatch.setenv("VOICEASSIST_S3__SECRET_KEY", own["VOICEASSIST_S3__SECRET_KEY"])
    monkeypatch.setenv("VOICEASSIST_S3__BUCKET", "absent-bucket")
    monkeypatch.setenv("VOICEASSIST_QDRANT__URL", own["VOICEASSIST_QDRANT__URL"])
    monkeypatch.setenv("VOICEASSIST_QDRANT__API_KEY", "wrong")
    result = call("doctor", "--connect", "--json", "--data", str(engines.layout.data))
    assert result.exit_code == 1
    found = {engine["name"]: engine for engine in json.loads(result.output)["engines"]}
    assert {engine["mode"] for engine in found.values()} == {"external"}
    assert found["valkey"]["wrong"] == found["qdrant"]["wrong"] == "it refuses our credentials"
    assert found["postgres"]["wrong"] == "the database does not exist"
    assert "absent-bucket" in found["seaweedfs"]["wrong"]
    assert all(engine["mend"] for engine in found.values())


def test_status_of_a_running_supervisor(engines: Stack) -> None:
    result = call("status", "--json", "--data", str(engines.layout.data))
    report = json.loads(result.output)
    assert report["running"]
    assert {process["name"] for process in report["processes"]} == {"postgres", "valkey", "vectord", "seaweedfs"}
    for process in report["processes"]:
        assert process["phase"] == "ready"
        assert process["pid"] > 0
        assert process["rss_mib"] > 0
    assert "postgres" in call("status", "--data", str(engines.layout.data)).output


def test_reset_asks_first_and_wipes_only_what_is_ours(installed: Layout) -> None:
    (installed.data / "notes.txt").write_text("mine")
    data = str(installed.data)
    refused = call("reset", "--data", data, answer="n\n")
    assert refused.exit_code == 1
    assert "nothing was deleted" in refused.output
    assert installed.secrets.exists()
    assert call("reset", "--data", data, answer="y\n").exit_code == 0
    assert [path.name for path in installed.data.iterdir()] == ["notes.txt"]


def test_reset_of_everything_removes_the_folder(installed: Layout) -> None:
    assert call("reset", "--data", str(installed.data), "--yes").exit_code == 0
    assert not installed.data.exists()


def test_reset_refuses_while_it_runs(engines: Stack) -> None:
    result = call("reset", "--yes", "--data", str(engines.layout.data))
    assert result.exit_code == 1
    assert "voiceassist down" in result.stderr
    assert engines.layout.secrets.exists()


@pytest.mark.req("P2.13")
def test_certificates_are_shown_renewed_and_replaced(installed: Layout, tmp_path: Path) -> None:
    data = str(installed.data)
    assert str(installed.ca) in call("certs", "show", "--data", data).output
    before, ca = installed.certificate.read_bytes(), installed.ca.read_bytes()
    assert call("certs", "renew", "--data", data).exit_code == 0
    assert installed.certificate.read_bytes() != before
    assert installed.ca.read_bytes() == ca

    other = Layout(tmp_path / "other")
    other.data.mkdir()
    certificates.ensure(other, now=dt.datetime.now(dt.UTC))
    assert call("certs", "import", "--data", data, str(other.ca), str(other.ca_key)).exit_code == 0
    assert installed.ca.read_bytes() == other.ca.read_bytes()
    assert certificates.leaf_usable(installed, now=dt.datetime.now(dt.UTC))


@pytest.mark.parametrize("which", ["leaf", "foreign key", "nonsense"])
def test_an_import_that_cannot_work_changes_nothing(installed: Layout, tmp_path: Path, which: str) -> None:
    other = Layout(tmp_path / "other")
    other.data.mkdir()
    certificates.ensure(other, now=dt.datetime.now(dt.UTC))
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    pairs = {
        "leaf": (other.certificate, other.certificate_key),
        "foreign key": (other.ca, installed.ca_key),
        "nonsense": (nonsense, nonsense),
    }
    before = installed.ca.read_bytes()
    result = call("certs", "import", "--data", str(installed.data), *map(str, pairs[which]))
    assert result.exit_code == 1
    assert installed.ca.read_bytes() == before


def test_down_says_so_when_an_unknown_process_holds_the_lock(installed: Layout) -> None:
    lock = preparation.take_lock(installed)
    assert lock is not None
    try:
        result = call("down", "--data", str(installed.data))
        assert result.exit_code == 1
        assert "by hand" in result.stderr
    finally:
        lock.release()


def test_failures_go_to_standard_error_in_one_line(layout: Layout) -> None:
    result = program("certs", "show", "--data", str(layout.data))
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("error: ")


@pytest.fixture
def stale(installed: Layout) -> Layout:
    """A state that a supervisor of this very pid left, with another birth."""
    record = own_record()
    gone = type(record)(record.pid, "another-boot:1")
    state.write(installed, state.State(gone, 8443, "https://localhost:8443", ready=True))
    return installed


def test_a_stale_state_is_not_a_running_one(stale: Layout) -> None:
    assert json.loads(call("status", "--json", "--data", str(stale.data)).output)["running"] is False
    assert "nothing runs" in call("down", "--data", str(stale.data)).output


def test_status_counts_the_processes_of_each_room() -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    entries = [{"name": "broker", "pid": None}, {"name": "host", "pid": os.getpid()}]
    environ = os.environ | {"FUNCTION_TARGET": "calculators"}
    children = [subprocess.Popen(sleep, env=environ) for _ in range(2)]
    children.append(subprocess.Popen(sleep, env=os.environ | {"FUNCTION_TARGET": "oncall"}))
    children.append(subprocess.Popen(sleep, env=environ | {"FUNCTION_TARGET": ""}))
    try:
        deadline = time.monotonic() + 10
        while sum(room["instances"] for room in status.rooms(entries).values()) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)  # between fork and exec a child still has our own environment
        found = status.rooms(entries)
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert set(found["calculators"]["pids"]) == {child.pid for child in children[:2]}
    assert (found["calculators"]["instances"], found["oncall"]["instances"]) == (2, 1)
    assert found["retrieval"] == {"instances": 0, "pids": []}
    assert sum(room["instances"] for room in status.rooms(entries[:1]).values()) == 0
