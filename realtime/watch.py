"""Ends voice sessions whose sign-in, key or person was ended (SPEC P2.7, N49), and keeps a sign-in alive that speaks.

Messages of the store make it fast, a question every second makes it true. A store that cannot be asked ends the
sessions, too: a voice session may hold patient data, and nobody can say any more whether it may go on. Some seconds are
waited for, since the store may only be restarting.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from voiceassist.core.errors import UnauthenticatedError, UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.revocation import Holder, Revocations
from voiceassist.runtime.sessions import Sessions

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.get_logger(__name__)

POLL_SECONDS = 1.0
BLIND_SECONDS = 10.0  # the store's own time-outs and retries are shorter
TOUCH_SECONDS = 30.0
# Close codes for applications (RFC 6455, section 7.4.2), after the HTTP status each stands for.
SIGNED_OUT, NOBODY_KNOWS = 4401, 4503

End = Callable[[int], None]


class Watch:
    """Of all voice sessions of this process."""

    def __init__(self, redis: "Redis", sessions: Sessions, *, now: Callable[[], float] = time.time) -> None:
        self._revocations = Revocations(redis)
        self._sessions = sessions
        self._now = now
        self._watched: dict[Holder, set[End]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._asked_at = time.monotonic()
        self._ask_now = asyncio.Event()

    async def admit(self, principal: Principal) -> Holder:
        """Who comes in now; UnauthenticatedError where the sign-in has ended since the gateway looked."""
        holder = Holder.of(principal, self._now())
        if any(await self._revocations.ended([holder])):
            raise UnauthenticatedError("Please sign in again.")
        return holder

    @contextmanager
    def over(self, holder: Holder, end: End) -> Iterator[None]:
        """While inside, `end` is called with a close code as soon as the holder has no right to be here any more."""
        if not self._tasks:
            self._asked_at = time.monotonic()
            self._tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._listen())]
        self._watched.setdefault(holder, set()).add(end)
        self._ask_now.set()  # it may have ended between `admit` and here
        try:
            yield
        finally:
            self._watched[holder].discard(end)
            if not self._watched[holder]:
                del self._watched[holder]

    def activity(self, holder: Holder) -> Callable[[], None]:
        """To be called when somebody speaks or writes: now and then it begins the idle time of the sign-in anew."""
        touched = -TOUCH_SECONDS
        running: set[asyncio.Task[None]] = set()

        def active() -> None:
            nonlocal touched
            if time.monotonic() - touched >= TOUCH_SECONDS:
                touched = time.monotonic()
                task = asyncio.create_task(self._touch(holder))
                running.add(task)
                task.add_done_callback(running.discard)

        return active

    async def _touch(self, holder: Holder) -> None:
        with suppress(UnavailableError):  # the poll will tell
            await self._sessions.touch(holder.session_id)

    async def _poll(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ask_now.wait(), POLL_SECONDS)
            self._ask_now.clear()
            await self._ask(list(self._watched))

    async def _ask(self, holders: list[Holder]) -> None:
        try:
            for holder, over in zip(holders, await self._revocations.ended(holders), strict=True):
                if over:
                    self._end(holder, SIGNED_OUT)
            self._asked_at = time.monotonic()
        except UnavailableError:
            if time.monotonic() - self._asked_at > BLIND_SECONDS:
                log.error("watch.blind", count=len(holders))
                for holder in holders:
                    self._end(holder, NOBODY_KNOWS)

    def _end(self, holder: Holder, code: int) -> None:
        for end in self._watched.get(holder, set()).copy():
            metrics.SOCKETS_ENDED.labels("signed_out" if code == SIGNED_OUT else "store_unavailable").inc()
            end(code)

    async def _listen(self) -> None:
        while True:
            with suppress(UnavailableError):
                async for name in self._revocations.heard():
                    if name and any(name in holder.names for holder in self._watched):
                        self._ask_now.set()
            await asyncio.sleep(POLL_SECONDS)
