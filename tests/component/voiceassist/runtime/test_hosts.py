"""Every room of the wiring gives the same answers however it runs; a new room is tested without a line here."""

import itertools
import json

import msgspec
import pytest

from events import catalog
from events.envelope import encode_batch
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime.door import MAX_EVENT_BYTES

from .running import IDLE, Hosts, example, fresh, heard, wired

WIRING = wired()
PLANTED = "Zebulon Quackenbush"  # must come back in no answer and stand in no output
TRACE = "ab" * 16
KINDS_AND_ROOMS = [
    pytest.param(kind, room, id=f"{kind}: {room.name}")
    for kind, room in itertools.product(Hosts.KINDS, WIRING.rooms.values())
]
HEARD = [
    pytest.param(kind, room, event, id=f"{kind}: {room.name}: {event.type}")
    for kind, room in itertools.product(Hosts.KINDS, WIRING.rooms.values())
    for event in heard(WIRING, room.name)
]


@pytest.fixture(scope="module")
def hosts(stack_env, tmp_path_factory):
    running = Hosts(stack_env | {"VOICEASSIST_BROKER_URL": ""}, tmp_path_factory.mktemp("hosts"))
    yield running
    ends = list(running.stop())
    assert [(name, status) for name, status, _ in ends if status != 0] == []
    assert [name for name, _, output in ends if PLANTED in output] == []


def problem(answer, status, code):
    """A problem document (RFC 9457) that tells the trace and nothing that was sent."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body.keys() - {"errors"} == {"type", "title", "status", "code", "detail", "trace_id"}
    assert (body["status"], body["code"]) == (status, code)
    assert answer.headers["x-trace-id"] == body["trace_id"]
    assert PLANTED not in answer.text + str(answer.headers)
    return body


@pytest.mark.req("P3.12")
@pytest.mark.parametrize(("kind", "room"), KINDS_AND_ROOMS)
def test_it_lives_and_tells_what_it_needs(hosts, kind, room):
    running = hosts.room(kind, room)
    alive = running.request("GET", "/health")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    for path in ("/ready", "/health/ready"):
        answer = running.request("GET", path)
        said = answer.json()
        assert said.keys() == {"status", "dependencies"}
        assert set(said["dependencies"].values()) <= {"healthy", "down"}
        ready = "down" not in said["dependencies"].values()
        assert (answer.status_code, said["status"]) == ((200, "ready") if ready else (503, "down"))
    assert "voiceassist_http_requests_total" in running.request("GET", "/metrics").text


@pytest.mark.parametrize(("kind", "room"), KINDS_AND_ROOMS)
def test_its_door_refuses_alike(hosts, kind, room):
    running = hosts.room(kind, room)

    def post(body, content_type="application/cloudevents+json", **headers):
        return running.request("POST", "/", content=body, headers={"content-type": content_type, **headers})

    us = running.bearer()
    assert problem(post(b"{}"), 401, "UNAUTHENTICATED")
    assert post(b"{}").headers["www-authenticate"].startswith("Bearer")
    assert problem(post(b"{}", authorization=f"Bearer {PLANTED}"), 401, "UNAUTHENTICATED")
    person = Principal("p", DEFAULT_TENANT, "admin", user_id=DEFAULT_TENANT)
    assert problem(post(b"{}", **running.bearer(person, issuer="gateway")), 403, "FORBIDDEN")
    assert problem(post(f'{{"id": "{PLANTED}'.encode(), **us), 400, "INVALID_EVENT")
    assert problem(post(b"\xff" * 1000, PLANTED, **us), 400, "INVALID_EVENT")
    headers, batch = encode_batch([example(catalog.DocumentDeleted.TYPE, {})])
    assert problem(post(batch, headers["content-type"], **us), 415, "UNSUPPORTED_FORMAT")
    assert problem(post(b"x" * (MAX_EVENT_BYTES + 1), **us), 413, "PAYLOAD_TOO_LARGE")
    assert problem(running.request("GET", "/", headers=us), 405, "METHOD_NOT_ALLOWED")
    assert problem(running.request("GET", f"/api/v1/{PLANTED}", headers=us), 404, "NOT_FOUND")
    traced = post(b"", traceparent=f"00-{TRACE}-{'cd' * 8}-01")
    assert problem(traced, 401, "UNAUTHENTICATED")["trace_id"] == TRACE


@pytest.mark.parametrize(("kind", "room"), KINDS_AND_ROOMS)
def test_an_event_it_does_not_hear_is_a_dead_letter(hosts, kind, room):
    running = hosts.room(kind, room)
    hears = {event.type for event in heard(WIRING, room.name)}
    foreign = next(name for name in catalog.EVENT_TYPES if name not in hears)
    unknown = msgspec.structs.replace(example(foreign, {}), type="org.example.unknown.v1", subject=PLANTED)
    for event in (example(foreign, {}), unknown):
        problem(running.deliver(event), 422, "EVENT_REJECTED")


@pytest.mark.req("P3.6")
@pytest.mark.parametrize(("kind", "room", "event"), [one for one in HEARD if one.values[1].name not in IDLE])
def test_an_event_it_hears_has_one_effect_however_often_it_comes(hosts, kind, room, event, world):
    running, event = hosts.room(kind, room), fresh(event)
    world.make_for(event)
    before = world.snapshot()
    answers = []
    for _ in range(2):
        answer = running.deliver(event)
        answers.append((answer.status_code, answer.content))
        assert len(answer.headers["x-trace-id"]) == 32
        after = world.snapshot()
        assert after != before or len(answers) == 2, "it has no effect: neither a row nor the memory of the event"
        before = after if len(answers) == 1 else before
    assert answers == [(204, b"")] * 2
    assert after == before


@pytest.mark.parametrize(("kind", "room", "event"), HEARD)
def test_an_event_whose_data_breaks_its_schema_is_a_dead_letter(hosts, kind, room, event):
    running = hosts.room(kind, room)
    broken = msgspec.structs.replace(fresh(event), data=json.dumps([PLANTED]).encode())
    problem(running.deliver(broken), 422, "EVENT_REJECTED")
