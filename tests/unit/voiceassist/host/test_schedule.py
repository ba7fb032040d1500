"""Ticks by a clock that is made up: due, late, lost, and a clock that is set."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from voiceassist.runtime.host import schedule as scheduling
from voiceassist.runtime.host.pingsources import read
from voiceassist.runtime.host.schedule import Scheduler, Ticker

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def every(cron, name="job"):
    spec = {"schedule": cron, "timezone": "Etc/UTC", "sink": {"ref": {"kind": "Broker", "name": "default"}}}
    return read({"metadata": {"name": name}, "spec": spec}, "http://broker.test/voiceassist/default")


def looks(ticker, *moments):
    return [ticker.look(moment) for moment in moments]


def test_a_tick_comes_once_when_it_is_due():
    ticker = Ticker(every("*/5 * * * *"), START)
    assert looks(ticker, START, START + 4 * MINUTE, START + 5 * MINUTE, START + 5 * MINUTE, START + 6 * MINUTE) == [
        False, False, True, False, False,
    ]  # fmt: skip
    assert ticker.due == START + 10 * MINUTE


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(hours=3), timedelta(days=400)])
def test_a_clock_that_jumps_forward_gives_one_tick(ahead):
    ticker = Ticker(every("*/5 * * * *"), START)
    after = START + ahead
    assert looks(ticker, after, after, after + timedelta(seconds=1)) == [True, False, False]
    assert after < ticker.due <= after + 5 * MINUTE


def test_a_clock_that_goes_back_gives_no_storm_and_no_silence():
    ticker = Ticker(every("*/5 * * * *"), START)
    assert ticker.look(START + 5 * MINUTE)
    back = START - timedelta(days=1)
    assert looks(ticker, back, back + MINUTE) == [False, False]
    assert ticker.due == back + 5 * MINUTE  # it does not wait a day for the old time to come again
    assert ticker.look(back + 5 * MINUTE)


def test_a_clock_that_is_kept_right_does_not_tick_twice():
    ticker = Ticker(every("*/5 * * * *"), START)
    due = START + 5 * MINUTE
    assert looks(ticker, due, due - timedelta(seconds=2), due, due + timedelta(seconds=1)) == [
        True,
        False,
        False,
        False,
    ]


class Clock:
    """Time that passes only while somebody sleeps; the run ends when it reaches `until`."""

    class EndedError(Exception):
        pass

    def __init__(self, until):
        self.time, self.until = START, until

    def now(self):
        return self.time

    async def sleep(self, seconds):
        self.time += timedelta(seconds=max(seconds, 0.001))
        await asyncio.sleep(0)
        if self.time > self.until:
            raise self.EndedError


async def ran(schedules, until, answers=None):
    """Events sent until then, with the minute of each."""
    clock, sent = Clock(until), []
    left = iter(answers or ())

    async def send(sink, event):
        sent.append((clock.time, sink, event))
        return next(left, 202)

    with pytest.raises(ExceptionGroup) as caught:
        await Scheduler(schedules, send, now=clock.now, sleep=clock.sleep).run()
    assert caught.group_contains(Clock.EndedError)
    return sent


async def test_it_sends_each_tick_to_its_broker_a_moment_late():
    sent = await ran((every("*/10 * * * *"),), START + timedelta(minutes=35))
    assert [moment.replace(second=0, microsecond=0) for moment, _, _ in sent] == [
        START + timedelta(minutes=minutes) for minutes in (10, 20, 30)
    ]
    assert all(moment.second + moment.microsecond / 1e6 <= scheduling.LATE_SECONDS + 0.01 for moment, _, _ in sent)
    assert {sink for _, sink, _ in sent} == {"http://broker.test/voiceassist/default"}
    assert len({event.id for _, _, event in sent}) == 3


async def test_a_broker_that_is_away_for_a_moment_gets_the_same_event():
    sent = await ran((every("0 13 * * *"),), START + timedelta(hours=2), answers=[0, 503, 429, 202])
    assert len(sent) == 4
    assert len({event.id for _, _, event in sent}) == 1


async def test_a_tick_nobody_takes_is_lost_and_the_next_one_comes():
    lost = scheduling.TRIES
    sent = await ran((every("0 * * * *"),), START + timedelta(hours=2, minutes=30), answers=[503] * lost)
    assert [event.id for _, _, event in sent[:lost]] == [sent[0][2].id] * lost
    assert len(sent) == lost + 1
    assert sent[-1][0].hour == 14


async def test_schedules_run_side_by_side():
    sent = await ran((every("5 * * * *", "one"), every("7 * * * *", "two")), START + timedelta(minutes=20))
    assert {event.source.rpartition("/")[2] for _, _, event in sent} == {"one", "two"}


async def test_without_schedules_it_ends():
    await Scheduler(()).run()
