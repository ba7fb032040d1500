"""Operations on events: search, deliveries with their attempts, dead letters, replay and its record."""

import datetime as dt
import sqlite3
from uuid import UUID

import msgspec
import pytest

from voiceassist.contracts import event_log
from voiceassist.core.identity import Principal

from .conftest import event, trigger

TENANT = UUID(int=1)


async def get(broker, path="", principal=None, **query):
    return await broker.client.get(f"{broker.url}/api/v1/events{path}", params=query, headers=broker.token(principal))


PAGES = {
    "": event_log.EventPage,
    "/deliveries": event_log.DeliveryPage,
    "/dead-letters": event_log.DeliveryPage,
    "/triggers": event_log.TriggerList,
    "/replays": event_log.ReplayPage,
}


async def items(broker, path="", **query):
    answer = await get(broker, path, **query)
    assert answer.status_code == 200, answer.text
    msgspec.json.decode(answer.content, type=PAGES[path])  # what the gateway's OpenAPI says of it
    return answer.json()["items"]


async def replay(broker, principal=None, **chosen):
    return await broker.client.post(f"{broker.url}/api/v1/events/replay", json=chosen, headers=broker.token(principal))


async def discard(broker, principal=None, **chosen):
    return await broker.client.post(f"{broker.url}/api/v1/events/discard", json=chosen, headers=broker.token(principal))


def person(role="user", *scopes):
    return Principal(subject="p", tenant_id=TENANT, role=role, user_id=UUID(int=2), scopes=frozenset(scopes))


async def test_events_are_found_by_id_type_source_and_time(broker, subscriber):
    await broker.start()
    await broker.say(event(1), event(2, type="other.thing.done.v1"), event(3))
    await subscriber.wait_for(3)
    assert [item["id"] for item in await items(broker)] == ["3", "2", "1"]
    assert [item["id"] for item in await items(broker, id="2")] == ["2"]
    assert [item["id"] for item in await items(broker, type="test.thing.done.v1")] == ["3", "1"]
    assert len(await items(broker, source="/tests")) == 3
    assert await items(broker, source="/elsewhere") == []
    now = dt.datetime.now(dt.UTC)
    assert len(await items(broker, after=(now - dt.timedelta(minutes=1)).isoformat())) == 3
    assert await items(broker, after=(now + dt.timedelta(minutes=1)).isoformat()) == []
    assert await items(broker, before=(now - dt.timedelta(minutes=1)).isoformat()) == []
    first = (await get(broker, limit=2)).json()
    assert [item["id"] for item in first["items"]] == ["3", "2"]
    second = (await get(broker, limit=2, cursor=first["next_cursor"])).json()
    assert ([item["id"] for item in second["items"]], second["next_cursor"]) == (["1"], None)
    assert "data" not in second["items"][0]


async def test_deliveries_tell_every_attempt(broker, subscriber):
    await broker.start()
    subscriber.script["1"] = [503, 500, 204]
    await broker.say(event(1))
    await subscriber.wait_for(3)
    await broker.settled()
    (found,) = await items(broker)
    (delivery,) = await items(broker, "/deliveries", event=found["cursor"])
    assert (delivery["state"], delivery["attempts"], delivery["status"]) == ("delivered", 3, 204)
    assert [(one["number"], one["status"]) for one in delivery["failed_attempts"]] == [(1, 503), (2, 500)]
    assert all(one["duration_ms"] >= 0 and one["at"].endswith("Z") for one in delivery["failed_attempts"])
    assert delivery["event"]["id"] == "1"
    assert await items(broker, "/deliveries", state="dead") == []


