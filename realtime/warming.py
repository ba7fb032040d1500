"""Wakes the rooms a conversation will need, while the first question is still being spoken.

A room that was started on demand, or has not yet loaded its models, would cost seconds of the first answer.
So each is asked something real and cheap whenever a session opens, but not more often than once a minute. Of a function
of the hospital's own only its health is asked: what its question would set off is not ours to know. While a session
lives, the health of all of them is asked sooner than a room that nobody asks is stopped (60 s, Knative's default).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime import http, logging
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.workloads import REALTIME

log = logging.get_logger(__name__)

AGAIN_SECONDS = 60.0
KEEP_SECONDS = 45.0
TIMEOUT_SECONDS = 20.0
_Request = tuple[str, str, dict[str, Any] | None]
HEALTH: _Request = ("GET", "/health", None)
REQUESTS: Mapping[str, _Request] = {
    "calculators": ("GET", "/api/v1/calculators", None),
    "retrieval": ("POST", "/api/v1/search", {"query": "hypertension", "limit": 1}),
}


class Warmer:
    """`functions` are the rooms that the voice may ask beside those of the house."""

    def __init__(
        self,
        settings: Settings,
        functions: Iterable[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings, self._clock, self._sleep = settings, clock, sleep
        self._requests = dict.fromkeys(functions, HEALTH) | dict(REQUESTS)
        self._woken = self._kept = float("-inf")
        self._running: set[asyncio.Task[None]] = set()

    def wake(self, principal: Principal) -> None:
        """Ask the rooms on behalf of who is about to speak, without waiting for them."""
        if self._clock() - self._woken < AGAIN_SECONDS:
            return
        self._woken = self._kept = self._clock()
        self._ask_all(self._requests, principal)

    async def keep(self, principal: Principal) -> None:
        """Wake the rooms and keep them awake until cancelled; sessions that are open side by side share the asking."""
        self.wake(principal)
        while True:
            left = self._kept + KEEP_SECONDS - self._clock()
            if left > 0:
                await self._sleep(left)
            else:
                self._kept = self._clock()
                self._ask_all(dict.fromkeys(self._requests, HEALTH), principal)

    def _ask_all(self, requests: Mapping[str, _Request], principal: Principal) -> None:
        for room, request in requests.items():
            task = asyncio.create_task(self._ask(room, request, principal))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _ask(self, room: str, request: _Request, principal: Principal) -> None:
        method, path, body = request
        try:
            await http.call(
                method,
                self._settings.room(room) + path,
                principal=principal,
                issuer=REALTIME,
                audience=room,
                json=body,
                timeout=TIMEOUT_SECONDS,
            )
        except UnavailableError as error:
            log.warning("room.not_warmed", room=room, code=error.code)
