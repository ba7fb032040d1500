"""`voiceassist events` against a real broker, in an installation of which nothing else runs."""

import contextlib
import datetime as dt
import getpass
import http.server
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import httpx
import pytest
import yaml
from click.testing import CliRunner

from events.envelope import CloudEvent, encode_binary
from voiceassist.cli.main import group
from voiceassist.core.errors import VoiceAssistError
from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads
from voiceassist.runtime.engines import secrets, state
from voiceassist.runtime.engines.environment import child_environment
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import Ports
from voiceassist.runtime.engines.supervisor import own_record

SECRET_WORDS = "Zebulon Quackenbush"
WIRING = yaml.safe_dump_all(
    [
        {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "metadata": {"name": "default"}},
        {
            "apiVersion": "eventing.knative.dev/v1",
            "kind": "Trigger",
            "metadata": {"name": "all"},
            "spec": {
                "broker": "default",
                "subscriber": {"ref": {"kind": "Service", "name": "room"}},
                "delivery": {"retry": 1, "backoffPolicy": "linear", "backoffDelay": "PT0.01S"},
            },
        },
        {
            "apiVersion": "eventing.knative.dev/v1",
            "kind": "Trigger",
            "metadata": {"name": "waits"},
            "spec": {"broker": "elsewhere", "subscriber": {"ref": {"kind": "Service", "name": "room"}}},
        },
    ]
)


def free_base():
    """Four ports in a row that are free now, drawn by lot: gateway, rooms, broker, realtime."""
    for base in random.sample(range(23_000, 29_000, 20), 300):
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for port in range(base, base + 4):
                probes.enter_context(socket.create_server(("127.0.0.1", port)))
            return base
    pytest.fail("no free range of ports")