async def test_dead_letters_of_a_trigger_are_sent_again_once(broker, subscriber):
    await broker.start()
    for number in (1, 2, 3):
        subscriber.script[str(number)] = [422]
        await broker.say(event(number))
    await subscriber.wait_for(3)
    await broker.settled()
    dead = await items(broker, "/dead-letters", trigger="voiceassist/all")
    assert [item["event"]["id"] for item in dead] == ["3", "2", "1"]
    tried = await replay(broker, dead_letters=True, trigger="voiceassist/all", dry_run=True)
    assert (tried.status_code, tried.json()["matched"], tried.json()["replayed"]) == (202, 3, 0)
    assert tried.json()["events"] == ["1", "2", "3"]
    capped = (await replay(broker, dead_letters=True, limit=2)).json()
    assert (capped["matched"], capped["replayed"], capped["capped"]) == (3, 2, True)
    await subscriber.wait_for(5)
    rest = (await replay(broker, dead_letters=True)).json()
    assert (rest["matched"], rest["replayed"], rest["events"]) == (1, 1, ["3"])
    heard = await subscriber.wait_for(6)
    assert [item.id for item in heard] == ["1", "2", "3", "1", "2", "3"]
    assert heard[3:] == heard[:3]  # the same event: id, source, data
    await broker.settled()
    assert (await replay(broker, dead_letters=True)).json()["matched"] == 0
    assert {item["replay"] for item in await items(broker, "/dead-letters")} == {capped["id"], rest["id"]}
    record = await items(broker, "/replays")
    assert [(one["replayed"], one["dry_run"]) for one in record] == [(0, False), (1, False), (2, False), (0, True)]
    assert record[2]["subject"] == "operator"
    assert record[2]["selection"]["dead_letters"] is True


async def test_what_fits_no_event_is_not_written_down(broker, subscriber):
    await broker.start()
    await broker.say(event(1))
    await subscriber.wait_for(1)
    for asked in ({"ids": ["Zebulon"]}, {"source": "Zebulon"}, {"type": "Zebulon"}, {"ids": ["Zebulon", "1"]}):
        assert (await replay(broker, **asked, dry_run=True)).status_code == 202
    record = await items(broker, "/replays")
    assert "Zebulon" not in str(record)
    assert record[0]["selection"]["ids"] == ["1"]


async def test_whole_events_are_sent_again_to_all_or_one_trigger(broker, subscriber):
    broker.wire(trigger("one", room="one"), trigger("two", room="two", type_prefix="test."))
    await broker.start()
    await broker.say(event(1), event(2, type="other.thing.done.v1"))
    await subscriber.wait_for(2, room="one")
    await subscriber.wait_for(1, room="two")
    assert (await replay(broker, ids=["1", "2"])).json()["replayed"] == 3
    await subscriber.wait_for(4, room="one")
    await subscriber.wait_for(2, room="two")
    assert (await replay(broker, type="test.thing.done.v1", trigger="voiceassist/two")).json()["replayed"] == 1
    await subscriber.wait_for(3, room="two")
    await broker.say(event(3))
    await subscriber.wait_for(5, room="one")


async def test_a_replay_keeps_the_order_of_its_keys(broker, subscriber):
    broker.wire(trigger("all", ordered=True))
    await broker.start()
    keyed = [event(number, key="k") for number in range(20)]
    await broker.say(*keyed)
    await subscriber.wait_for(20)
    await broker.settled()
    assert (await replay(broker, type="test.thing.done.v1")).json()["replayed"] == 20
    heard = await subscriber.wait_for(40)
    assert [item.id for item in heard[20:]] == [str(number) for number in range(20)]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, None, None),
        ({"dry_run": True}, None, None),
        ({"ids": "1"}, "/ids", "INVALID"),
        ({"ids": ["1"], "limit": 0}, "/limit", "INVALID"),
        ({"ids": ["1"], "limit": 10_001}, "/limit", "INVALID"),
        ({"after": "2026-01-01T00:00:00"}, "/after", "NO_TIME_ZONE"),
        ({"after": "yesterday"}, "/after", "INVALID"),
        ({"trigger": "voiceassist/none"}, "/trigger", "UNKNOWN_TRIGGER"),
        ({"everything": True}, "", "INVALID"),
    ],
)
async def test_a_replay_that_is_not_clear_is_refused(broker, body, pointer, code):
    await broker.start()
    answer = await replay(broker, **body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    if code:
        assert answer.json()["errors"] == [{"pointer": pointer, "code": code}]


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "201"}, {"cursor": "x"}, {"after": "soon"}, {"unknown": "1"}, {"cursor": "9" * 30}],
)
async def test_a_search_that_is_not_clear_is_refused(broker, query):
    await broker.start()
    assert (await get(broker, **query)).status_code == 400


