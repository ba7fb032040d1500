"""Notifications on real PostgreSQL."""

import asyncio

from sqlalchemy import text

from events.catalog import DocumentFailed, DocumentIndexed, Ping
from events.envelope import CloudEvent
from functions.notifications.main import room
from voiceassist.core import ids
from voiceassist.core.identity import service
from voiceassist.runtime import outbox


def indexed(owner):
    document_id = ids.new_id()
    payload = DocumentIndexed(
        document_id=document_id, tenant_id=owner.tenant_id, owner_id=owner.user_id, chunks=3, pages=2
    )
    return outbox.event_of("ingestion", payload.TYPE, payload, subject=str(document_id), key=str(document_id))


async def listed(caller, owner, **params):
    async with caller(room, owner) as client:
        return (await client.get("/api/v1/notifications", params=params)).json()


async def test_an_event_becomes_one_notification_however_often_it_comes(caller, person, deliver):
    owner = await person()
    event = indexed(owner)
    assert await asyncio.gather(*(deliver(room, event) for _ in range(4))) == [204] * 4
    page = await listed(caller, owner)
    (notice,) = page["items"]
    assert (notice["kind"], notice["data"], notice["read_at"], page["unread"]) == (
        "document.indexed", {"chunks": 3, "pages": 2}, None, 1,
    )  # fmt: skip
    assert notice["document_title"] is None


async def test_reading_counts_and_the_first_moment_stays(caller, person, deliver):
    owner = await person()
    await deliver(room, indexed(owner))
    (notice,) = (await listed(caller, owner))["items"]
    async with caller(room, owner) as client:
        assert (await client.post(f"/api/v1/notifications/{notice['id']}/read")).status_code == 204
        first = (await listed(caller, owner))["items"][0]["read_at"]
        assert (await client.post(f"/api/v1/notifications/{notice['id']}/read")).status_code == 204
    page = await listed(caller, owner)
    assert first is not None
    assert page["items"][0]["read_at"] == first
    assert page["unread"] == 0
    assert (await listed(caller, owner, unread_only=True))["items"] == []


async def test_nobody_sees_or_marks_the_notifications_of_another(caller, person, deliver):
    owner, other = await person(), await person()
    await deliver(room, indexed(owner))
    (notice,) = (await listed(caller, owner))["items"]
    assert (await listed(caller, other))["items"] == []
    async with caller(room, other) as client:
        assert (await client.post(f"/api/v1/notifications/{notice['id']}/read")).status_code == 404
    assert (await listed(caller, owner))["unread"] == 1


async def test_paging_meets_every_notification_once_newest_first(caller, person, deliver):
    owner = await person()
    for _ in range(5):
        await deliver(room, indexed(owner))
    seen, cursor = [], None
    while True:
        page = await listed(caller, owner, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_an_owner_who_is_gone_is_no_reason_to_retry_for_ever(deliver, person):
    owner = await person()
    payload = DocumentFailed(
        document_id=ids.new_id(), tenant_id=owner.tenant_id, owner_id=ids.new_id(), code="DOCUMENT_EMPTY"
    )
    event = outbox.event_of("ingestion", payload.TYPE, payload, subject="x", key="x")
    assert await deliver(room, event) == 204


async def test_bad_requests_are_problem_documents(caller, person):
    async with caller(room, await person()) as client:
        answer = await client.get("/api/v1/notifications", params={"limit": "secretvalue"})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert "secretvalue" not in answer.text
        assert (await client.post("/api/v1/notifications/not-an-id/read")).status_code == 400
    async with caller(room, None) as client:
        assert (await client.get("/api/v1/notifications")).status_code == 401
        assert (await client.get("/ready")).status_code == 200


async def test_a_night_forgets_what_is_old_and_nothing_else(caller, person, deliver, database):
    """In every tenant; a second tick of the same night changes nothing."""
    owners = [await person(), await person(tenant_id=ids.new_id())]
    ages = {"read long ago": (200, 31), "read lately": (200, 1), "unread and old": (181, None), "unread": (100, None)}
    for owner in owners:
        for kind, (made, seen) in ages.items():
            await make_old(database, owner, kind, made, seen)
    for schedule in ("nightly", "nightly"):
        assert await deliver(room, tick(schedule)) == 204
        for owner in owners:
            kinds = {item["kind"] for item in (await listed(caller, owner))["items"]}
            assert kinds == {"unread", "read lately"}


async def test_a_tick_of_another_schedule_is_a_dead_letter(deliver):
    assert await deliver(room, tick("weekly")) == 422


def tick(schedule):
    return CloudEvent(
        id=str(ids.new_id()),
        source="/apis/v1/namespaces/voiceassist/pingsources/notifications-nightly",
        type=Ping.TYPE,
        datacontenttype="application/json",
        data=b"{}",
        extensions={"schedule": schedule},
    )


async def make_old(database, owner, kind, made, seen):
    async with database.transaction(service("test", owner.tenant_id)) as connection:
        await connection.execute(
            text(
                "insert into notifications (id, tenant_id, owner_id, kind, created_at, read_at) values (:id, :tenant,"
                " :owner, :kind, now() - make_interval(days => :made), now() - make_interval(days => :seen))"
            ),
            {
                "id": ids.new_id(), "tenant": owner.tenant_id, "owner": owner.user_id, "kind": kind, "made": made,
                "seen": seen,
            },
        )  # fmt: skip
