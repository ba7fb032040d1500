"""The adapter that keeps Triggers, at the broker itself: what is applied over it is in force."""

from uuid import UUID

import pytest

from functions.subscriptions.domain import SPEC_NOTE, Patience, Subscription, trigger_of
from voiceassist.adapters.kubernetes import KubernetesTriggers, TriggerRefusedError
from voiceassist.core.errors import UnavailableError

from .conftest import event

TENANT = UUID("01900000-0000-7000-8000-000000000001")
OWNER = UUID("01900000-0000-7000-8000-0000000000a1")
ID = UUID("0199a3c2-8e2f-7b51-8c7f-4e2d3b5c6a78")
NAME = f"subscription-{ID}"
ROOM = f"subscriptions/deliver/{ID}"
OURS = {"tenantid": str(TENANT), "ownerid": str(OWNER)}


def wanted(*filters):
    one = Subscription(ID, TENANT, OWNER, "https://sink.example.org", list(filters), True, True, sees_tenant=False)
    return trigger_of(one, Patience(2, "PT0.05S", "PT300S"))


@pytest.fixture
async def keeper(broker):
    made = KubernetesTriggers(
        broker.url, "voiceassist", bearer=lambda: broker.token()["authorization"].removeprefix("Bearer ")
    )
    yield made
    await made.close()


async def test_a_trigger_that_is_applied_is_kept_and_delivered_to(broker, keeper, subscriber):
    broker.wire()
    await broker.start()
    assert await keeper.get(NAME) is None
    trigger = wanted({"prefix": {"type": "test."}})
    kept = await keeper.apply(trigger)
    assert (kept.name, kept.ready) == (NAME, True)
    assert kept.annotations[SPEC_NOTE] == trigger["metadata"]["annotations"][SPEC_NOTE]
    assert await keeper.get(NAME) == kept
    assert await keeper.listed() == [kept]
    await broker.say(event(1, extensions=OURS), event(2), event(3, extensions=OURS | {"ownerid": str(ID)}))
    (heard,) = await subscriber.wait_for(1, room=ROOM)
    assert heard.id == "1"

    await keeper.apply(wanted({"exact": {"type": "test.other"}}))
    await broker.say(event(4, extensions=OURS), event(5, type="test.other", extensions=OURS))
    assert [one.id for one in await subscriber.wait_for(2, room=ROOM)] == ["1", "5"]

    await keeper.delete(NAME)
    await keeper.delete(NAME)
    assert await keeper.listed() == []
    await broker.say(event(6, type="test.other", extensions=OURS))
    await broker.settled()
    assert len(subscriber.events(ROOM)) == 2


async def test_filters_that_no_broker_takes_are_refused_and_change_nothing(broker, keeper):
    await broker.start()
    good = await keeper.apply(wanted({"cesql": "type LIKE 'test.%'"}))
    for bad in ({"cesql": "type ="}, {"exact": {"1": "x"}}):
        with pytest.raises(TriggerRefusedError):
            await keeper.apply(wanted(bad))
    assert await keeper.get(NAME) == good


async def test_triggers_of_the_wiring_are_read_and_not_touched(broker, keeper):
    await broker.start()
    assert "all" in [kept.name for kept in await keeper.listed()]
    with pytest.raises(UnavailableError):
        await keeper.delete("all")
    declared = wanted()
    declared["metadata"]["name"] = "all"
    with pytest.raises(UnavailableError):
        await keeper.apply(declared)


async def test_a_broker_that_is_away_or_refuses_us_is_unavailable(broker, keeper):
    with pytest.raises(UnavailableError) as away:
        await keeper.listed()
    assert away.value.code == "TRIGGERS_UNAVAILABLE"
    await broker.start()
    stranger = KubernetesTriggers(broker.url, "voiceassist", bearer=lambda: "nonsense")
    for call in (stranger.listed(), stranger.get(NAME), stranger.delete(NAME), stranger.apply(wanted())):
        with pytest.raises(UnavailableError):
            await call
    await stranger.close()
