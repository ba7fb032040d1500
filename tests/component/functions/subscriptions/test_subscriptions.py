"""Managing subscriptions: row and Trigger agree, whatever fails between them."""

import asyncio

import pytest
from sqlalchemy import text

from events.catalog import SubscriptionTested
from events.envelope import CloudEvent
from functions.subscriptions import main, service, store
from functions.subscriptions.domain import SPEC_NOTE
from voiceassist.core import ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.core.identity import service as acting

from .conftest import ROUTE

pytestmark = pytest.mark.req("P3.10")


def fault(answer, status=400):
    assert answer.status_code == status, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json().get("errors", ())]


def trigger(made):
    return f"subscription-{made['id']}"


async def test_a_subscription_becomes_a_trigger_and_its_secret_is_told_once(
    caller, person, subscribe, keeper, database, about
):
    owner = await person()
    made = await subscribe(owner)
    assert made["secret"].startswith("whsec_")
    assert (made["active"], made["disabled_reason"], made["owner_id"]) == (True, None, str(owner.user_id))
    assert list(keeper.kept) == [trigger(made)]
    assert keeper.matching(about(owner))
    assert not keeper.matching(about(await person()))
    async with caller(main.room, owner) as client:
        listed = await client.get(ROUTE)
        shown = await client.get(f"{ROUTE}/{made['id']}")
    assert [item["id"] for item in listed.json()["items"]] == [made["id"]]
    assert (shown.json()["ready"], shown.json()["reason"]) == (True, "")
    assert made["secret"] not in listed.text + shown.text
    async with database.transaction(acting("test", owner.tenant_id)) as connection:
        row = (await connection.execute(text("select * from subscriptions where id = :id"), {"id": made["id"]})).one()
    assert made["secret"].encode() not in row.secret
    assert made["secret"] not in str(row)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"name": ""}, "/body/name", "STRING_TOO_SHORT"),
        ({"name": "a\nb"}, "/body/name", "STRING_PATTERN_MISMATCH"),
        ({"sink": "http://sink.example.org/"}, "/body/sink", "NOT_PUBLIC"),
        ({"sink": "ftp://sink.example.org/"}, "/body/sink", "SCHEME"),
        ({"sink": "https://user:password@localhost/"}, "/body/sink", "URL"),
        ({"sink": "https://169.254.169.254/latest/meta-data"}, "/body/sink", "NOT_PUBLIC"),
        ({"sink": "https://2130706433/"}, "/body/sink", "HOST"),
        ({"filters": [{"exact": {}}]}, "/body/filters", "SHAPE"),
        ({"filters": [{"cesql": "type ="}]}, "/body/filters", "REFUSED"),
        ({"filters": [{"exact": {"1type": "x"}}]}, "/body/filters", "REFUSED"),
        ({"filters": {"exact": {"type": "x"}}}, "/body/filters", "LIST_TYPE"),
        ({"filters": [{"exact": {"type": "\x00"}}]}, "/body/filters", "SHAPE"),
        ({"owner_id": "x"}, "/body", "EXTRA_FORBIDDEN"),
    ],
)
async def test_what_is_asked_wrongly_is_pointed_at_and_leaves_nothing(
    caller, person, keeping, keeper, change, pointer, code, monkeypatch
):
    if "http://sink" in str(change.get("sink")):

        async def elsewhere(_host, _port):
            return ["93.184.216.34"]

        monkeypatch.setattr(keeping.outside.egress, "_resolve", elsewhere)
    owner = await person()
    wanted = {"name": "n", "sink": "https://localhost/hook", "filters": []} | change
    async with caller(main.room, owner) as client:
        assert fault(await client.post(ROUTE, json=wanted)) == [(pointer, code)]
        assert (await client.get(ROUTE)).json()["items"] == []
    assert keeper.kept == {}


async def test_a_sink_whose_name_nobody_knows_is_refused(caller, person, keeping, monkeypatch):
    from socket import gaierror

    async def unknown(_host, _port):
        raise gaierror

    monkeypatch.setattr(keeping.outside.egress, "_resolve", unknown)
    async with caller(main.room, await person()) as client:
        answer = await client.post(ROUTE, json={"name": "n", "sink": "https://nowhere.example/"})
    assert fault(answer) == [("/body/sink", "NO_ADDRESS")]


