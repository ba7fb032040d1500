"""What changes in the directory is in force here within 60 seconds, by the schedule that stands in the wiring.

Time is driven: between two things to do the clock jumps to the next one, while something is done it goes on as it does.
The change comes at the worst moment, when the page with these people has just been read.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from events.broker import filters
from functions.users import main
from voiceassist.runtime import wiring
from voiceassist.runtime.host import pingsources, schedule
from voiceassist.runtime.host.schedule import Scheduler

MOST_SECONDS = 60.0


class Clock:
    """`sleep` waits until `jump` comes to its time; `busy` counts what does not sleep."""

    def __init__(self):
        self.start = datetime(2026, 11, 29, 12, 0, 7, tzinfo=UTC)
        self.jumped = 0.0
        self.began = time.monotonic()
        self.sleepers = []
        self.busy = 0

    def seconds(self):
        return self.jumped + time.monotonic() - self.began

    def now(self):
        return self.start + timedelta(seconds=self.seconds())

    async def sleep(self, seconds):
        if seconds <= 0:
            return
        woken = asyncio.Event()
        self.sleepers.append((self.seconds() + seconds, woken))
        self.busy -= 1
        await woken.wait()

    async def jump(self):
        while self.busy:
            await asyncio.sleep(0.005)
        first = min(self.sleepers, key=lambda one: one[0])
        self.sleepers.remove(first)
        self.jumped += max(0.0, first[0] - self.seconds())
        self.busy += 1
        first[1].set()


@pytest.mark.req("N47", "P2.8")
@pytest.mark.parametrize("look", [1, 2, 3])
async def test_a_change_in_the_directory_is_in_force_within_a_minute(site, redis, deliver, monkeypatch, look):
    here, clock = await site(), Clock()
    for uid in ("ada", "bob", "eve", "zoe"):  # three on the first page
        here.cloud.add(uid, "doctors")
    await here.run()
    cookie, _ = await here.sign_in("ada")
    changed = []

    def change(path, query):
        """When the second page of this look is asked for, the first has just been read."""
        if path.endswith("/details") and query["offset"] == "3" and here.cloud.pages().count(3) == look + 1:
            here.cloud.people["ada"].enabled = False
            here.cloud.people["bob"].groups = ["nurses"]
            here.cloud.add("abe", "nurses")
            changed.append(clock.seconds())

    here.cloud.before = change
    monkeypatch.setattr(schedule.random, "uniform", lambda _least, most: most)
    monkeypatch.setattr(main, "look_at_all", partial(main.look_at_all, sleep=clock.sleep, now=clock.seconds))
    found = wiring.load()
    (source,) = [one for one in found.ping_sources if one["metadata"]["name"] == main.MINUTELY]
    ticking = pingsources.read(source, "http://broker.test/voiceassist/default")
    under_way = set()

    async def broker(_sink, event):
        """Whoever's Trigger in the wiring lets the tick through is delivered to, beside the clock."""
        (trigger,) = [one for one in found.triggers if filters.of_trigger(one["spec"])(event.attributes())]
        assert trigger["spec"]["subscriber"]["ref"]["name"] == main.room.name
        clock.busy += 1
        task = asyncio.create_task(deliver(main.room, event))
        under_way.add(task)
        task.add_done_callback(lambda _: setattr(clock, "busy", clock.busy - 1))
        return 202

    async def in_force():
        people = await here.people()
        return (
            people["ada"][3] == "disabled" and people["bob"][2] == "nurse" and people.get("abe", "none")[3] == "active"
        )

    clock.busy = 1
    running = asyncio.create_task(Scheduler((ticking,), broker, now=clock.now, sleep=clock.sleep).run())
    try:
        while not changed or not await in_force():
            assert not changed or clock.seconds() - changed[0] <= MOST_SECONDS
            await clock.jump()
            while clock.busy:
                await asyncio.sleep(0.005)
        took = clock.seconds() - changed[0]
        assert await here.kept.read(cookie) is None
    finally:
        running.cancel()
        for task in under_way:
            task.cancel()
        await asyncio.gather(running, *under_way, return_exceptions=True)
    print(f"changed during look {look}: in force after {took:.1f} s")
    assert took <= MOST_SECONDS