async def test_dead_letters_are_given_up_with_a_record_and_leave_the_dead_letter_broker(broker, subscriber):
    await broker.start()
    for number in (1, 2, 3):
        subscriber.script[str(number)] = [422]
        await broker.say(event(number))
    await subscriber.wait_for(3)
    await broker.settled()
    await replay(broker, ids=["3"], dead_letters=True)
    await subscriber.wait_for(4)
    await broker.settled()
    tried = (await discard(broker, trigger="voiceassist/all", dry_run=True)).json()
    assert (tried["matched"], tried["discarded"], tried["events"]) == (2, 0, ["1", "2"])
    assert sorted(broker.letters()) == ["1", "2", "3"]
    done = (await discard(broker, trigger="voiceassist/all", limit=1)).json()
    assert (done["matched"], done["discarded"], done["capped"], done["events"]) == (2, 1, True, ["1"])
    assert sorted(broker.letters()) == ["2", "3"]
    assert [item["state"] for item in await items(broker, "/deliveries", event=1)] == ["dropped"]
    # Given up is given up, and what was sent again is no dead letter any more.
    assert (await replay(broker, ids=["1"], dead_letters=True)).json()["matched"] == 0
    assert (await discard(broker, ids=["1", "3"])).json()["matched"] == 0
    (last, *_, first) = await items(broker, "/replays")
    assert (last["action"], last["replayed"], first["action"]) == ("discard", 0, "replay")
    assert "discard" not in last["selection"]
    text = (await broker.client.get(f"{broker.url}/metrics")).text
    assert "voiceassist_events_discarded_total 1.0" in text


async def test_a_letter_stays_while_another_trigger_may_have_it_sent_again(broker, subscriber):
    broker.wire(trigger("one", room="one"), trigger("two", room="two"))
    await broker.start()
    subscriber.script |= {"one/1": [422], "two/1": [422]}
    await broker.say(event(1))
    await subscriber.wait_for(1, room="one")
    await subscriber.wait_for(1, room="two")
    await broker.settled()
    assert (await discard(broker, trigger="voiceassist/one")).json()["discarded"] == 1
    assert broker.letters() == ["1", "1"]
    assert (await discard(broker, trigger="voiceassist/two")).json()["discarded"] == 1
    assert broker.letters() == []


@pytest.mark.parametrize(
    "body", [{}, {"dry_run": True}, {"ids": "1"}, {"dead_letters": True}, {"limit": 0, "ids": ["1"]}]
)
async def test_a_discard_that_is_not_clear_is_refused(broker, body):
    await broker.start()
    assert (await discard(broker, **body)).status_code == 400


async def test_only_administrators_operate(broker):
    await broker.start()
    for allowed in (person("admin"), person("admin", "events:operate")):
        assert (await get(broker, principal=allowed)).status_code == 200
    for refused in (person("user", "events:operate"), person("viewer"), person("user", "events:publish")):
        assert (await get(broker, principal=refused)).status_code == 403
        assert (await replay(broker, refused, dead_letters=True)).status_code == 403
        assert (await discard(broker, refused, ids=["1"])).status_code == 403
    assert (await broker.client.get(f"{broker.url}/api/v1/events")).status_code == 401
    assert (await get(broker, "/nothing")).status_code == 404
    assert (await broker.client.delete(f"{broker.url}/api/v1/events", headers=broker.token())).status_code == 405


async def test_the_record_of_replays_is_only_added_to(broker):
    await broker.start()
    await replay(broker, dead_letters=True)
    for statement in ("update replays set subject = 'x'", "delete from replays"):
        with sqlite3.connect(broker.database) as connection, pytest.raises(sqlite3.IntegrityError, match="append only"):
            connection.execute(statement)


async def test_metrics_show_what_waits_and_what_was_sent_again(broker, subscriber):
    await broker.start()
    subscriber.script["1"] = [422]
    subscriber.script["2"] = ["hang"]
    await broker.say(event(1), event(2))
    await subscriber.wait_for(2)
    await replay(broker, dead_letters=True)
    await subscriber.wait_for(3)
    text = (await broker.client.get(f"{broker.url}/metrics")).text
    assert 'voiceassist_events_waiting{trigger="voiceassist/all"}' in text
    assert "voiceassist_events_replayed_total 1.0" in text
    assert 'voiceassist_events_dead_total{trigger="voiceassist/all"} 1.0' in text
