"""Accounts follow their directory: made, changed, locked, opened, buried; twice is once, and half an answer is none."""

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from functions.auth import accounts as local
from functions.auth import store
from functions.auth.domain import identity_of
from functions.auth.routes.accounts import desk
from functions.users import service as room_service
from functions.users.domain import Standing
from realtime.watch import SIGNED_OUT, Watch
from voiceassist.core import ids
from voiceassist.core.errors import ConflictError, UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import sessions
from voiceassist.runtime.settings import load_settings

pytestmark = pytest.mark.req("P2.8")


@pytest.fixture
async def watching(redis):
    """What the realtime service ends voice sessions by."""
    watch = Watch(redis, sessions.of(load_settings(), redis))
    yield watch
    for task in watch._tasks:
        task.cancel()
    await asyncio.gather(*watch._tasks, return_exceptions=True)


async def test_somebody_new_changes_role_and_name_and_each_is_on_record(site):
    here = await site()
    here.cloud.add("ada", "nurses", "cooks")
    report = await here.run()
    assert (report.outcome, report.listed, report.created) == ("done", 1, 1)
    assert await here.people() == {"ada": ("Ada", "user", "nurse", "active")}
    here.cloud.people["ada"].groups = ["nurses", "it"]
    assert (await here.run()).updated == 1
    assert await here.people() == {"ada": ("Ada", "admin", "", "active")}
    here.cloud.people["ada"].displayname = "Ada Byron"
    here.cloud.people["ada"].email = "ada.byron@hospital.example"
    assert (await here.run()).updated == 1
    assert await here.people() == {"ada": ("Ada Byron", "admin", "", "active")}
    user_id = str(await here.id_of("ada"))
    assert [one["change"] for one in await here.said(kind="user.synced")] == ["created", "updated", "updated"]
    assert await here.recorded(user_id) == ["user.created", "user.updated", "user.updated"]
    assert not {"Ada", "Byron", "ada"} & set(str(await here.said()).replace('"', " ").replace("'", " ").split())


@pytest.mark.req("N49")
async def test_who_is_disabled_there_is_out_here_session_voice_and_all(site, watching, caller):
    from functions.auth.main import room as auth

    here = await site()
    here.cloud.add("ada", "doctors")
    here.cloud.add("bob", "doctors")
    await here.run()
    (cookie, session), (kept, _) = await here.sign_in("ada"), await here.sign_in("bob")
    watch, ended = watching, asyncio.Event()
    codes = []

    def end(code):
        codes.append(code)
        ended.set()

    holder = await watch.admit(session.principal())
    async with caller(auth, session.principal()) as browser:
        with watch.over(holder, end):
            browser.cookies.set("__Host-va_session", cookie)
            assert (await browser.get("/api/v1/auth/sessions")).status_code == 200
            here.cloud.people["ada"].enabled = False
            started = time.monotonic()
            assert (await here.run()).disabled == 1
            await asyncio.wait_for(ended.wait(), 2)
            assert time.monotonic() - started < 3
        assert (await browser.get("/api/v1/auth/sessions")).status_code == 401
    assert codes[0] == SIGNED_OUT
    assert await here.kept.read(cookie) is None
    assert await here.kept.read(kept) is not None
    told = [one for one in await here.said(kind="user.disabled") if one["user_id"] == session.user_id]
    assert [(one["state"], one["by"], one["disabled_by"]) for one in told] == [
        ("disabled", "directory", "00000000-0000-0000-0000-000000000000")
    ]
    assert "user.disabled" in await here.recorded(session.user_id)


async def test_another_role_ends_what_was_opened_with_the_old_one(site, redis):
    here = await site()
    here.cloud.add("ada", "it")
    await here.run()
    cookie, _ = await here.sign_in("ada", "admin")
    here.cloud.people["ada"].displayname = "Ada B."
    await here.run()
    assert await here.kept.read(cookie) is not None  # a name gives nobody anything
    here.cloud.people["ada"].groups = ["nurses"]
    await here.run()
    assert await here.kept.read(cookie) is None


