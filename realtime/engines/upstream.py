"""One session at a service that speaks OpenAI Realtime (GA): what is sent, and the events of one answer at a time.

Turns are taken here and not there: the service is told when to answer. It is lost when it does not show a sign of life
in time, closes, or says that its session has expired.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Protocol

import msgspec

from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import logging

log = logging.get_logger(__name__)

Event = dict[str, Any]
Reading = asyncio.Future[tuple[str, str]]
OVER = frozenset({"response.done", "lost"})
SOUND = "response.output_audio.delta"
TRANSCRIPTION = "conversation.item.input_audio_transcription."
PIECE = 48_000  # bytes: a second of sound


class Socket(Protocol):
    """Raises UnavailableError where it is no longer open."""

    async def send(self, message: bytes) -> None: ...
    async def receive(self) -> str: ...
    async def close(self) -> None: ...


Connect = Callable[[], Awaitable[Socket]]


class LostError(UnavailableError):
    """`code`: UPSTREAM_LOST, UPSTREAM_EXPIRED or UPSTREAM_FAILED (it refused, or its answer failed)."""

    def __init__(self, code: str) -> None:
        super().__init__("The speech service outside does not answer.", code=code)


class Upstream:
    """`open` first; `settings` as in `session.update`. `seconds` without a sign of life are too many."""

    def __init__(self, connect: Connect, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._connect, self._seconds, self._clock = connect, seconds, clock
        self._socket: Socket | None = None
        self._reader: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[Event] = asyncio.Queue()
        self._wanted = ""  # what is waited for outside of answers
        self._count = 0
        self._running = ""  # the answer that is being given there
        self._unread: deque[Reading] = deque()
        self._reading: dict[str, Reading] = {}
        self._idle = asyncio.Event()
        self._lost = ""
        self.opened_at = 0.0
        self.settings: Event = {}

    @property
    def is_open(self) -> bool:
        return self._socket is not None and not self._lost

    @property
    def age(self) -> float:
        return self._clock() - self.opened_at

    async def open(self, settings: Event) -> None:
        self._socket = await self._connect()
        self._idle.set()
        self.opened_at = self._clock()
        self._wanted = "session."
        self._reader = asyncio.create_task(self._read(self._socket))
        await self._expect("session.created")
        await self.configure(settings)

    async def configure(self, settings: Event) -> None:
        """Waited for: a session that was not set up as we want it is not talked to."""
        self._wanted = "session."
        await self.send("session.update", session=settings)
        await self._expect("session.updated")
        self._wanted = ""
        self.settings = settings

    async def send(self, kind: str, **members: Any) -> str:
        """Answers the id of the event. Bytes among its members are written as base64."""
        if self._socket is None or self._lost:
            raise LostError(self._lost or "UPSTREAM_LOST")
        self._count += 1
        event_id = f"event_{self._count}"
        await self._socket.send(msgspec.json.encode({"event_id": event_id, "type": kind, **members}))
        return event_id

    async def answer(self, parameters: Event) -> AsyncGenerator[Event, None]:
        """The events of one answer, up to its `response.done`; who leaves it earlier cancels it."""
        await self._until_idle()
        self._inbox = asyncio.Queue()
        self._idle.clear()
        asked = await self.send("response.create", response=parameters)
        response_id = ""
        try:
            while True:
                event = await self._next()
                kind = event["type"]
                if kind == "error":
                    if event["error"].get("event_id") == asked:
                        self._idle.set()
                        raise LostError("UPSTREAM_FAILED")
                elif kind == "response.created" and not response_id:
                    response_id = _response_of(event)
                elif _response_of(event) == response_id:
                    yield event
                    if kind == "response.done":
                        return
        finally:
            if not self._idle.is_set() and not self._lost:
                with contextlib.suppress(UnavailableError):
                    await self.send("response.cancel", **({"response_id": response_id} if response_id else {}))

    async def listen(self, sound: bytes) -> None:
        """What comes next of a turn: pcm16, 24 kHz."""
        for start in range(0, len(sound), PIECE):
            await self.send("input_audio_buffer.append", audio=sound[start : start + PIECE])

    async def commit(self) -> Reading:
        """The turn is over; `words` waits for what was said in it."""
        waiting: Reading = asyncio.get_running_loop().create_future()
        self._unread.append(waiting)
        await self.send("input_audio_buffer.commit")
        return waiting

    async def words(self, waiting: Reading) -> tuple[str, str]:
        """The id of the item that the turn is there from now on, and its words."""
        try:
            return await asyncio.wait_for(waiting, self._seconds)
        except TimeoutError:
            raise LostError("UPSTREAM_LOST") from None

    def _heard(self, kind: str, event: Event) -> None:
        """Turns are committed in order; their words may come in any."""
        if kind == "input_audio_buffer.committed" and self._unread:
            self._reading[event["item_id"]] = self._unread.popleft()
        elif kind.startswith(TRANSCRIPTION):
            waiting = self._reading.pop(event["item_id"], None) if not kind.endswith(".delta") else None
            if waiting and not waiting.done():
                if kind.endswith(".completed"):
                    waiting.set_result((event["item_id"], str(event["transcript"])))
                else:
                    waiting.set_exception(LostError("UPSTREAM_FAILED"))

    async def close(self) -> None:
        if self._reader:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._socket:
            await self._socket.close()
        self._socket = None

    async def _until_idle(self) -> None:
        """An answer that was cancelled has its end first."""
        try:
            await asyncio.wait_for(self._idle.wait(), self._seconds)
        except TimeoutError:
            raise LostError("UPSTREAM_LOST") from None

    async def _expect(self, kind: str) -> None:
        while (event := await self._next())["type"] != kind:
            if event["type"] == "error":
                log.warning("upstream.refused", code=_code(event))
                raise LostError("UPSTREAM_FAILED")

    @property
    def has_more(self) -> bool:
        """Whether the next event is here already."""
        return not self._inbox.empty()

    async def _next(self) -> Event:
        if self.has_more:
            event = self._inbox.get_nowait()
        else:
            try:
                event = await asyncio.wait_for(self._inbox.get(), self._seconds)
            except TimeoutError:
                raise LostError("UPSTREAM_LOST") from None
        if event["type"] == "lost":
            raise LostError(self._lost)
        return event

    async def _read(self, socket: Socket) -> None:
        try:
            while True:
                event = _event(await socket.receive())
                kind = event["type"]
                if kind == "error" and _code(event) == "session_expired":
                    self._lose("UPSTREAM_EXPIRED")
                    return
                self._heard(kind, event)
                if kind == "response.created":
                    self._running = _response_of(event)
                if kind == "response.done" and _response_of(event) in {self._running, ""}:
                    self._idle.set()
                if kind == "error" or not self._idle.is_set() or kind in OVER or kind.startswith(self._wanted or "-"):
                    self._inbox.put_nowait(event)
        except UnavailableError:
            self._lose("UPSTREAM_LOST")
        except (msgspec.MsgspecError, ValueError, KeyError, TypeError, AttributeError):
            log.error("upstream.not_understood")
            self._lose("UPSTREAM_FAILED")

    def _lose(self, code: str) -> None:
        self._lost = code
        self._idle.set()
        self._inbox.put_nowait({"type": "lost"})
        for waiting in (*self._unread, *self._reading.values()):
            if not waiting.done():
                waiting.set_exception(LostError(code))


class _Kind(msgspec.Struct):
    type: str


class _Sound(msgspec.Struct):
    """What comes most: its base64 is read together with the JSON."""

    response_id: str
    delta: bytes


_KIND, _SOUND = msgspec.json.Decoder(_Kind), msgspec.json.Decoder(_Sound)


def _event(message: str) -> Event:
    """The event; of sound only what is needed, `delta` as bytes."""
    if _KIND.decode(message).type == SOUND:
        sound = _SOUND.decode(message)
        return {"type": SOUND, "response_id": sound.response_id, "delta": sound.delta}
    event: Event = msgspec.json.decode(message)
    return event


def _response_of(event: Event) -> str:
    response = event.get("response")
    found = response.get("id") if isinstance(response, dict) else event.get("response_id")
    return found if isinstance(found, str) else ""


def _code(event: Event) -> str:
    """A code as the protocol has them; never a message, which may quote what was said."""
    code = event["error"].get("code") or ""
    return code if isinstance(code, str) and code.replace("_", "").isalpha() and len(code) < 60 else "other"