async def test_changes_are_those_of_the_trigger_too(caller, person, subscribe, keeper, about):
    owner = await person()
    made = await subscribe(owner)
    failed = about(owner, "org.voiceassist.document.failed.v1")
    async with caller(main.room, owner) as client:

        async def patch(**changes):
            return await client.patch(f"{ROUTE}/{made['id']}", json=changes)

        changed = (await patch(name="Renamed", filters=[{"suffix": {"type": "failed.v1"}}])).json()
        assert (changed["name"], changed["filters"]) == ("Renamed", [{"suffix": {"type": "failed.v1"}}])
        assert keeper.matching(failed)
        assert not keeper.matching(about(owner))

        assert (await patch(active=False)).json()["active"] is False
        assert keeper.kept == {}
        assert (await client.get(f"{ROUTE}/{made['id']}")).json()["reason"] == "Inactive"
        assert (await patch(filters=[])).json()["filters"] == []
        assert keeper.kept == {}

        assert (await patch(active=True)).json()["active"] is True
        assert keeper.matching(about(owner))

        assert fault(await patch(filters=[{"cesql": "(("}])) == [("/body/filters", "REFUSED")]
        assert fault(await patch(sink="https://10.0.0.1.:443/")) == [("/body/sink", "HOST")]
        assert (await client.get(f"{ROUTE}/{made['id']}")).json()["filters"] == []
        assert keeper.matching(about(owner))

        assert (await client.delete(f"{ROUTE}/{made['id']}")).status_code == 204
        assert keeper.kept == {}
        assert (await client.get(f"{ROUTE}/{made['id']}")).status_code == 404
        assert (await client.delete(f"{ROUTE}/{made['id']}")).status_code == 404
        assert (await patch(name="x")).status_code == 404


async def test_a_subscription_may_begin_inactive(person, subscribe, keeper):
    await subscribe(await person(), active=False)
    assert keeper.kept == {}


async def test_people_have_their_own_an_admin_all_and_a_viewer_none(caller, person, subscribe, keeper, about):
    owner, other, admin, viewer = [await person(role) for role in ("user", "user", "admin", "viewer")]
    elsewhere = await person("admin", tenant_id=ids.new_id())
    made = await subscribe(owner)
    for stranger in (other, elsewhere):
        async with caller(main.room, stranger) as client:
            assert made["id"] not in (await client.get(ROUTE)).text
            for method, path in (
                ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/secret/rotate"), ("POST", "/test"),
                ("GET", "/deliveries"),
            ):  # fmt: skip
                answer = await client.request(method, f"{ROUTE}/{made['id']}{path}", json={"name": "x"})
                assert answer.status_code == 404, (method, path)
    async with caller(main.room, viewer) as client:
        assert (await client.get(ROUTE)).status_code == 403
    async with caller(main.room, acting("documents")) as client:
        assert (await client.get(ROUTE)).status_code == 403
    async with caller(main.room, admin) as client:
        assert made["id"] in (await client.get(ROUTE, params={"limit": 200})).text
        changed = await client.patch(f"{ROUTE}/{made['id']}", json={"filters": []})
        assert changed.json()["owner_id"] == str(owner.user_id)
    assert keeper.matching(about(owner))
    assert not keeper.matching(about(other)), "an admin's change makes it no admin's subscription"


async def test_an_admins_own_subscription_hears_the_tenant(person, subscribe, keeper, about):
    admin, other = await person("admin"), await person()
    await subscribe(admin)
    assert keeper.matching(about(other))
    assert not keeper.matching(about(await person(tenant_id=ids.new_id())))


