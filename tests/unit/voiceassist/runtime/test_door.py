"""The guard of a room: identity, problem documents, events, and nothing that leaks."""

import functions_framework.aio
import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel, ConfigDict

from events import catalog
from events.envelope import CloudEvent, encode_structured
from voiceassist.core.errors import NeedsInputError, UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.runtime import door, routing, tokens, workloads
from voiceassist.runtime.http_room import http_app
from voiceassist.runtime.settings import Settings

WORKLOAD = workloads.derived("s" * 40)
NAME = "Zebulon Quackenbush"  # planted: must appear in no answer and no log


@pytest.fixture
def room(monkeypatch):
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))
    room = door.Room("sample")
    app = http_app(room, title="Sample", actions="room.use")

    @app.get("/api/v1/sample/{item}")
    async def read(item: int) -> dict[str, int]:
        return {"item": item}

    @app.post("/api/v1/sample/boom")
    async def boom() -> None:
        raise RuntimeError(NAME)

    class Body(BaseModel):
        model_config = ConfigDict(extra="forbid")
        known: int

    @app.post("/api/v1/sample/body")
    async def body(body: Body) -> None:
        return None

    @app.post("/api/v1/sample/needs")
    async def needs() -> None:
        raise NeedsInputError("An input is missing.")

    return room


@pytest.fixture
async def client(room):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=room), base_url="http://room") as client:
        yield client


@pytest.fixture
def bearer():
    token = tokens.mint(service("broker"), issuer="broker", audience="sample", workload=WORKLOAD)
    return {"authorization": f"Bearer {token}"}


async def test_a_call_without_identity_is_refused(client):
    answer = await client.get("/api/v1/sample/1")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "UNAUTHENTICATED"
    assert answer.json()["trace_id"] == answer.headers["x-trace-id"]


async def test_a_call_with_identity_passes_and_keeps_the_trace(client, bearer):
    trace_id = "ab" * 16
    answer = await client.get("/api/v1/sample/7", headers=bearer | {"traceparent": f"00-{trace_id}-{'cd' * 8}-01"})
    assert answer.json() == {"item": 7}
    assert answer.headers["x-trace-id"] == trace_id


async def test_wrong_input_is_named_and_not_echoed(client, bearer):
    answer = await client.get(f"/api/v1/sample/{NAME}", headers=bearer)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"pointer": "/path/item", "code": "INT_PARSING"}]
    assert "Quackenbush" not in answer.text


async def test_a_field_name_made_up_by_the_caller_is_not_echoed(client, bearer):
    answer = await client.post("/api/v1/sample/body", headers=bearer, json={"known": 1, NAME: 1})
    assert answer.json()["errors"] == [{"pointer": "/body", "code": "EXTRA_FORBIDDEN"}]


async def test_an_unexpected_error_leaks_nothing(client, bearer, capsys, caplog):
    answer = await client.post("/api/v1/sample/boom", headers=bearer)
    assert answer.status_code == 500
    assert answer.json()["code"] == "INTERNAL"
    captured = capsys.readouterr()
    assert "Quackenbush" not in answer.text + captured.out + captured.err + caplog.text
    assert "RuntimeError" in captured.err


async def test_a_room_answers_its_own_error_codes(client, bearer):
    answer = await client.post("/api/v1/sample/needs", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, "NEEDS_INPUT")


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/api/v1/none", 404, "NOT_FOUND"), ("/api/v1/sample/boom", 405, "METHOD_NOT_ALLOWED")]
)
async def test_bare_statuses_are_problems_too(client, bearer, path, status, code):
    answer = await client.put(path, headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_health_needs_no_identity_and_readiness_tells_what_is_down(client, room):
    async def broken() -> None:
        raise UnavailableError("down")

    assert (await client.get("/health")).status_code == 200
    assert (await client.get("/ready")).status_code == 200
    room.checks["postgres"] = broken
    answer = await client.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "down", "dependencies": {"postgres": "down"}})


async def test_metrics_name_the_route_and_not_the_path(client, bearer):
    await client.get("/api/v1/sample/424242", headers=bearer)
    text = (await client.get("/metrics")).text
    assert 'route="/api/v1/sample/{item}"' in text
    assert "424242" not in text


def indexed() -> CloudEvent:
    event_type = "org.voiceassist.document.indexed.v1"
    example = catalog.EVENT_TYPES[event_type].example
    import msgspec

    return CloudEvent(
        id="1", source="/test", type=event_type, datacontenttype="application/json", data=msgspec.json.encode(example)
    )