async def test_disabled_comes_back_enabled_but_not_whom_an_administrator_has_locked(site):
    here = await site()
    for uid in ("ada", "bob", "eve"):
        here.cloud.add(uid, "doctors")
    await here.run()
    await local.disable(here.admin, await here.id_of("bob"), at=desk())
    for uid in ("ada", "bob"):
        here.cloud.people[uid].enabled = False
    assert (await here.run()).disabled == 1  # bob was locked before
    with pytest.raises(ConflictError) as refused:
        await local.enable(here.admin, await here.id_of("ada"), at=desk())
    assert refused.value.code == "DISABLED_IN_DIRECTORY"
    for uid in ("ada", "bob"):
        here.cloud.people[uid].enabled = True
    report = await here.run()
    assert (report.enabled, report.updated) == (1, 1)
    assert {uid: person[3] for uid, person in (await here.people()).items()} == {
        "ada": "active", "bob": "disabled", "eve": "active",
    }  # fmt: skip
    await local.enable(here.admin, await here.id_of("bob"), at=desk())
    assert (await here.people())["bob"][3] == "active"


async def test_who_leaves_every_group_of_ours_is_locked_and_not_forgotten(site):
    here = await site()
    for uid in ("ada", "bob", "eve"):
        here.cloud.add(uid, "doctors")
    await here.run()
    here.cloud.people["ada"].groups = ["cooks"]
    assert (await here.run()).disabled == 1
    here.cloud.people["ada"].groups = ["nurses"]
    assert (await here.run()).enabled == 1
    assert (await here.people())["ada"] == ("Ada", "user", "nurse", "active")


async def test_who_is_deleted_there_leaves_a_tombstone_that_only_an_administrator_lifts(site, redis):
    here = await site()
    for uid in ("ada", "bob", "eve"):
        here.cloud.add(uid, "doctors")
    await here.run()
    old, (cookie, _) = await here.id_of("ada"), await here.sign_in("ada")
    del here.cloud.people["ada"]
    assert (await here.run()).deprovisioned == 1
    assert await here.kept.read(cookie) is None
    assert (await here.people())["ada"][3] == "deprovisioned"
    assert (await here.said(kind="user.disabled"))[-1]["state"] == "deprovisioned"
    assert (await here.run()).deprovisioned == 0
    here.cloud.add("ada", "it", displayname="Another Ada")
    for _ in range(2):  # and so it stays until somebody decides
        assert ((await here.run()).tombstones, (await here.people())["ada"][3]) == (1, "deprovisioned")
    await local.release(here.admin, old, at=desk())
    assert (await here.run()).created == 1
    assert await here.id_of("ada") != old
    assert (await here.people())["ada"] == ("Another Ada", "admin", "", "active")


async def test_a_second_run_writes_nothing_and_asks_the_accounts_nothing(site):
    here = await site()
    for uid in ("ada", "bob", "eve", "ida"):
        here.cloud.add(uid, "doctors")
    here.cloud.add("ken", "cooks")
    here.cloud.add("lou", hidden=True)
    await here.run()
    before, asked = await here.written(), []

    async def follow(*told):
        asked.append(told)
        return ()

    quiet = replace(here, kit=replace(here.kit, follow=follow))
    for _ in range(2):
        report = await quiet.run()
        assert (report.outcome, report.listed, report.untold, asked) == ("done", 6, 1, [])
    assert await here.written() == before
    assert (await here.run("request", full=True)).unchanged == 4  # everybody is compared, and nobody written
    after = await here.written()
    assert {table: after[table] for table in before} == before


@pytest.mark.parametrize("force", [False, True])
async def test_a_dry_run_tells_and_writes_nothing(site, force):
    here = await site()
    for uid in ("ada", "bob", "eve", "ida"):
        here.cloud.add(uid, "doctors")
    await here.run()
    report_before = await here.rows("select report::text from directory_reports")
    before = await here.written()
    here.cloud.people["ada"].enabled = False
    here.cloud.people["bob"].groups = ["nurses"]
    del here.cloud.people["eve"]
    here.cloud.add("new", "nurses")
    report = await here.run("request", dry_run=True, force=force)
    assert {one.uid: one.change for one in report.changes} == {
        "ada": "disable", "bob": "update", "eve": "deprovision", "new": "create",
    }  # fmt: skip
    assert (report.outcome, report.locked, report.created, report.groups_missing) == ("done", 2, 0, ("it",))
    assert await here.written() == before
    assert await here.rows("select report::text from directory_reports") == report_before


