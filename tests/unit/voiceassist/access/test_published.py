"""A published policy is taken over within a second, and only one that is whole, ours and newer."""

import json
import time
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.ports.policy import PolicyError
from voiceassist.runtime.access import Guard, asked, bundle_path, bundles, guard, guarding, notes
from voiceassist.runtime.access.guarding import Newer, engine_of
from voiceassist.runtime.settings import Access, Settings

KEY, STRANGER = "11" * 32, "22" * 32
BUNDLE = bundles.packaged()
USER = UUID("01900000-0000-7000-8000-000000000011")
VIEWER = Principal(subject=str(USER), tenant_id=DEFAULT_TENANT, role="viewer", user_id=USER)


def generous():
    table = json.loads(BUNDLE.data["permissions.json"])
    table["permissions"]["duties"]["viewer"]["actions"].append("question.ask")
    return replace(BUNDLE, data={"permissions.json": json.dumps(table)})


@pytest.fixture
def place(tmp_path):
    return tmp_path / "policies/bundle.json"


@pytest.fixture
def watching(place, monkeypatch):
    monkeypatch.setattr(guarding, "LOOK_EVERY", 0.0)
    chosen = Access(signing_key=KEY)
    return Guard(engine_of(BUNDLE, chosen), seconds=1, newer=Newer(place, chosen))


async def allows(guard):
    return (await guard.decide(asked(VIEWER, "question.ask", now=time.time()))).allow


@pytest.mark.req("P7.3")
async def test_what_is_published_counts_at_once_and_going_back_too(watching, place):
    assert not await allows(watching)
    bundles.publish(place, 1, generous(), signing_key=KEY)
    assert await allows(watching)
    assert watching.revision == generous().revision
    bundles.publish(place, 2, BUNDLE, signing_key=KEY)
    assert not await allows(watching)
    assert place.stat().st_mode & 0o777 == 0o600


@pytest.mark.req("N46")
async def test_publishing_takes_effect_within_five_seconds(place):
    chosen = Access(signing_key=KEY)
    made = Guard(engine_of(BUNDLE, chosen), seconds=1, newer=Newer(place, chosen))
    assert not await allows(made)
    bundles.publish(place, 1, generous(), signing_key=KEY)
    started = time.monotonic()
    while not await allows(made):
        assert time.monotonic() - started < 5
        time.sleep(0.05)


def spoilt(place):
    """Ways in which a file is not what was published."""
    whole = place.read_bytes()
    told = json.loads(whole)
    other = told | {"data": generous().data}
    yield whole[:-20]
    yield b"{}"
    yield json.dumps(told | {"number": 99}).encode()
    yield json.dumps(other | {"number": 99}).encode()
    yield json.dumps(told | {"signature": ""}).encode()
    yield json.dumps(told | {"more": 1}).encode()
    yield b" " * (bundles.LARGEST + 1)


async def test_a_file_that_was_touched_is_refused_and_the_last_good_one_stays(watching, place):
    bundles.publish(place, 5, BUNDLE, signing_key=KEY)
    assert not await allows(watching)
    good = watching.revision
    for content in list(spoilt(place)):
        place.write_bytes(content)
        assert not await allows(watching)
        assert watching.revision == good
    bundles.publish(place, 9, generous(), signing_key=STRANGER)
    assert not await allows(watching)
    bundles.publish(place, 4, generous(), signing_key=KEY)  # older than the one in force
    assert not await allows(watching)
    broken = replace(BUNDLE, modules={"authz.rego": "package voiceassist.authz\n{"})
    bundles.publish(place, 10, broken, signing_key=KEY)
    assert not await allows(watching)
    assert watching.revision == good
    place.unlink()
    assert not await allows(watching)
    bundles.publish(place, 11, generous(), signing_key=KEY)
    assert await allows(watching)


def test_without_a_key_nothing_is_published_or_believed(place):
    with pytest.raises(PolicyError):
        bundles.publish(place, 1, BUNDLE, signing_key="")
    bundles.publish(place, 1, BUNDLE, signing_key=KEY)
    for key in ("", "zz", bundles.public_of(STRANGER)):
        with pytest.raises(PolicyError):
            bundles.published(place, public_key=key)
    assert bundles.published(place, public_key=bundles.public_of(KEY)).bundle == BUNDLE
    assert bundles.public_of("no key") == ""


def test_where_the_file_is():
    assert bundle_path(Settings()) is None
    assert str(bundle_path(Settings(data_dir="/data"))) == "/data/policies/bundle.json"
    assert str(bundle_path(Settings(data_dir="/data", access=Access(bundle="/x/y")))) == "/x/y"
    assert guard() is guard()


class Store:
    def __init__(self, *, broken=False):
        self.kept, self.broken, self.calls = {}, broken, 0

    async def hlen(self, key):
        self.calls += 1
        if self.broken:
            raise OSError
        return len(self.kept.get(key, {}))

    async def hset(self, key, name, body):
        self.kept.setdefault(key, {})[name] = body

    async def expire(self, key, seconds):
        assert seconds == notes.KEEP_SECONDS

    async def hvals(self, key):
        if self.broken:
            raise OSError
        return list(self.kept.get(key, {}).values())


async def test_a_shape_is_noted_once_an_hour_and_tells_no_person():
    redis, clock = Store(), [1000.0]
    made = notes.Notes(redis, now=lambda: clock[0])
    person = Principal(
        subject=str(USER), tenant_id=DEFAULT_TENANT, role="user", user_id=USER, profile="nurse",
        name="Robin Hale", second_factor_at=990.0,
    )  # fmt: skip
    await made.note(person, "question.ask", "TREAT")
    await made.note(replace(person, subject="other", name="x"), "question.ask", "TREAT")
    await made.note(person, "question.ask", "Zebulon Quackenbush")
    assert redis.calls == 2
    clock[0] += notes.EVERY_SECONDS
    await made.note(person, "question.ask", "TREAT")
    assert redis.calls == 3
    told = await notes.read(redis, DEFAULT_TENANT)
    assert str(USER) not in json.dumps(told)
    assert {one["purpose"] for one in told} == {"TREAT", "other"}
    decided = await Guard(engine_of(BUNDLE, Access()), seconds=1).decide(
        next(one for one in told if one["purpose"] == "TREAT")
    )
    assert decided.allow


async def test_a_store_that_is_away_stops_nobody():
    redis = Store(broken=True)
    await notes.Notes(redis).note(VIEWER, "question.ask", "")
    assert await notes.read(redis, DEFAULT_TENANT) == []
    assert msgspec.json.encode(notes.shape(VIEWER, "question.ask", "", now=1.0))
