"""Schedules on this machine: what Knative's PingSource adapter does in a cluster.

A tick is up to half a second late, so that not all schedules fall on one instant, and is tried six times within
seconds; after that it is lost, as is every tick while no host runs. So a job must bear to be skipped once. It must bear
to run twice, too: two hosts with `host.schedules` are two clocks that know nothing of each other, and their events have
different ids.

A clock that jumps forward gives one tick, however many were jumped over; one that goes back gives none at once, and
goes on from the new time.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from events.envelope import CloudEvent, encode_binary
from voiceassist.core import clock
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import http, logging, tracing
from voiceassist.runtime.host.pingsources import Schedule
from voiceassist.runtime.workloads import BROKER, GATEWAY

log = logging.get_logger(__name__)

NAP_SECONDS = 15.0  # how soon a clock that was set is noticed
SET_BACK = timedelta(minutes=1)  # less is a clock that is being kept right
LATE_SECONDS = 0.5
TRIES = 6
BACKOFF_SECONDS = 0.05
ANSWER_SECONDS = 5.0
ACCEPTED = range(200, 300)

Send = Callable[[str, CloudEvent], Awaitable[int]]


class Ticker:
    """When one schedule is due, by a clock that may be set. Pure: the time is passed in."""

    def __init__(self, schedule: Schedule, now: datetime) -> None:
        self._schedule = schedule
        self._seen = now
        self.due = schedule.after(now)

    def look(self, now: datetime) -> bool:
        """Whether a tick is due now; then the next one is later than now."""
        if now < self._seen - SET_BACK:
            self.due = self._schedule.after(now)
        self._seen = now
        if now < self.due:
            return False
        self.due = self._schedule.after(now)
        return True


class Scheduler:
    """Runs schedules side by side; what stands around them (time, sleep, network) is passed in."""

    def __init__(
        self,
        schedules: tuple[Schedule, ...],
        send: Send | None = None,
        *,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._schedules = schedules
        self._send = send or post
        self._now = now
        self._sleep = sleep

    async def run(self) -> None:
        """For ever, where there is a schedule."""
        async with asyncio.TaskGroup() as group:
            for schedule in self._schedules:
                group.create_task(self._keep(schedule))

    async def _keep(self, schedule: Schedule) -> None:
        ticker = Ticker(schedule, self._now())
        while True:
            left = (ticker.due - self._now()).total_seconds()
            await self._sleep(min(max(left, 0.0), NAP_SECONDS))
            if ticker.look(self._now()):
                await self._sleep(random.uniform(0.0, LATE_SECONDS))  # noqa: S311 - spreads load, hides nothing
                with tracing.scope(tracing.start(None)), tracing.span("schedule.tick"):
                    await self._tell(schedule)

    async def _tell(self, schedule: Schedule) -> None:
        event = schedule.event(self._now())
        for attempt in range(TRIES):
            if attempt:
                await self._sleep(BACKOFF_SECONDS * 2 ** (attempt - 1))
            status = await self._send(schedule.sink, event)
            if status in ACCEPTED:
                log.info("schedule.ticked", setting=schedule.name, event_id=event.id)
                return
        log.error("schedule.lost", setting=schedule.name, event_id=event.id, status=status)


async def post(sink: str, event: CloudEvent) -> int:
    """The Broker's status, 0 where it could not be reached."""
    headers, body = encode_binary(event)
    try:
        answer = await http.call(
            "POST",
            sink,
            principal=service(GATEWAY),
            issuer=GATEWAY,
            audience=BROKER,
            headers=dict(headers),
            content=body,
            timeout=ANSWER_SECONDS,
        )
    except UnavailableError:
        return 0
    return answer.status_code
