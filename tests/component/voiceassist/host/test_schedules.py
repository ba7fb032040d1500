"""Schedules of a real host: a tick reaches the Broker as Knative sends it, from the host that runs them only."""

import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest

from events.envelope import decode
from voiceassist.core.identity import service
from voiceassist.runtime import tokens, wiring

A_MINUTE = 65.0


class Broker(ThreadingHTTPServer):
    """Keeps the ticks it gets, with the caller of each."""

    daemon_threads = True

    def __init__(self, workload) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.workload = workload
        self.ticks = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/voiceassist/default"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("ce-type") == "dev.knative.sources.ping":  # the outbox relay may bring others
            caller = tokens.verify(
                self.headers["authorization"].removeprefix("Bearer "), audience="broker", workload=self.server.workload
            )
            self.server.ticks.append((self.path, caller, decode(self.headers.items(), body)))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments) -> None:
        return


@pytest.fixture
def brokers(settings):
    made = [Broker(settings.workload) for _ in range(2)]
    yield made
    for each in made:
        each.shutdown()
        each.server_close()


@pytest.mark.req("P3.12")
def test_a_tick_reaches_the_broker_from_the_host_that_runs_schedules(start_host, brokers, tmp_path):
    copy = shutil.copytree(wiring.ROOT / "knative", tmp_path / "knative")
    room = copy / "rooms" / "notifications.yaml"
    room.write_text(room.read_text().replace("17 2 * * *", "* * * * *"))
    for broker, runs in zip(brokers, ("true", "false"), strict=True):
        start_host(BROKER_URL=broker.url, BROKER__WIRING_DIR=str(copy), HOST__SCHEDULES=runs)
    ticking, silent = brokers
    until = time.monotonic() + A_MINUTE
    source = "/apis/v1/namespaces/voiceassist/pingsources/notifications-nightly"
    while not (ours := [one for one in ticking.ticks if one[2].source == source]) and time.monotonic() < until:
        time.sleep(0.1)  # other rooms have ticks of their own
    ((path, caller, event),) = ours
    assert path == "/voiceassist/default"
    assert caller == service("gateway")
    assert UUID(event.id).version == 4
    assert (event.datacontenttype, event.data) == ("application/json", b"{}")
    assert event.extensions["schedule"] == "nightly"
    assert silent.ticks == []