async def test_the_list_comes_in_pages(caller, person, subscribe):
    owner = await person()
    made = [(await subscribe(owner))["id"] for _ in range(3)]
    async with caller(main.room, owner) as client:
        first = (await client.get(ROUTE, params={"limit": 2})).json()
        second = (await client.get(ROUTE, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


async def test_there_are_only_so_many(caller, person, subscribe, monkeypatch):
    monkeypatch.setattr(service, "MOST", 1)
    owner = await person()
    made = await subscribe(owner)
    async with caller(main.room, owner) as client:
        answer = await client.post(ROUTE, json={"name": "n", "sink": made["sink"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "TOO_MANY_SUBSCRIPTIONS")


async def test_without_the_keeper_nothing_changes(caller, person, subscribe, keeper, about):
    owner = await person()
    made = await subscribe(owner)
    keeper.down = True
    async with caller(main.room, owner) as client:
        for answer in (
            await client.post(ROUTE, json={"name": "n", "sink": made["sink"]}),
            await client.patch(f"{ROUTE}/{made['id']}", json={"filters": []}),
            await client.patch(f"{ROUTE}/{made['id']}", json={"active": False}),
            await client.delete(f"{ROUTE}/{made['id']}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "TRIGGERS_UNAVAILABLE")
        (item,) = (await client.get(ROUTE)).json()["items"]
        assert (item["active"], item["filters"]) == (True, made["filters"])
        shown = (await client.get(f"{ROUTE}/{made['id']}")).json()
        assert (shown["ready"], shown["reason"]) == (None, "Unknown")
    keeper.down = False
    assert keeper.matching(about(owner))


async def test_a_test_is_said_for_this_subscription_alone(caller, person, subscribe, said, keeper):
    owner = await person()
    made, other = await subscribe(owner), await subscribe(owner, filters=[{"exact": {"type": "x"}}])
    async with caller(main.room, owner) as client:
        answer = await client.post(f"{ROUTE}/{made['id']}/test")
        assert answer.status_code == 202
        await client.patch(f"{ROUTE}/{other['id']}", json={"active": False})
        inactive = await client.post(f"{ROUTE}/{other['id']}/test")
        assert (inactive.status_code, inactive.json()["code"]) == (409, "INACTIVE")
    (event,) = await said(made["id"])
    assert (event.id, event.type) == (answer.json()["event_id"], SubscriptionTested.TYPE)
    assert [one["metadata"]["name"] for one in keeper.matching(event)] == [trigger(made)]


# --- what a crash leaves apart ---


async def test_a_crash_between_trigger_and_row_is_healed_by_the_next_process(
    caller, person, subscribe, keeper, keeping, about, monkeypatch
):
    owner = await person()
    kept, changed, removed = [await subscribe(owner) for _ in range(3)]
    real = keeper.apply

    async def applied_then_killed(wanted):
        await real(wanted)
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(keeper, "apply", applied_then_killed)
        async with caller(main.room, owner) as client:
            assert (await client.post(ROUTE, json={"name": "n", "sink": kept["sink"]})).status_code == 500
            path = f"{ROUTE}/{changed['id']}"
            assert (await client.patch(path, json={"filters": [{"exact": {"type": "x"}}]})).status_code == 500
    keeper.kept.pop(trigger(removed))
    assert len(keeper.kept) == 3  # one without a row, one with filters its row does not have, one missing
    keeping.agreed_at = None
    async with caller(main.room, owner) as client:
        assert len((await client.get(ROUTE)).json()["items"]) == 3
    assert keeper.kept.keys() == {trigger(kept), trigger(changed), trigger(removed)}
    assert len(keeper.matching(about(owner))) == 3


async def test_an_event_for_nobody_brings_the_comparison_about(person, subscribe, keeper, keeping, send, about):
    owner = await person()
    made = await subscribe(owner)
    keeper.kept["subscription-orphan"] = {**keeper.kept[trigger(made)], "metadata": {"annotations": {}}}
    keeper.kept["ingestion-documents"] = {"metadata": {"annotations": {}}}
    keeping.agreed_at = None
    assert (await send(ids.new_id(), about(owner))).status_code == 204
    assert keeper.kept.keys() == {trigger(made), "ingestion-documents"}


async def test_a_process_compares_once_in_a_while_only(caller, person, keeping, keeper):
    owner = await person()
    async with caller(main.room, owner) as client:
        for _ in range(3):
            await client.get(ROUTE)
    assert keeper.calls.count(("list",)) == 1


async def test_a_keeper_that_is_away_is_asked_again_by_the_next_call(caller, person, keeping, keeper):
    owner = await person()
    keeper.down = True
    async with caller(main.room, owner) as client:
        assert (await client.get(ROUTE)).status_code == 200
        keeper.down = False
        assert (await client.get(ROUTE)).status_code == 200
    assert keeper.calls.count(("list",)) == 1


def tick(schedule):
    return CloudEvent(
        id=str(ids.new_id()),
        source="/apis/v1/namespaces/voiceassist/pingsources/subscriptions-hourly",
        type="dev.knative.sources.ping",
        datacontenttype="application/json",
        data=b"{}",
        extensions={"schedule": schedule},
    )


async def test_the_hourly_tick_compares_and_trims_the_log(
    deliver, person, subscribe, keeper, send, about, sink, database
):
    owner = await person()
    made = await subscribe(owner)
    assert (await send(made["id"], about(owner))).status_code == 204
    keeper.kept.clear()
    async with database.transaction(acting("test")) as connection:
        await connection.execute(
            text("update subscription_deliveries set created_at = now() - interval '31 days' where owner_id = :owner"),
            {"owner": owner.user_id},
        )
    assert await deliver(main.room, tick("another")) == 422
    assert await deliver(main.room, tick("subscriptions-hourly")) == 204
    assert trigger(made) in keeper.kept
    async with database.transaction(acting("test")) as connection:
        rows = await connection.execute(
            text("select 1 from subscription_deliveries where owner_id = :owner"), {"owner": owner.user_id}
        )
        assert rows.first() is None
    keeper.kept.clear()
    keeper.down = True
    assert await deliver(main.room, tick("subscriptions-hourly")) == 204
    keeper.down = False
    assert await deliver(main.room, tick("subscriptions-hourly")) == 204
    assert trigger(made) in keeper.kept


async def test_a_demoted_or_disabled_owner_loses_the_trigger(person, subscribe, keeping, keeper, database, about):
    admin, gone = await person("admin"), await person()
    mine, theirs = await subscribe(admin), await subscribe(gone)
    async with database.transaction(acting("test")) as connection:
        await connection.execute(text("update users set role = 'user' where id = :id"), {"id": admin.user_id})
        await connection.execute(text("update users set status = 'disabled' where id = :id"), {"id": gone.user_id})
    before = keeper.kept[trigger(mine)]["metadata"]["annotations"][SPEC_NOTE]
    assert await service.reconcile(keeping) == 2
    assert keeper.kept[trigger(mine)]["metadata"]["annotations"][SPEC_NOTE] != before
    assert not keeper.matching(about(gone))
    assert trigger(theirs) not in keeper.kept
    assert await service.reconcile(keeping) == 0


async def test_a_filter_that_is_no_longer_taken_does_not_stop_the_others(
    person, subscribe, keeping, keeper, monkeypatch
):
    owner = await person()
    bad, good = await subscribe(owner), await subscribe(owner)
    keeper.kept.clear()
    real = keeper.apply

    async def stricter(wanted):
        if wanted["metadata"]["name"] == trigger(bad):
            wanted = {**wanted, "spec": {**wanted["spec"], "filters": [{"cesql": "(("}]}}
        return await real(wanted)

    monkeypatch.setattr(keeper, "apply", stricter)
    assert await service.reconcile(keeping) == 2
    assert list(keeper.kept) == [trigger(good)]


async def test_comparing_waits_for_changes_under_way(caller, person, subscribe, keeping, keeper, monkeypatch):
    """Without the lock the comparison would meet a Trigger whose row is not committed yet, and delete it."""
    owner = await person()
    applied, go_on = asyncio.Event(), asyncio.Event()
    real = keeper.apply

    async def slow(wanted):
        kept = await real(wanted)
        applied.set()
        await go_on.wait()
        return kept

    monkeypatch.setattr(keeper, "apply", slow)
    creating = asyncio.create_task(subscribe(owner))
    await applied.wait()
    comparing = asyncio.create_task(service.reconcile(keeping))
    done, _ = await asyncio.wait({comparing}, timeout=0.5)
    assert not done
    go_on.set()
    made = await creating
    assert await comparing == 0
    assert list(keeper.kept) == [trigger(made)]


async def test_row_level_security_is_the_second_wall(person, subscribe, database):
    owner, other, elsewhere = await person(), await person(), await person("admin", tenant_id=ids.new_id())
    made = await subscribe(owner)
    for stranger in (other, elsewhere):
        async with database.transaction(stranger) as connection:
            assert await store.one(connection, made["id"]) is None
            assert not await store.change(connection, made["id"], {"name": "x"})
            assert not await store.remove(connection, made["id"])
    anybody = Principal("x", owner.tenant_id, "viewer")
    async with database.transaction(anybody) as connection:
        assert await store.listed(connection, None, 10) == []


async def test_a_database_that_is_away_is_503(caller, person, keeping, monkeypatch):
    owner = await person()

    def away(_self, _principal):
        raise UnavailableError("away", code="DATABASE_UNAVAILABLE")

    with monkeypatch.context() as patch:
        patch.setattr(type(keeping.database), "transaction", away)
        async with caller(main.room, owner) as client:
            assert (await client.get(ROUTE)).status_code == 503
