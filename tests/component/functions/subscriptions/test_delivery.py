"""Events on their way to a sink: signed, sent once, and the answer told to the broker as it must hear it."""

import asyncio
import datetime as dt
import json
import time

import pytest
from sqlalchemy import text

from events.broker.retry import Verdict, judge
from events.envelope import decode
from functions.subscriptions import delivery, main, signature
from voiceassist.core import ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service as acting

from .conftest import ROUTE, TYPE

pytestmark = pytest.mark.req("P3.10")


def trigger(made):
    return f"subscription-{made['id']}"


def signed(request, *secrets):
    """Whether the request bears exactly the signatures of these secrets."""
    seconds = int(request.headers["webhook-timestamp"])
    assert abs(time.time() - seconds) < 60
    wanted = signature.headers(request.headers["webhook-id"], request.body, signing=secrets, seconds=seconds)
    return {name: request.headers[name] for name in wanted} == wanted


@pytest.fixture
def log(caller):
    async def read(owner, made, **params):
        async with caller(main.room, owner) as client:
            answer = await client.get(f"{ROUTE}/{made['id']}/deliveries", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


@pytest.mark.parametrize("structured", [False, True])
async def test_an_event_arrives_whole_structured_and_signed(person, subscribe, send, about, sink, log, structured):
    owner = await person()
    made = await subscribe(owner)
    event = about(owner, subject="5", time="2026-11-24T12:00:00Z", data=b'{"chunks": 3}')
    answer = await send(made["id"], event, structured=structured)
    assert (answer.status_code, answer.content) == (204, b"")
    (request,) = sink.received
    assert request.path == "/hook"
    assert decode(request.headers, request.body) == event
    assert request.headers["content-type"].startswith("application/cloudevents+json")
    assert request.headers["webhook-id"] == event.id
    assert signed(request, made["secret"])
    assert not [name for name in request.headers if name.startswith("ce-") or name == "authorization"]
    (line,) = (await log(owner, made))["items"]
    assert (line["event_id"], line["event_type"], line["outcome"], line["status"]) == (event.id, TYPE, "delivered", 204)
    assert 0 <= line["duration_ms"] < 10_000


async def test_data_that_is_no_json_and_an_id_that_is_no_ascii_arrive_too(person, subscribe, send, about, sink):
    owner = await person()
    made = await subscribe(owner)
    event = about(owner, id="Befund 7 ä", datacontenttype="application/dicom", data=bytes(range(128, 256)))
    assert (await send(made["id"], event)).status_code == 204
    (request,) = sink.received
    assert decode(request.headers, request.body) == event
    assert request.headers["webhook-id"] == "Befund%207%20%C3%A4"
    assert signed(request, made["secret"])


async def test_while_a_secret_is_changed_both_sign(caller, person, subscribe, send, about, sink, database):
    owner = await person()
    made = await subscribe(owner)
    async with caller(main.room, owner) as client:
        answer = await client.post(f"{ROUTE}/{made['id']}/secret/rotate")
    rotated = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert rotated["secret"] != made["secret"]
    left = dt.datetime.fromisoformat(rotated["previous_secret_until"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(hours=23, minutes=59) < left <= dt.timedelta(hours=24)
    await send(made["id"], about(owner))
    assert signed(sink.received[-1], rotated["secret"], made["secret"])
    async with database.transaction(owner) as connection:
        await connection.execute(
            text("update subscriptions set previous_until = now() where id = :id"), {"id": made["id"]}
        )
    await send(made["id"], about(owner))
    assert signed(sink.received[-1], rotated["secret"])
    async with caller(main.room, owner) as client:
        (item,) = (await client.get(ROUTE)).json()["items"]
    assert item["previous_secret_until"] is None


@pytest.mark.parametrize(
    ("sinks_answer", "told"),
    [
        (200, (204, None, "delivered", Verdict.DONE)),
        ((202, {}, b"<html>thanks</html>"), (204, None, "delivered", Verdict.DONE)),
        ((302, {"location": "https://localhost/elsewhere"}, b""), (422, "SINK_REFUSED", "refused", Verdict.DEAD)),
        (400, (422, "SINK_REFUSED", "refused", Verdict.DEAD)),
        (401, (422, "SINK_REFUSED", "refused", Verdict.DEAD)),
        (413, (422, "SINK_REFUSED", "refused", Verdict.DEAD)),
        (404, (502, "SINK_FAILED", "failed", Verdict.RETRY)),
        (408, (502, "SINK_FAILED", "failed", Verdict.RETRY)),
        (409, (502, "SINK_FAILED", "failed", Verdict.RETRY)),
        (500, (502, "SINK_FAILED", "failed", Verdict.RETRY)),
        (429, (503, "SINK_BUSY", "busy", Verdict.RETRY)),
        (503, (503, "SINK_BUSY", "busy", Verdict.RETRY)),
    ],
)
async def test_a_sinks_answer_is_told_to_the_broker_as_it_must_hear_it(
    person, subscribe, send, about, sink, log, sinks_answer, told
):
    status, code, outcome, broker = told
    owner = await person()
    made = await subscribe(owner)
    sink.otherwise = sinks_answer
    answer = await send(made["id"], about(owner))
    assert answer.status_code == status
    assert judge(answer.status_code, has_body=bool(answer.content)) is broker
    assert (answer.json()["code"] if answer.content else None) == code
    (line,) = (await log(owner, made))["items"]
    given = sinks_answer[0] if isinstance(sinks_answer, tuple) else sinks_answer
    assert (line["outcome"], line["status"]) == (outcome, given)
    assert len(sink.received) == 1


async def test_a_pause_that_is_asked_for_is_passed_on(person, subscribe, send, about, sink):
    owner = await person()
    made = await subscribe(owner)
    sink.script += [(503, {"retry-after": "17"}, b""), (429, {"retry-after": "soon"}, b"")]
    assert (await send(made["id"], about(owner))).headers["retry-after"] == "17"
    assert "retry-after" not in (await send(made["id"], about(owner))).headers


async def test_a_sink_without_an_answer_is_tried_again(person, subscribe, send, about, sink, sinks, log, monkeypatch):
    monkeypatch.setattr(delivery, "SINK_SECONDS", 0.5)
    owner = await person()
    made = await subscribe(owner)
    for manner, told in (
        (sinks.hang, (504, "SINK_TIMEOUT")),
        (sinks.trickle, (504, "SINK_TIMEOUT")),
        (sinks.reset, (502, "SINK_UNREACHABLE")),
        (sinks.garbage, (502, "SINK_UNREACHABLE")),
    ):
        sink.otherwise = manner
        answer = await send(made["id"], about(owner))
        assert (answer.status_code, answer.json()["code"]) == told
        assert judge(answer.status_code, has_body=True) is Verdict.RETRY
        line = (await log(owner, made))["items"][0]
        assert (line["outcome"], line["status"]) == ("failed", None)
    assert len((await log(owner, made))["items"]) == 4


async def test_a_flood_in_the_answer_is_cut_and_counts_as_taken(person, subscribe, send, about, sink, sinks):
    owner = await person()
    made = await subscribe(owner)
    sink.script.append(sinks.flood)
    assert (await send(made["id"], about(owner))).status_code == 204


async def test_nobody_at_the_address_is_tried_again(person, subscribe, send, about, free_port):
    owner = await person()
    made = await subscribe(owner, sink=f"https://localhost:{free_port}/")
    assert (await send(made["id"], about(owner))).status_code == 502


async def test_a_name_that_leads_inside_later_is_not_called(
    person, subscribe, send, about, keeping, sink, log, monkeypatch
):
    owner = await person()
    made = await subscribe(owner)

    async def metadata(_host, _port):
        return ["169.254.169.254"]

    monkeypatch.setattr(keeping.outside.egress, "_resolve", metadata)
    answer = await send(made["id"], about(owner))
    assert (answer.status_code, answer.json()["code"]) == (422, "SINK_NOT_ALLOWED")
    assert sink.received == []
    assert (await log(owner, made))["items"][0]["outcome"] == "refused"


async def test_410_ends_the_subscription_until_its_owner_begins_it_again(
    caller, person, subscribe, send, about, sink, keeper
):
    owner = await person()
    made = await subscribe(owner)
    sink.script.append(410)
    assert (await send(made["id"], about(owner))).status_code == 422
    assert keeper.kept == {}
    assert (await send(made["id"], about(owner))).status_code == 204
    assert len(sink.received) == 1
    async with caller(main.room, owner) as client:
        (item,) = (await client.get(ROUTE)).json()["items"]
        assert (item["active"], item["disabled_reason"]) == (False, "GONE")
        changed = await client.patch(f"{ROUTE}/{made['id']}", json={"active": True})
        assert (changed.json()["active"], changed.json()["disabled_reason"]) == (True, None)
    assert (await send(made["id"], about(owner))).status_code == 204
    assert len(sink.received) == 2


async def test_410_while_the_keeper_is_away_is_tried_again(person, subscribe, send, about, sink, keeper):
    owner = await person()
    made = await subscribe(owner)
    sink.otherwise = 410
    keeper.down = True
    assert (await send(made["id"], about(owner))).status_code == 503
    keeper.down = False
    assert (await send(made["id"], about(owner))).status_code == 422
    assert keeper.kept == {}


async def test_what_is_not_the_owners_to_see_is_dropped_in_silence(
    caller, person, subscribe, send, about, sink, log, database
):
    owner, other, admin = await person(), await person(), await person("admin")
    elsewhere = await person(tenant_id=ids.new_id())
    made, wide = await subscribe(owner), await subscribe(admin)
    async with caller(main.room, owner) as client:
        await client.patch(f"{ROUTE}/{made['id']}", json={"name": "still here"})
    dropped = [
        (made, about(other)),
        (made, about(elsewhere)),
        (made, about(owner, extensions={})),
        (made, about(owner, extensions={"tenantid": "none", "ownerid": str(owner.user_id)})),
        (made, about(owner, extensions={"tenantid": str(elsewhere.tenant_id), "ownerid": str(owner.user_id)})),
        (wide, about(elsewhere)),
        ({"id": ids.new_id()}, about(owner)),
    ]
    for subscription, event in dropped:
        assert (await send(subscription["id"], event)).status_code == 204
    assert sink.received == []
    assert (await log(owner, made))["items"] == []
    assert (await send(wide["id"], about(other))).status_code == 204
    assert len(sink.received) == 1
    async with database.transaction(acting("test")) as connection:
        await connection.execute(text("update users set role = 'user' where id = :id"), {"id": admin.user_id})
        await connection.execute(text("update users set status = 'disabled' where id = :id"), {"id": owner.user_id})
    assert (await send(wide["id"], about(other))).status_code == 204
    assert (await send(made["id"], about(owner))).status_code == 204
    assert len(sink.received) == 1


async def test_inactive_and_deleted_subscriptions_take_what_was_on_its_way_and_send_nothing(
    caller, person, subscribe, send, about, sink
):
    owner = await person()
    made, gone = await subscribe(owner), await subscribe(owner)
    async with caller(main.room, owner) as client:
        await client.patch(f"{ROUTE}/{made['id']}", json={"active": False})
        await client.delete(f"{ROUTE}/{gone['id']}")
    for subscription in (made, gone):
        assert (await send(subscription["id"], about(owner))).status_code == 204
    assert sink.received == []


async def test_only_the_installation_delivers(caller, person, subscribe, send, about, sink):
    owner = await person()
    made = await subscribe(owner)
    assert (await send(made["id"], about(owner), principal=owner)).status_code == 403
    async with caller(main.room, None) as client:
        assert (await client.post(f"/deliver/{made['id']}", content=b"{}")).status_code == 401
    async with caller(main.room, acting("broker")) as client:
        assert (await client.post(f"/deliver/{made['id']}", content=b"{}")).status_code == 400
        assert (await client.post("/deliver/nobody", content=b"{}")).status_code == 400
        batch = {"content-type": "application/cloudevents-batch+json"}
        assert (await client.post(f"/deliver/{made['id']}", content=b"[]", headers=batch)).status_code == 415
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert not [path for path in paths if not path.startswith(ROUTE)]
    assert sink.received == []


async def test_a_delivery_that_cannot_be_noted_is_not_repeated(person, subscribe, send, about, sink, monkeypatch):
    owner = await person()
    made = await subscribe(owner)

    async def away(*_arguments, **_options):
        raise UnavailableError("away")

    monkeypatch.setattr(delivery.store, "record", away)
    assert (await send(made["id"], about(owner))).status_code == 204
    assert len(sink.received) == 1


async def test_the_log_comes_in_pages_without_what_is_too_old_and_never_with_a_body(
    person, subscribe, send, about, log, database
):
    owner = await person()
    made = await subscribe(owner)
    sent = [about(owner, data=b'{"chunks": 987654321}') for _ in range(4)]
    for event in sent:
        await send(made["id"], event)
    first = await log(owner, made, limit=3)
    rest = await log(owner, made, limit=3, cursor=first["next_cursor"])
    lines = first["items"] + rest["items"]
    assert [line["event_id"] for line in lines] == [event.id for event in sent][::-1]
    assert "987654321" not in json.dumps(lines)
    async with database.transaction(owner) as connection:
        await connection.execute(
            text("update subscription_deliveries set created_at = now() - interval '30 days' where event_id = :id"),
            {"id": sent[0].id},
        )
    assert len((await log(owner, made))["items"]) == 3


async def test_neither_secret_address_nor_data_reaches_the_log_of_the_process(
    person, subscribe, send, about, sink, capfd
):
    owner = await person()
    made = await subscribe(owner, sink=f"{sink.url}/hook?token=zz-canary-7461")
    sink.script.append((500, {}, b"zz-canary-7461"))
    answer = await send(made["id"], about(owner, data=b'{"text": "zz-canary-7461"}'))
    written = capfd.readouterr()
    assert "webhook.answered" in written.err
    for secret in ("zz-canary-7461", made["secret"]):
        assert secret not in written.err + written.out + answer.text


async def test_one_silent_sink_does_not_hold_up_the_others(person, subscribe, send, about, sink, sinks, monkeypatch):
    monkeypatch.setattr(delivery, "SINK_SECONDS", 3.0)
    owner = await person()
    with sinks.Sink() as silent:
        silent.otherwise = sinks.hang
        slow, quick = await subscribe(owner, sink=silent.url), await subscribe(owner)
        waiting = [asyncio.create_task(send(slow["id"], about(owner))) for _ in range(32)]
        await asyncio.to_thread(silent.wait_for, 32)
        began = time.monotonic()
        assert (await send(quick["id"], about(owner))).status_code == 204
        assert time.monotonic() - began < 2.0
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {504}


class TestGate:
    """What an event says passes the gate, whole or not at all."""

    @pytest.mark.req("G24")
    @pytest.mark.parametrize("place", ["data", "deep", "subject", "text"])
    async def test_an_event_with_an_identifier_is_not_sent(self, person, subscribe, send, about, sink, log, place):
        owner = await person()
        made = await subscribe(owner)
        said = "write to anna.smith@example.org"
        event = {
            "data": lambda: about(owner, data=json.dumps({"note": said}).encode()),
            "deep": lambda: about(owner, data=json.dumps({"a": [{"b": ["x", said]}]}).encode()),
            "subject": lambda: about(owner, subject=said, data=b"{}"),
            "text": lambda: about(owner, data=said.encode(), datacontenttype="text/plain"),
        }[place]()
        answer = await send(made["id"], event)
        assert (answer.status_code, answer.json()["code"]) == (422, "PHI_BLOCKED")
        assert "anna" not in answer.text
        assert sink.received == []
        (line,) = (await log(owner, made))["items"]
        assert line["outcome"] == "refused"

    @pytest.mark.req("G24")
    async def test_nobody_to_look_means_later(
        self, person, subscribe, send, about, sink, keeping, gate_of, monkeypatch
    ):
        def broken(_text):
            raise OSError

        owner = await person()
        made = await subscribe(owner)
        keeping.outside.gate = gate_of(find=broken)
        answer = await send(made["id"], about(owner, data=b'{"state": "indexed"}'))
        assert (answer.status_code, answer.json()["code"]) == (503, "PHI_SCAN_UNAVAILABLE")
        assert sink.received == []

    async def test_ids_moments_and_digests_are_not_taken_for_anybodys(self):
        from events.envelope import CloudEvent
        from voiceassist.runtime.egress.outside import said_by

        data = {
            "document_id": str(ids.new_id()),
            "sha256": "ab" * 32,
            "at": "2026-11-24T12:00:00.123Z",
            "code": "DOCUMENT_EMPTY",
            "pages": 7,
            "name": "scan.pdf",
        }
        event = CloudEvent(id="1", source="/a", type=TYPE, data=json.dumps(data).encode())
        assert said_by(event) == ["name: scan.pdf"]
        assert said_by(CloudEvent(id="1", source="/a", type=TYPE)) == []
        deep = b"[" * 50_000 + b"]" * 50_000
        assert said_by(CloudEvent(id="1", source="/a", type=TYPE, data=deep)) == [deep.decode()]
