"""The doors: look now, look without writing, read the report, and be told by Nextcloud that somebody changed."""

import json
import time
from dataclasses import replace

import pytest

from events.catalog import Ping
from events.envelope import CloudEvent
from functions.users import main
from voiceassist.core import ids
from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import Principal
from voiceassist.runtime import metrics

ROUTE = "/api/v1/users/directory"


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def at_desk(admin, *, seconds_ago=10.0):
    return replace(admin, second_factor_at=time.time() - seconds_ago)


def by_key(admin, *scopes):
    return replace(admin, scopes=frozenset(scopes or {"users:operate"}), second_factor_at=0.0)


async def test_an_administrator_looks_now_with_a_fresh_factor(site, door):
    here = await site()
    for uid in ("ada", "bob", "eve"):
        here.cloud.add(uid, "doctors")
    desk, late = door(at_desk(here.admin)), door(at_desk(here.admin, seconds_ago=301))
    refused(await desk.get(ROUTE), 404, "NO_REPORT")
    shown = (await late.post(f"{ROUTE}/dry-run")).json()
    assert [(one["uid"], one["change"]) for one in shown["changes"]] == [
        ("ada", "create"), ("bob", "create"), ("eve", "create"),
    ]  # fmt: skip
    assert await here.people() == {}
    refused(await late.post(f"{ROUTE}/sync", json={}), 401, "STEP_UP_REQUIRED")
    report = (await desk.post(f"{ROUTE}/sync", json={})).json()
    assert (report["outcome"], report["created"], report["why"]) == ("done", 3, "request")
    assert (await late.get(ROUTE)).json() == report
    assert await here.recorded(report["run_id"]) == ["directory.synced"]


async def test_force_is_what_it_takes_to_lock_out_many(site, door):
    here = await site()
    for number in range(6):
        here.cloud.add(f"u{number}", "doctors")
    await here.run()
    for person in here.cloud.people.values():
        person.enabled = False
    desk = door(at_desk(here.admin))
    assert (await desk.post(f"{ROUTE}/sync", json={})).json()["outcome"] == "held"
    assert (await desk.post(f"{ROUTE}/sync", json={"force": True})).json()["disabled"] == 6
    refused(await desk.post(f"{ROUTE}/sync", json={"force": True, "delete": True}), 400, "VALIDATION_ERROR")


async def test_where_no_directory_is_followed_there_is_none(person, door):
    admin = await person("admin", ids.new_id())
    for method, path, body in (("GET", "", None), ("POST", "/dry-run", None), ("POST", "/sync", {})):
        refused(await door(at_desk(admin)).request(method, ROUTE + path, json=body), 404, "NO_DIRECTORY")


async def test_a_notice_names_somebody_and_only_the_directory_is_believed(site, door):
    here = await site()
    here.cloud.add("ada", "nurses")
    here.cloud.add("bob", "doctors")
    nextcloud = door(by_key(here.admin))
    lie = {
        "event": {"class": "OCP\\User\\Events\\UserChangedEvent", "user": {"uid": "ada", "displayName": "Root"},
                  "feature": "enabled", "value": False, "groups": ["it"]},
        "user": {"uid": "bob"}, "time": 1700000000,
    }  # fmt: skip
    assert (await nextcloud.post(f"{ROUTE}/changed", json=lie)).status_code == 204
    assert await here.people() == {"ada": ("Ada", "user", "nurse", "active")}  # and of bob nobody was asked
    before = await here.written()
    for uid in ("ada", "never-there"):
        assert (await nextcloud.post(f"{ROUTE}/changed", json={"uid": uid})).status_code == 204
    assert await here.written() == before
    # A notice about nobody makes it look at everybody.
    assert (await nextcloud.post(f"{ROUTE}/changed", json={"event": {"class": "X"}})).status_code == 204
    assert (await here.people()).keys() == {"ada", "bob"}