class Rooms(http.server.ThreadingHTTPServer):
    """All rooms: `answers[event id]` are the statuses to come, then 204."""

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Answering)
        self.answers, self.heard = {}, []


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Rooms

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        name = self.headers["ce-id"]
        self.server.heard.append(name)
        to_come = self.server.answers.get(name, [])
        self.send_response(to_come.pop(0) if to_come else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        """Nothing."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """Secrets, a state as the supervisor writes it, the rooms and a broker."""
    layout = Layout(tmp_path_factory.mktemp("events") / "installation")
    layout.data.mkdir()
    own = secrets.read_or_create(layout)
    ports = Ports(free_base())
    state.write(layout, state.State(own_record(), ports.base, f"https://localhost:{ports.gateway}", ready=True))
    wiring = layout.data / "knative"
    wiring.mkdir()
    (wiring / "wiring.yaml").write_text(WIRING)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VOICEASSIST_")}
    environ = child_environment(layout, own, ports, environ=clean)
    rooms = Rooms(ports.rooms)
    threading.Thread(target=rooms.serve_forever, daemon=True).start()
    broker = subprocess.Popen(
        [sys.executable, "-m", "events.broker"],
        # Without an audit, whose database this installation lacks.
        env=environ | {"VOICEASSIST_BROKER__WIRING_DIR": str(wiring), "VOICEASSIST_AUDIT__KEY": ""},
        stderr=subprocess.DEVNULL,
    )
    known = workloads.derived(own.internal_secret)
    token = tokens.mint(service("operator"), issuer="operator", audience="broker", workload=known)
    client = httpx.Client(trust_env=False, headers={"authorization": f"Bearer {token}"}, timeout=20)
    made = SimpleNamespace(layout=layout, rooms=rooms, wiring=wiring, client=client)
    made.url = f"http://127.0.0.1:{ports.broker}"
    until(lambda: ready(made))
    yield made
    broker.terminate()
    assert broker.wait(20) == 0
    rooms.shutdown()
    client.close()


def ready(made):
    try:
        return made.client.get(f"{made.url}/ready").status_code == 200
    except httpx.TransportError:
        return False


def until(condition, within=20.0):
    end = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)
    return found


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch):
    for name in [name for name in os.environ if name.startswith("VOICEASSIST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(installation):
    def call(*arguments, data=None):
        result = CliRunner().invoke(group, ["events", *arguments, "--data", str(data or installation.layout.data)])
        if isinstance(result.exception, VoiceAssistError):
            result.stderr_bytes = result.exception.detail.encode()
        return result

    return call


@pytest.fixture
def say(installation):
    """Publish, and wait until no delivery is under way."""

    def publish(*names, kind="com.example.done.v1"):
        for name in names:
            data = json.dumps({"x": SECRET_WORDS}).encode()
            said = CloudEvent(id=name, source="/tests", type=kind, data=data, datacontenttype="application/json")
            headers, body = encode_binary(said)
            answer = installation.client.post(f"{installation.url}/voiceassist/default", headers=headers, content=body)
            assert answer.status_code == 202, answer.text
        until(lambda: not waiting(installation))

    return publish


def waiting(installation):
    with contextlib.closing(sqlite3.connect(installation.layout.broker_database)) as connection:
        return connection.execute("select 1 from deliveries where state = 0 limit 1").fetchall()


def shown(result):
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def test_events_are_listed_and_their_data_is_not(run, say):
    say("list-1", "list-2", kind="com.example.listed.v1")
    result = run("list", "--type", "com.example.listed.v1")
    assert result.exit_code == 0, result.stderr
    assert [line.split()[-1] for line in result.stdout.splitlines()] == ["list-2", "list-1"]
    found = shown(run("list", "--json", "--type", "com.example.listed.v1", "--limit", "1"))
    assert ([item["id"] for item in found["items"]], found["items"][0]["source"]) == (["list-2"], "/tests")
    following = run("list", "--type", "com.example.listed.v1", "--limit", "1")
    assert f"more: --cursor {found['next_cursor']}" in following.stderr
    last = shown(run("list", "--json", "--type", "com.example.listed.v1", "--cursor", found["next_cursor"]))
    assert [item["id"] for item in last["items"]] == ["list-1"]
    assert [item["id"] for item in shown(run("list", "--json", "--id", "list-1"))["items"]] == ["list-1"]
    assert run("list", "--source", "/nowhere").stdout == "nothing found\n"
    now = dt.datetime.now(dt.UTC)
    assert run("list", "--after", (now + dt.timedelta(hours=1)).isoformat()).stdout == "nothing found\n"
    assert "list-1" in run("list", "--before", (now + dt.timedelta(hours=1)).isoformat(), "--limit", "200").stdout
    assert SECRET_WORDS not in run("list", "--json", "--limit", "200").output


def test_deliveries_tell_how_they_ended(run, say, installation):
    installation.rooms.answers["told"] = [503]
    say("told")
    (found,) = shown(run("list", "--json", "--id", "told"))["items"]
    (delivery,) = shown(run("deliveries", "--json", "--event", str(found["cursor"])))["items"]
    assert (delivery["state"], delivery["attempts"], delivery["status"]) == ("delivered", 2, 204)
    assert [one["status"] for one in delivery["failed_attempts"]] == [503]
    line = run("deliveries", "--event", str(found["cursor"])).stdout
    assert line == "voiceassist/all  delivered after 2 (204)  com.example.done.v1  told\n"
    only = run("deliveries", "--trigger", "voiceassist/all", "--state", "waiting")
    assert only.stdout == "nothing found\n"


def test_dead_letters_are_seen_tried_out_and_sent_again(run, say, installation):
    installation.rooms.answers |= {"dead-1": [422], "dead-2": [503, 503]}
    say("dead-1", "dead-2")
    lines = run("dead-letters", "--trigger", "voiceassist/all").stdout.splitlines()
    assert [line.split()[-1] for line in lines] == ["dead-2", "dead-1"]
    assert ["dead after 2 (503)" in lines[0], "dead after 1 (422)" in lines[1]] == [True, True]
    heard = len(installation.rooms.heard)

    dry = run("replay", "--dead-letters", "--trigger", "voiceassist/all", "--dry-run")
    assert dry.stdout.startswith("2 would be sent again (2 matched); record ")
    assert len(installation.rooms.heard) == heard

    capped = run("replay", "--dead-letters", "--limit", "1")
    assert capped.stdout.startswith("1 sent again (2 matched, capped); record ")
    rest = shown(run("replay", "--dead-letters", "--json"))
    assert (rest["matched"], rest["replayed"], rest["events"]) == (1, 1, ["dead-2"])
    until(lambda: installation.rooms.heard[heard:] == ["dead-1", "dead-2"])
    until(lambda: not waiting(installation))
    assert f"sent again by {rest['id']}" in run("dead-letters").stdout

    records = shown(run("replays", "--json"))["items"]
    assert [(one["replayed"], one["matched"], one["dry_run"]) for one in records] == [
        (1, 1, False),
        (1, 2, False),
        (0, 2, True),
    ]
    assert {one["subject"] for one in records} == {f"operator {getpass.getuser()}"}
    assert " replay: 1 of 2\n" in run("replays").stdout
    assert " replay: 0 of 2 (dry run)\n" in run("replays").stdout


def test_dead_letters_are_given_up_after_a_question(run, say, installation):
    installation.rooms.answers |= {"lost-1": [422], "lost-2": [422]}
    say("lost-1", "lost-2")
    until(lambda: not waiting(installation))
    assert run("discard", "lost-1", "lost-2", "--dry-run").stdout.startswith("2 would be given up (2 matched)")
    asked = run("discard", "lost-1")  # nobody answers
    assert (asked.exit_code, "cannot be sent again" in asked.output) == (1, True)
    assert run("discard", "lost-1", "--yes").stdout.startswith("1 given up (1 matched); record ")
    assert shown(run("discard", "--trigger", "voiceassist/all", "--yes", "--json"))["events"] == ["lost-2"]
    assert shown(run("replay", "--dead-letters", "--dry-run", "--json"))["matched"] == 0
    assert " discard: 1 of 1\n" in run("replays").stdout


def test_events_named_are_sent_again(run, say, installation):
    say("again-1", "again-2")
    heard = len(installation.rooms.heard)
    assert run("replay", "again-1", "again-2", "--trigger", "voiceassist/all").stdout.startswith("2 sent again")
    until(lambda: sorted(installation.rooms.heard[heard:]) == ["again-1", "again-2"])


def test_triggers_tell_who_is_ready_and_what_is_wrong_in_the_wiring(run, installation):
    lines = run("triggers").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["voiceassist/all", "ready"],
        ["voiceassist/waits", "BrokerNotFound"],
    ]
    (installation.wiring / "broken.yaml").write_text("kind: [")
    until(lambda: run("triggers").stderr)
    assert run("triggers").stderr == "not in force: broken.yaml: The wiring file broken.yaml is not valid YAML.\n"
    (installation.wiring / "broken.yaml").unlink()
    until(lambda: not run("triggers").stderr)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("replay",), "Choose what to send again: ids, type, source, times, a Trigger or the dead letters."),
        (("replay", "--dry-run"), "Choose what to send again"),
        (("replay", "x", "--trigger", "voiceassist/none"), "The request has a wrong field. (/trigger)"),
        (("replay", "--after", "yesterday"), "The request has a wrong field. (/after)"),
        (("list", "--after", "2026-01-01T00:00:00"), "The request has a wrong field. (/after)"),
        (("list", "--cursor", "x"), "The request has a wrong field. (/cursor)"),
        (("deliveries", "--event", "x"), "The request has a wrong field. (/event)"),
    ],
)
def test_a_refusal_is_the_brokers_own_sentence(run, arguments, sentence):
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {sentence}")
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments", [("list", "--limit", "0"), ("deliveries", "--state", "lost"), ("replay", "x", "--limit", "10001")]
)
def test_what_no_broker_would_take_is_a_usage_error(run, arguments):
    assert run(*arguments).exit_code == 2


def test_a_broker_that_is_not_there_is_one_sentence(run, installation, tmp_path):
    never = run("list", data=tmp_path / "never")
    assert (never.exit_code, never.stderr) == (
        1,
        f"Nothing has been started in {tmp_path / 'never'}: run `voiceassist up`.",
    )
    stopped = Layout(tmp_path / "stopped")
    stopped.data.mkdir()
    secrets.read_or_create(stopped)
    state.write(stopped, state.State(own_record(), free_base(), "https://localhost"))
    for arguments in (("list",), ("replay", "--dead-letters")):
        down = run(*arguments, data=stopped.data)
        assert (down.exit_code, down.stderr) == (1, "Error: The broker does not answer: is `voiceassist up` running?\n")


def test_an_installation_without_an_event_log_says_so(run, monkeypatch):
    """In a cluster its broker keeps the events."""
    monkeypatch.setenv("VOICEASSIST_BROKER__OPERATIONS_URL", "")
    result = run("list")
    assert (result.exit_code, result.stderr) == (1, "Error: This installation has no event log of its own.\n")