async def test_an_answer_that_locks_out_too_many_is_not_followed_and_told_once(site):
    here = await site()
    for number in range(10):
        here.cloud.add(f"u{number}", "doctors")
    await here.run()
    before = await here.people()
    for number in range(4):
        here.cloud.people[f"u{number}"].enabled = False
    here.cloud.people["u9"].displayname = "Renamed"
    for _ in range(2):
        report = await here.run()
        assert (report.outcome, report.code, report.active, report.locked) == ("held", "TOO_MANY_LOCKED", 10, 4)
    assert await here.people() == before  # nothing of it, not even the name
    assert [(one["code"], one["locked"]) for one in await here.said(kind="directory.held")] == [("TOO_MANY_LOCKED", 4)]
    assert (await here.recorded("directory.held")).count("directory.held") == 1
    report = await here.run("request", force=True, by=here.admin)
    assert (report.outcome, report.disabled, report.updated) == ("done", 4, 1)
    assert await here.recorded(str(report.run_id)) == ["directory.synced"]
    here.cloud.people.clear()
    assert ((await here.run()).code, (await here.run("request", force=True)).code) == ("EMPTY_ANSWER", "EMPTY_ANSWER")
    assert len(await here.said(kind="directory.held")) == 2
    assert [person[3] for person in (await here.people()).values()].count("active") == 6


async def test_a_directory_that_fails_between_pages_changes_nothing(site):
    here = await site()
    for number in range(7):
        here.cloud.add(f"u{number}", "doctors")
    here.cloud.fail_at = 6
    report = await here.run()
    assert (report.outcome, report.code, await here.people()) == ("failed", "DIRECTORY_FAILED", {})
    here.cloud.fail_at = None
    assert (await here.run()).created == 7
    for fault in (b"<html>", b'{"ocs":{"meta":{"statuscode":200},"data":{"users":{"u1":{"id":"u1"'):
        here.cloud.broken = fault
        assert (await here.run()).code == "DIRECTORY_UNREADABLE"
    assert {person[3] for person in (await here.people()).values()} == {"active"}


async def test_a_crash_between_two_portions_is_made_up_and_nothing_done_twice(site, monkeypatch):
    monkeypatch.setattr(room_service, "MOST_PEOPLE", 3)
    here = await site()
    for number in range(8):
        here.cloud.add(f"u{number}", "doctors")
    calls = 0

    async def crashing(*told):
        nonlocal calls
        calls += 1
        done = await here.kit.follow(*told)
        if calls == 2:  # done, and nobody hears of it
            raise UnavailableError(code="ACCOUNTS_UNAVAILABLE")
        return done

    report = await replace(here, kit=replace(here.kit, follow=crashing)).run()
    assert (report.outcome, report.created, len(await here.people())) == ("failed", 3, 6)
    report = await here.run()
    assert (report.created, report.unchanged, len(await here.people())) == (2, 3, 8)
    assert len(await here.said(kind="user.synced")) == 8


async def test_who_slips_between_two_pages_is_not_buried(site):
    here = await site()
    for number in range(9):
        here.cloud.add(f"u{number}", "doctors")
    await here.run()

    def delete_one(_path, query):
        if query.get("offset") == "3":
            here.cloud.people.pop("u0", None)  # u3 moves to the page that was read already

    here.cloud.before = delete_one
    assert (await here.run()).outcome == "done"
    assert {person[3] for person in (await here.people()).values()} == {"active"}
    assert (await here.run()).deprovisioned == 1
    assert [uid for uid, person in (await here.people()).items() if person[3] == "deprovisioned"] == ["u0"]


async def test_administrators_of_our_own_are_never_touched(site):
    here = await site()
    async with here.database.transaction(service("test", here.directory.tenant_id)) as connection:
        await connection.execute(
            text(
                "insert into users (id, tenant_id, iss, sub, display_name, role, granted_role)"
                " values (:id, :tenant, :iss, 'root', 'Root', 'admin', 'admin')"
            ),
            {"id": ids.new_id(), "tenant": here.directory.tenant_id, "iss": here.directory.issuer},
        )
    for uid in ("ada", "bob", "eve"):
        here.cloud.add(uid, "doctors")
    for change in ({"groups": ["nurses"]}, {"enabled": False}, None):
        if change is None:
            del here.cloud.people["root"]
        else:
            here.cloud.add("root", **change) if "groups" not in change else here.cloud.add("root", *change["groups"])
        assert (await here.run()).outcome == "done"
        assert (await here.people())["root"] == ("Root", "admin", "", "active")
    ((issuer,),) = await here.rows("select iss from users where id = :id", id=here.admin.user_id)
    assert issuer != here.directory.issuer
    assert (await here.rows("select status from users where id = :id", id=here.admin.user_id)) == [("active",)]


