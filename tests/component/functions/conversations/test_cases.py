"""Cases and rounds: one's own, told of, read, erased, and wiped when their time is over; nobody another's."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from events.catalog import Ping
from events.envelope import CloudEvent
from functions.conversations import main
from functions.conversations.kit import kit
from functions.conversations.routes import cases as case_routes
from realtime.casebook import Casebook
from voiceassist.core import clock, ids
from voiceassist.core.errors import NotFoundError
from voiceassist.core.identity import service
from voiceassist.ports.auditing import Remembering
from voiceassist.runtime import cases, memory, providers
from voiceassist.runtime.memory import Kept

CASES, ROUNDS = "/api/v1/cases", "/api/v1/rounds"
MAN = {"kind": "person", "text": "65-year-old man"}
CREATININE = {"kind": "lab", "text": "creatinine 1.4 mg/dL", "at": "2026-01-02T08:00:00Z"}


class Time:
    def __init__(self):
        self.moment = clock.now()

    def __call__(self):
        return self.moment

    def passes(self, **much):
        self.moment += timedelta(**much)


@pytest.fixture
def time(monkeypatch, room):
    """The clock by which cases and rounds end."""
    now = Time()
    for module in (case_routes, main):
        monkeypatch.setattr(module, "kit", lambda: replace(kit(), now=now))
    return now


@pytest.fixture
def recorded(monkeypatch):
    remembered = Remembering()
    monkeypatch.setattr(providers, "auditor", lambda _part: remembered)
    return remembered


def hourly():
    return CloudEvent(
        id=str(ids.new_id()), source="/pings", type=Ping.TYPE, data=b"{}", datacontenttype="application/json",
        extensions={"schedule": "conversations-hourly"},
    )  # fmt: skip


async def counted(database, table, owner):
    async with database.transaction(service("test", owner.tenant_id)) as connection:
        counting = text(f"select count(*) from {table} where owner_id = :owner")  # noqa: S608 - our own names
        return (await connection.execute(counting, {"owner": owner.user_id})).scalar_one()


async def test_a_case_is_made_told_of_corrected_and_deleted(caller, person, room, database):
    owner = await person()
    async with caller(room, owner) as client:
        made = await client.post(CASES, json={"title": "Bed 12, <HF>", "facts": [MAN, CREATININE]})
        assert made.status_code == 201
        case = made.json()
        path = f"{CASES}/{case['id']}"
        assert [(one["kind"], one["text"]) for one in case["facts"]] == [
            ("person", "65-year-old man"), ("lab", "creatinine 1.4 mg/dL"),
        ], "newest first, by when it was so"  # fmt: skip
        told = await client.post(f"{path}/facts", json={"facts": [{"kind": "problem", "text": " hypertension "}]})
        assert (told.status_code, told.json()["facts"][0]["text"]) == (201, "hypertension")
        wrong = next(one["id"] for one in told.json()["facts"] if one["kind"] == "lab")
        assert (await client.delete(f"{path}/facts/{wrong}")).status_code == 204
        assert (await client.delete(f"{path}/facts/{wrong}")).status_code == 404
        assert (await client.patch(path, json={"title": "Bed 13"})).json()["title"] == "Bed 13"
        shown = (await client.get(path)).json()
        assert {one["kind"] for one in shown["facts"]} == {"person", "problem"}
        assert [(one["id"], one["title"]) for one in (await client.get(CASES)).json()["items"]] == [
            (case["id"], "Bed 13"),
        ]  # fmt: skip
        assert (await client.delete(path)).status_code == 204
        assert (await client.delete(path)).status_code == 404
        assert (await client.get(CASES)).json()["items"] == []
    assert await counted(database, "case_facts", owner) == 0


async def test_nobody_reaches_a_case_of_another(caller, person, room):
    owner = await person()
    async with caller(room, owner) as client:
        case = (await client.post(CASES, json={"title": "Mine", "facts": [MAN]})).json()
    path, fact = f"{CASES}/{case['id']}", case["facts"][0]["id"]
    for other in (await person(), await person(tenant_id=ids.new_id())):
        async with caller(room, other) as client:
            assert (await client.get(CASES)).json()["items"] == []
            for method, where, body in (
                ("GET", path, None), ("PATCH", path, {"title": "x"}), ("DELETE", path, None),
                ("POST", f"{path}/facts", {"facts": [MAN]}), ("DELETE", f"{path}/facts/{fact}", None),
            ):  # fmt: skip
                answer = await client.request(method, where, json=body)
                assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    async with caller(room, owner) as client:
        assert len((await client.get(path)).json()["facts"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": "x" * 121},
        {"title": "t", "facts": [{"kind": "secretkind", "text": "secretword"}]},
        {"title": "t", "facts": [{"kind": "lab", "text": "secretword" * 31}]},
        {"title": "t", "facts": [{"kind": "lab", "text": "potassium 4", "at": "secretword"}]},
        {"title": "t", "secretfield": 1},
    ],
)
async def test_what_cannot_be_a_case_is_refused_and_not_quoted(caller, person, room, body):
    async with caller(room, await person()) as client:
        answer = await client.post(CASES, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert "secret" not in answer.text


async def test_a_case_takes_so_many_facts_and_no_more(caller, person, room, monkeypatch):
    monkeypatch.setattr(cases, "MOST_FACTS", 2)
    async with caller(room, await person()) as client:
        path = f"{CASES}/{(await client.post(CASES, json={'title': 'Full'})).json()['id']}"
        assert (await client.post(f"{path}/facts", json={"facts": [MAN, CREATININE]})).status_code == 201
        full = await client.post(f"{path}/facts", json={"facts": [MAN]})
        assert (full.status_code, full.json()["code"]) == (409, "CASE_FULL")


async def test_a_case_ends_so_long_after_its_last_use(caller, person, room, database, deliver, time):
    owner = await person()
    async with caller(room, owner) as client:
        used, unused = [(await client.post(CASES, json={"title": one})).json()["id"] for one in ("Used", "Unused")]
        time.passes(days=20)
        assert (await client.post(f"{CASES}/{used}/facts", json={"facts": [MAN]})).status_code == 201
        time.passes(days=11)
        assert [one["title"] for one in (await client.get(CASES)).json()["items"]] == ["Used"]
        assert (await client.get(f"{CASES}/{unused}")).status_code == 404
        assert (await client.post(f"{CASES}/{unused}/facts", json={"facts": [MAN]})).status_code == 404
    assert await deliver(room, hourly()) == 204
    assert await counted(database, "cases", owner) == 1


async def test_where_nothing_is_kept_only_rounds_have_cases(caller, person, room, monkeypatch):
    monkeypatch.setattr(case_routes, "kit", lambda: replace(kit(), keep_days=0))
    async with caller(room, await person()) as client:
        refused = await client.post(CASES, json={"title": "Kept"})
        assert (refused.status_code, refused.json()["code"]) == (409, "CASES_NOT_KEPT")
        await client.post(ROUNDS)
        assert (await client.post(CASES, json={"title": "Kept", "rounds": True})).status_code == 201


@pytest.mark.req("P4.19")
async def test_rounds_end_after_four_hours_with_their_cases_and_what_was_said_about_them(
    caller, person, keep, room, database, deliver, time, recorded
):
    owner = await person()
    async with caller(room, owner) as client:
        none = await client.post(CASES, json={"title": "Bed 1", "rounds": True})
        assert (none.status_code, none.json()["code"]) == (409, "NO_ROUNDS")
        assert (await client.get(ROUNDS)).json() == {"started_at": None, "expires_at": None, "seconds_left": 0}
        begun = (await client.post(ROUNDS)).json()
        assert begun["seconds_left"] == 4 * 3600
        stays = (await client.post(CASES, json={"title": "Stays"})).json()["id"]
        case = (await client.post(CASES, json={"title": "Bed 1", "rounds": True, "facts": [MAN]})).json()
        about, other = await keep(owner, "About the case"), await keep(owner, "About another")
        async with database.transaction(owner) as connection:
            await connection.execute(
                text("update conversations set case_id = :case where id = :id"), {"case": case["id"], "id": about}
            )
        time.passes(hours=3, minutes=59)
        assert (await client.post(ROUNDS)).json() == begun | {"seconds_left": 60}, "they begin once"
        assert (await client.post(f"{CASES}/{case['id']}/facts", json={"facts": [CREATININE]})).status_code == 201
        time.passes(minutes=1)
        assert (await client.get(f"{CASES}/{case['id']}")).status_code == 404, "use does not prolong them"
    assert await counted(database, "case_facts", owner) == 2, "deleted by whoever comes first: here the schedule"
    event = hourly()
    assert [await deliver(room, event), await deliver(room, event)] == [204, 204]
    for table, left in (("rounds", 0), ("cases", 1), ("case_facts", 0), ("conversations", 1)):
        assert await counted(database, table, owner) == left
    async with caller(room, owner) as client:
        assert [one["id"] for one in (await client.get(CASES)).json()["items"]] == [stays]
        assert (await client.get(ROUNDS)).json()["seconds_left"] == 0
        assert [one["id"] for one in (await client.get("/api/v1/conversations")).json()["items"]] == [str(other)]
    wiped = [act for act in recorded.acts if act.action == "rounds.expired" and f"case:{case['id']}" in act.objects]
    assert len(wiped) == 1, "what was done stays on record"
    assert "Bed 1" not in str(recorded.acts)


async def test_rounds_that_are_over_are_wiped_when_their_owner_comes_by_or_ends_them(
    caller, person, room, database, time, recorded
):
    owner = await person()
    async with caller(room, owner) as client:
        for method, path, hours in (("DELETE", ROUNDS, 1), ("GET", CASES, 4)):
            await client.post(ROUNDS)
            await client.post(CASES, json={"title": "Bed 2", "rounds": True, "facts": [MAN]})
            time.passes(hours=hours)
            assert (await client.request(method, path)).is_success
            assert [await counted(database, table, owner) for table in ("rounds", "cases", "case_facts")] == [0, 0, 0]
        assert (await client.delete(ROUNDS)).status_code == 204
    told = [act.action for act in recorded.acts if act.action.startswith("rounds")]
    assert told == ["rounds.started", "rounds.ended", "rounds.started", "rounds.expired"]


async def test_each_touch_is_on_record_by_ids_alone_and_without_record_nothing_happens(
    caller, person, room, database, recorded
):
    owner = await person()
    async with caller(room, owner) as client:
        case = (await client.post(CASES, json={"title": "secretword", "facts": [MAN]})).json()
        path = f"{CASES}/{case['id']}"
        await client.get(CASES)
        await client.get(path)
        await client.get(f"{CASES}/{ids.new_id()}")
        await client.post(f"{path}/facts", json={"facts": [{"kind": "note", "text": "secretword"}]})
        await client.delete(f"{path}/facts/{case['facts'][0]['id']}")
        recorded.broken = True
        for answer in (
            await client.get(path),
            await client.post(f"{path}/facts", json={"facts": [MAN]}),
            await client.delete(path),
            await client.post(CASES, json={"title": "another"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "AUDIT_UNAVAILABLE")
            assert "secretword" not in answer.text
        recorded.broken = False
        assert len((await client.get(path)).json()["facts"]) == 1
    acts = [(act.action, act.outcome) for act in recorded.acts if act.action.startswith("case.")][:6]
    assert acts == [
        ("case.created", "success"), ("case.listed", "success"), ("case.read", "success"), ("case.read", "not_found"),
        ("case.updated", "success"), ("case.fact_erased", "success"),
    ]  # fmt: skip
    assert "secretword" not in str(recorded.acts)


async def test_a_fact_that_was_moved_to_another_row_does_not_open(caller, person, room, database):
    owner = await person()
    async with caller(room, owner) as client:
        case = (await client.post(CASES, json={"title": "Moved", "facts": [MAN, CREATININE]})).json()
        async with database.transaction(owner) as connection:
            moved = "update case_facts set body = (select body from case_facts where id = :one) where owner_id = :owner"
            await connection.execute(text(moved), {"one": case["facts"][0]["id"], "owner": owner.user_id})
        answer = await client.get(f"{CASES}/{case['id']}")
    assert answer.status_code >= 500
    assert "creatinine" not in answer.text


async def test_the_voice_opens_ones_own_case_on_record_and_keeps_what_is_said_with_it(
    caller, person, room, database, recorded
):
    owner, other = await person(), await person()
    books = [Casebook(database, providers.keyring(), who, auditor=recorded, days=30) for who in (owner, other)]
    async with caller(room, owner) as client:
        case_id = UUID((await client.post(CASES, json={"title": "Bed 12", "facts": [MAN, CREATININE]})).json()["id"])
    assert (await books[0].open(case_id)).title == "Bed 12"
    assert [(one.kind, one.text) for one in await books[0].facts(case_id)] == [
        ("person", "65-year-old man"), ("lab", "creatinine 1.4 mg/dL"),
    ]  # fmt: skip
    with pytest.raises(NotFoundError):
        await books[1].open(case_id)
    assert await books[1].facts(case_id) is None
    keys = await providers.keyring().of(owner.tenant_id)
    belongs = []
    for about in (case_id, ids.new_id()):
        talk, item = ids.new_id(), Kept("item_1", 1, "user", "input_text", "What is the dose?")
        async with database.transaction(owner) as connection:
            await memory.keep(connection, keys, owner, talk, item, days=30, case_id=about)
            stored = await connection.execute(text("select case_id from conversations where id = :id"), {"id": talk})
            belongs.append(stored.scalar_one())
    assert belongs == [case_id, None], "a case that is gone meanwhile is nobody's"
    opened = [(act.outcome, act.objects) for act in recorded.acts if act.action == "case.opened"]
    assert opened == [("success", (f"case:{case_id}",)), ("not_found", (f"case:{case_id}",))]