async def test_a_notice_locks_out_at_once_and_is_no_way_around_the_guard(site, door):
    here = await site()
    for number in range(10):
        here.cloud.add(f"u{number}", "doctors")
    await here.run()
    nextcloud = door(by_key(here.admin))
    here.cloud.people["u0"].enabled = False
    del here.cloud.people["u1"]
    assert (await nextcloud.post(f"{ROUTE}/changed", json={"uid": "u0"})).status_code == 204
    states = {uid: person[3] for uid, person in (await here.people()).items()}
    assert (states["u0"], states["u1"]) == ("disabled", "deprovisioned")
    for number in range(2, 8):
        here.cloud.people[f"u{number}"].enabled = False
    for number in range(2, 8):
        assert (await nextcloud.post(f"{ROUTE}/changed", json={"uid": f"u{number}"})).status_code == 204
    assert [person[3] for person in (await here.people()).values()].count("active") == 8
    assert (await door(at_desk(here.admin)).get(ROUTE)).json()["outcome"] == "held"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"event": 7}', 400),
        (b'{"uid": 7}', 400),
        (b'{"uid": ""}', 400),
        (json.dumps({"uid": "a" * 65}).encode(), 400),
        (json.dumps({"uid": "a\nb"}).encode(), 400),
        (b'{"uid": "a", "fill": "' + b"x" * 65_536 + b'"}', 413),
    ],
)
async def test_what_is_no_notice_asks_the_directory_nothing(site, door, content, status):
    here = await site()
    answer = await door(by_key(here.admin)).post(
        f"{ROUTE}/changed", content=content, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, here.cloud.asked) == (status, [])


async def test_only_an_administrators_key_with_the_scope_brings_notices(site, door, person):
    here = await site()
    tenant = here.directory.tenant_id
    clinician = await person("user", tenant)
    for who in (by_key(here.admin, "kb:read"), by_key(here.admin, "events:operate"), clinician, by_key(clinician)):
        answer = await door(who).post(f"{ROUTE}/changed", json={"uid": "ada"})
        refused(answer, 403, "FORBIDDEN")
    refused(await door(by_key(here.admin)).post(f"{ROUTE}/sync", json={}), 403, "FORBIDDEN")
    assert here.cloud.asked == []


async def test_nobody_but_this_room_tells_the_accounts_what_a_directory_says(site, caller):
    from functions.auth.main import room as auth
    from voiceassist.core.identity import service

    here = await site()
    person = {"sub": "mallory", "role": "admin", "state": "active"}
    body = {"issuer": here.directory.issuer, "people": [person]}
    for who in (
        at_desk(here.admin),
        by_key(here.admin),
        service("gateway", here.directory.tenant_id),  # whoever comes from outside without credentials
        service("ingestion", here.directory.tenant_id),
        Principal("users", here.directory.tenant_id, "user"),
    ):
        async with caller(auth, who) as client:
            refused(await client.post("/api/v1/auth/directory", json=body), 403, "FORBIDDEN")
    assert await here.people() == {}
    async with caller(auth, service("users", ids.new_id())) as client:
        refused(await client.post("/api/v1/auth/directory", json=body), 404, "NO_TENANT")


def tick(schedule=main.MINUTELY):
    return CloudEvent(
        id=str(ids.new_id()), source="/apis/v1/namespaces/voiceassist/pingsources/users-minutely", type=Ping.TYPE,
        data=b"{}", datacontenttype="application/json", extensions={"schedule": schedule},
    )  # fmt: skip


async def test_a_tick_looks_at_every_directory_twice(site, deliver, monkeypatch):
    one, two = await site(), await site()
    one.cloud.add("ada", "doctors")
    two.cloud.busy = 600
    monkeypatch.setattr(main, "LOOKS", (0.0, 0.2))
    assert await deliver(main.room, tick("another")) == 422
    assert await deliver(main.room, tick()) == 204
    assert one.cloud.pages() == [0, 3, 0, 3]
    assert len(two.cloud.pages()) == 1  # it asked for patience
    assert (await one.people()).keys() == {"ada"}


async def test_settings_that_cannot_be_used_are_counted_and_make_no_dead_letters(deliver, monkeypatch):
    def unusable():
        raise SettingsError("The setting VOICEASSIST_NEXTCLOUD__URL is no https address.")

    monkeypatch.setattr(main, "followed", unusable)
    counter = metrics.DIRECTORY_RUNS.labels("misconfigured")
    before = counter._value.get()
    assert await deliver(main.room, tick()) == 204
    assert counter._value.get() == before + 1