async def test_each_tenant_follows_its_own_directory(site):
    one, two = await site(), await site()
    one.cloud.add("ada", "doctors")
    two.cloud.add("ada", "it", displayname="Other Ada")
    two.cloud.add("bob", "doctors")
    assert ((await one.run()).created, (await two.run()).created) == (1, 2)
    assert await one.people() == {"ada": ("Ada", "user", "physician", "active")}
    assert (await two.people())["ada"] == ("Other Ada", "admin", "", "active")
    two.cloud.people["ada"].enabled = False
    await two.run()
    assert (await one.people())["ada"][3] == "active"
    # An issuer that another tenant's people have, too, by a mistake of the settings: nobody is taken over.
    stray = replace(one, directory=replace(one.directory, issuer=two.directory.issuer))
    assert (await stray.run()).elsewhere == 1
    assert (await two.people())["ada"][0] == "Other Ada"


async def test_the_directory_decides_the_role_whatever_the_issuer_tells(site):
    here = await site()
    here.cloud.add("ada", "nurses")
    await here.run()
    claims = {"iss": here.directory.issuer, "sub": "ada", "name": "Ada", "roles": ["admin"]}
    async with here.database.transaction(service("auth", here.directory.tenant_id)) as connection:
        came = await store.upsert(connection, here.directory.tenant_id, identity_of(claims))
    assert (came.role, came.profile, came.active) == ("user", "nurse", True)


async def test_a_directory_that_asks_for_patience_gets_it(site):
    here = await site()
    here.cloud.add("ada", "doctors")
    here.cloud.busy = 600
    assert (await here.run()).code == "DIRECTORY_BUSY"
    here.cloud.busy, asked = None, len(here.cloud.asked)
    assert (await here.run()).outcome == "waiting"
    assert len(here.cloud.asked) == asked
    assert (await here.run("request")).created == 1  # a person may ask all the same


async def test_only_one_run_follows_a_directory_at_a_time(site, monkeypatch):
    here = await site()
    here.cloud.add("ada", "doctors")
    here.cloud.delay = 0.3
    first, second = await asyncio.gather(here.run(), here.run())
    assert sorted([first.outcome, second.outcome]) == ["busy", "done"]
    # A person waits for the end of a run, though not for ever.
    others = [here.run("request"), here.run("request"), here.run()]
    assert [one.outcome for one in await asyncio.gather(*others)][:2] == ["done", "done"]
    monkeypatch.setattr(room_service, "PATIENCE", 0.1)
    first, second = await asyncio.gather(here.run("request"), here.run("request"))
    assert sorted([first.outcome, second.outcome]) == ["busy", "done"]


async def test_a_thousand_people_come_in_pages(site):
    here = await site(page=200, default=Standing("viewer"))
    for number in range(1_000):
        here.cloud.add(f"u{number:04}", "doctors" if number % 2 else "cooks")
    started = time.monotonic()
    assert (await here.run()).created == 1_000
    first, started = time.monotonic() - started, time.monotonic()
    assert here.cloud.pages() == [0, 200, 400, 600, 800, 1_000]
    assert (await here.run()).outcome == "done"
    again = time.monotonic() - started
    print(f"1,000 people: {first:.1f} s to make, {again:.2f} s to look at again")
    rows = await here.rows("select role, count(*) from users where from_directory group by role order by role")
    assert [tuple(row) for row in rows] == [("user", 500), ("viewer", 500)]
    assert again < 5


async def test_random_edits_end_in_what_the_directory_says(site):
    import random

    here, dice = await site(most_locked_percent=100), random.Random(47)
    for number in range(12):
        here.cloud.add(f"u{number}", "doctors")
    await here.run()
    for _ in range(25):
        for uid in dice.sample(sorted(here.cloud.people), 3):
            person = here.cloud.people[uid]
            match dice.randrange(4):
                case 0:
                    person.enabled = not person.enabled
                case 1:
                    person.groups = dice.choice([["doctors"], ["nurses"], ["it", "cooks"], ["cooks"], []])
                case 2:
                    person.displayname = f"Name {dice.randrange(100)}"
                case _:
                    here.cloud.fail_at = dice.choice([None, 0, 3, 6])
        await here.run()
        here.cloud.fail_at = None
    await here.run()
    people = await here.people()
    for uid, person in here.cloud.people.items():
        standing = here.directory.standing(person.groups)
        name, role, profile, status = people[uid]
        assert status == ("active" if person.enabled and standing else "disabled"), uid
        assert name == person.displayname
        if status == "active":
            assert (role, profile) == (standing.role, standing.profile)
