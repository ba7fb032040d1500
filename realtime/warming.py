"""Wakes the rooms a conversation will need, while the first question is still being spoken.

A room that was started on demand, or has not yet loaded its models, would cost seconds of the first answer.
So each is asked something real and cheap whenever a session opens, but not more often than once a minute. Of a function
of the hospital's own only its health is asked: what its question would set off is not ours to know.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime import http, logging
from voiceassist.runtime.settings import Settings

log = logging.get_logger(__name__)

AGAIN_SECONDS = 60.0
TIMEOUT_SECONDS = 20.0
HEALTH: tuple[str, str, dict[str, Any] | None] = ("GET", "/health", None)
REQUESTS: Mapping[str, tuple[str, str, dict[str, Any] | None]] = {
    "calculators": ("GET", "/api/v1/calculators", None),
    "retrieval": ("POST", "/api/v1/search", {"query": "hypertension", "limit": 1}),
}


class Warmer:
    """`functions` are the rooms that the voice may ask beside those of the house."""

    def __init__(
        self, settings: Settings, functions: Iterable[str] = (), *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._clock = settings, clock
        self._requests = dict.fromkeys(functions, HEALTH) | dict(REQUESTS)
        self._last = float("-inf")
        self._running: set[asyncio.Task[None]] = set()

    def wake(self, principal: Principal) -> None:
        """Ask the rooms on behalf of who is about to speak, without waiting for them."""
        if self._clock() - self._last < AGAIN_SECONDS:
            return
        self._last = self._clock()
        for room in self._requests:
            task = asyncio.create_task(self._ask(room, principal))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _ask(self, room: str, principal: Principal) -> None:
        method, path, body = self._requests[room]
        try:
            await http.call(
                method,
                self._settings.room(room) + path,
                principal=principal,
                issuer="realtime",
                json=body,
                timeout=TIMEOUT_SECONDS,
            )
        except UnavailableError as error:
            log.warning("room.not_warmed", room=room, code=error.code)
