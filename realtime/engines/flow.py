"""A turn that goes up to a service outside while it is being said, for who may hear everything.

What is there of it lies uncommitted until it is read or dropped, and there is one such place in a session: a flow
sends nothing before the one before it is settled. Whatever fails, the turn can still go up as a whole.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from realtime.engines.upstream import LostError, Upstream
from voiceassist.core.errors import UnavailableError

SECOND, MS = 48_000, 48  # bytes; turns end at whole milliseconds


class Flow:
    """`session` opens the session there, or answers the open one; `before` is set when the flow before is settled."""

    def __init__(self, session: Callable[[], Awaitable[Upstream]], before: asyncio.Event) -> None:
        self._session, self._before = session, before
        self.settled = asyncio.Event()
        self._upstream: Upstream | None = None  # the session that has the beginning
        self._waiting: deque[bytes] = deque()
        self._added = 0
        self._work: asyncio.Task[None] | None = None
        self._is_over = self._failed = False

    def add(self, sound: bytes) -> None:
        """What comes next: pcm16, 24 kHz."""
        if self._failed:
            return
        self._added += len(sound)
        self._waiting.append(sound)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._try())

    async def _try(self) -> None:
        try:
            await self._send()
        except UnavailableError:  # then it goes up as a whole, which tries once more
            self._failed = True
            self._waiting.clear()

    async def _send(self) -> None:
        await self._before.wait()
        while self._waiting:
            upstream = await self._session()
            self._upstream = self._upstream or upstream
            if upstream is not self._upstream:
                raise LostError("UPSTREAM_LOST")
            await upstream.listen(self._waiting.popleft())

    async def read(self, seconds: float) -> tuple[str, str] | None:
        """The id of the item there and the words of the turn, which took so many seconds.

        None where not all of it went up. Raises LostError if the service is lost while it reads.
        """
        try:
            if self._work:
                await self._work
            await self._send()
            upstream = self._upstream
            if upstream is None or self._failed or abs(seconds * SECOND - self._added) >= MS:
                return None
            waiting = await upstream.commit()
            self._upstream = None
        except UnavailableError:
            return None
        finally:
            self.over()
        return await upstream.words(waiting)

    def over(self) -> None:
        """Nothing more comes; what is there and was not read is dropped there."""
        if self._is_over:
            return
        self._is_over = True
        self._waiting.clear()
        if self._work:
            self._work.cancel()
        if self._upstream is None:
            self.settled.set()
        else:
            self._work = asyncio.create_task(self._clear(self._upstream))

    async def _clear(self, upstream: Upstream) -> None:
        try:
            with contextlib.suppress(UnavailableError):
                await upstream.send("input_audio_buffer.clear")
        finally:
            self.settled.set()

    async def close(self) -> None:
        """The session is over, here and there."""
        self._is_over = True
        if self._work:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        self.settled.set()