async def post(client, event, bearer):
    headers, body = encode_structured(event)
    return await client.post("/", headers=headers | bearer, content=body)


async def test_an_event_reaches_its_handler_and_is_answered_204(client, room, bearer):
    heard = []

    @room.on("org.voiceassist.document.indexed.v1")
    async def handler(event, payload) -> None:
        heard.append((event.id, type(payload)))

    answer = await post(client, indexed(), bearer)
    assert (answer.status_code, answer.content) == (204, b"")
    assert heard == [("1", catalog.DocumentIndexed)]


async def test_events_come_from_the_broker_only(client, room):
    heard = []

    @room.on("org.voiceassist.document.indexed.v1")
    async def handler(event, payload) -> None:
        heard.append(event.id)

    person = Principal("p", DEFAULT_TENANT, "admin", user_id=DEFAULT_TENANT)
    for who, issuer in ((person, "gateway"), (service("phi"), "phi"), (service("broker"), "phi")):
        token = tokens.mint(who, issuer=issuer, audience="sample", workload=WORKLOAD)
        answer = await post(client, indexed(), {"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"], heard) == (403, "FORBIDDEN", [])


async def test_a_query_that_is_no_text_does_not_break_the_guard(room):
    sent = []

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/health", "query_string": b"\xff", "headers": []}
    await room(scope, None, send)
    assert sent[0]["status"] == 200


async def test_event_outcomes_follow_the_broker_contract(client, room, bearer):
    assert (await post(client, indexed(), bearer)).status_code == 422  # nobody hears it: dead letter, no retry
    failures = {"503": UnavailableError("down"), "422": NeedsInputError("no"), "500": RuntimeError(NAME)}
    for status, failure in failures.items():

        async def handler(_event, _payload, failure=failure) -> None:
            raise failure

        room.handlers["org.voiceassist.document.indexed.v1"] = handler
        answer = await post(client, indexed(), bearer)
        assert str(answer.status_code) == status
        assert "Quackenbush" not in answer.text


async def test_what_is_no_event_is_refused_without_quoting_it(client, bearer):
    answer = await client.post(
        "/", headers=bearer | {"content-type": "application/cloudevents+json"}, content=f'{{"id": "{NAME}"}}'
    )
    assert answer.status_code == 400
    assert "Quackenbush" not in answer.text


async def test_too_large_an_event_is_413(client, bearer):
    answer = await client.post("/", headers=bearer, content=b"x" * (door.MAX_EVENT_BYTES + 1))
    assert answer.status_code == 413


async def test_the_guard_works_behind_the_functions_framework(room, bearer):
    async def sample(_request):
        return room

    app = functions_framework.aio._create_asgi_app_with_function(
        sample, functions_framework._function_registry.HTTP_SIGNATURE_TYPE, False
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://room") as client:
        assert (await client.get("/api/v1/sample/3", headers=bearer)).json() == {"item": 3}
        assert (await client.post("/api/v1/sample/boom", headers=bearer)).json()["code"] == "INTERNAL"


async def test_the_framework_writes_no_span_of_its_own(client, bearer, monkeypatch):
    """Its spans would hold path and query, and its log records an exception's text."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    await client.get(f"/api/v1/sample/7?name={NAME}", headers=bearer)
    await client.post("/api/v1/sample/boom", headers=bearer)
    assert exporter.get_finished_spans() == ()
    trace.get_tracer("voiceassist").start_span("ours").end()
    assert [span.name for span in exporter.get_finished_spans()] == ["ours"]


@pytest.mark.req("P11.8")
async def test_a_room_knows_where_a_request_may_be_worked_on_and_says_where_it_went(room, client, bearer):
    seen = []

    @room.app.get("/api/v1/sample/routing/{out}")
    async def where(out: bool) -> None:
        seen.append((routing.is_local(), routing.tenant()))
        if out:
            routing.went_out()

    async def ask(out, **headers):
        answer = await client.get(f"/api/v1/sample/routing/{out}", headers=bearer | headers)
        return answer.headers.get("x-voiceassist-went")

    assert await ask(out=False) is None
    assert await ask(out=True) == "cloud"
    assert await ask(out=False, **{"x-voiceassist-route": "local"}) is None
    assert await ask(out=False, **{"x-voiceassist-route": "cloud"}) is None
    assert seen == [(False, DEFAULT_TENANT), (False, DEFAULT_TENANT), (True, DEFAULT_TENANT), (False, DEFAULT_TENANT)]
    assert not routing.is_local()
