"""What integrators publish where a cluster's Broker takes everything: the gateway judges it and marks whose it is."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from events.catalog import DocumentDeleted
from events.envelope import CloudEvent, decode
from voiceassist.core import ids
from voiceassist.core.errors import ForbiddenError, PayloadTooLargeError, UnavailableError, ValidationError
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import publisher, workloads
from voiceassist.runtime.host import publishing
from voiceassist.runtime.settings import Broker, Settings

WORKLOAD = workloads.derived("s" * 40)
ME = Principal("key", DEFAULT_TENANT, "user", user_id=ids.new_id(), scopes=frozenset({"events:publish"}))
EVENT = {"specversion": "1.0", "id": "1", "source": "/lab", "type": "org.example.result", "data": {"a": 1}}
BATCH = [(b"content-type", b"application/cloudevents-batch+json")]
ONE = [(b"content-type", b"application/cloudevents+json")]


@pytest.fixture
def sink(monkeypatch):
    """A Broker's ingress: what it took, with a status for the next."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            status = self.server.statuses.pop(0) if self.server.statuses else 202
            if status == 202:
                self.server.took.append((decode(self.headers.items(), body), self.headers["authorization"]))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.took, server.statuses = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(publisher, "load_settings", Settings)
    publisher.client.cache_clear()
    yield server
    publisher.client().close()
    publisher.client.cache_clear()
    server.shutdown()
    server.server_close()


def settings(sink, **broker):
    return Settings(
        workload=WORKLOAD,
        broker_url=f"http://127.0.0.1:{sink.server_port}/ns/default",
        broker=Broker(api_url="https://kubernetes", **broker),
    )


async def publish(sink, headers, body, **broker):
    await publishing.publish(headers, json.dumps(body).encode(), ME, settings(sink, **broker))


async def test_every_event_of_a_batch_arrives_in_order_and_says_whose_it_is(sink, tmp_path):
    (tmp_path / "token").write_text("of-the-cluster")
    forged = {"tenantid": str(ids.new_id()), "ownerid": str(ids.new_id())}
    batch = [EVENT | {"id": str(number)} | forged for number in range(5)]
    await publish(sink, BATCH, batch, token_file=str(tmp_path / "token"))
    assert [event.id for event, _ in sink.took] == [str(number) for number in range(5)]
    for event, authorization in sink.took:
        assert isinstance(event, CloudEvent)
        assert json.loads(event.data) == {"a": 1}
        assert event.extensions == {"tenantid": str(ME.tenant_id), "ownerid": str(ME.user_id)}
        assert authorization == "Bearer of-the-cluster"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"source": "/voiceassist/documents"}, ForbiddenError),
        ({"type": "org.voiceassist.made.up.v1"}, ForbiddenError),
        ({"type": "dev.knative.sources.ping", "data": {}}, ForbiddenError),
        ({"type": DocumentDeleted.TYPE, "data": {}}, ValidationError),
        ({"id": ""}, ValidationError),
    ],
)
async def test_one_bad_event_keeps_the_whole_request_out(sink, change, refusal):
    with pytest.raises(refusal):
        await publish(sink, BATCH, [EVENT, EVENT | change])
    assert sink.took == []


async def test_a_broker_that_takes_nothing_is_told_as_such_and_the_next_try_brings_all(sink):
    batch = [EVENT | {"id": "a"}, EVENT | {"id": "b"}]
    sink.statuses = [202, 503]
    with pytest.raises(UnavailableError):
        await publish(sink, BATCH, batch)
    await publish(sink, BATCH, batch)
    assert [event.id for event, _ in sink.took] == ["a", "a", "b"]
    nobody = Settings(workload=WORKLOAD, broker_url="http://127.0.0.1:9/ns/default")
    with pytest.raises(UnavailableError):
        await publishing.publish(ONE, json.dumps(EVENT).encode(), ME, nobody)


async def test_a_body_is_read_to_its_limit_and_for_so_long(monkeypatch):
    def receiving(*messages):
        queue = list(messages)

        async def receive():
            if not queue:
                await asyncio.Event().wait()
            return queue.pop(0)

        return receive

    part = {"type": "http.request", "body": b"1234", "more_body": True}
    assert await publishing.read(receiving(part, part | {"more_body": False}), 8) == b"12341234"
    with pytest.raises(PayloadTooLargeError):
        await publishing.read(receiving(part, part), 7)
    with pytest.raises(UnavailableError):
        await publishing.read(receiving(part, {"type": "http.disconnect"}), 8)
    monkeypatch.setattr(publishing, "BODY_SECONDS", 0.01)
    with pytest.raises(UnavailableError):
        await publishing.read(receiving(part), 8)


def test_the_gateway_of_a_cluster_publishes_so(start_host, host, key, problem, sink):
    """The key of the command line is an administrator's without the scope of publishing: it is refused by the rules."""
    cluster = start_host(
        BROKER_URL=f"http://127.0.0.1:{sink.server_port}/ns/default", BROKER__API_URL="https://127.0.0.1:9"
    )
    with cluster.client(headers=key) as client:
        event = EVENT | {"source": "/voiceassist/documents"}
        headers = {"content-type": "application/cloudevents+json"}
        problem(client.post("/events", headers=headers, content=json.dumps(event)), 403, "FORBIDDEN")
        sent = client.post("/events", headers=headers, content=json.dumps(EVENT))
        assert sent.status_code == 202, sent.text
    # The relay of this host sends what other tests left in the outbox.
    ((event, _),) = [one for one in sink.took if one[0].source == EVENT["source"]]
    assert (event.id, event.extensions["tenantid"]) == ("1", str(DEFAULT_TENANT))
