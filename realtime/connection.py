"""One socket and its session: carries out the effects of the state machine and feeds results back.

The session is only touched on the event loop and its effects are carried out at once and in order, so no
event can overtake another. What takes time (ears, transcription, answers) runs in tasks beside it.
"""

import asyncio
import contextlib
import json
from typing import Any, Protocol

from starlette.websockets import WebSocketDisconnect

from realtime.effects import Abort, Answer, Drop, Effect, Forget, Listen, Send, Timings, Transcribe
from realtime.engine import EngineSession, Heard, Words
from realtime.protocol.settings import Format, Pcm, Pcma, Pcmu
from realtime.session import Session
from realtime.speech import audio
from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime import logging, metrics, tracing

log = logging.get_logger(__name__)

# A client that does not read is cut off: three minutes of unread speech.
MAX_UNSENT_BYTES = 16 * 1_048_576
SESSION_SECONDS = 3_600.0
FLUSH_SECONDS = 2.0
# RFC 6455, section 7.4.1, and its registry: try again later.
NORMAL, GOING_AWAY, TOO_SLOW = 1000, 1001, 1013


class Socket(Protocol):
    """The part of Starlette's WebSocket that is needed."""

    async def receive(self) -> Any: ...
    async def send_text(self, data: str) -> None: ...
    async def close(self, code: int = NORMAL) -> None: ...


class Connection:
    def __init__(self, socket: Socket, session: Session, engine: EngineSession) -> None:
        self._socket, self._session, self._engine = socket, session, engine
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        self._unsent_bytes = 0
        self._to_hear: asyncio.Queue[Listen | Forget] = asyncio.Queue()
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by the key of the words or the id of the response
        self._over = asyncio.Event()
        self._code = NORMAL
        self._leaving = False

    async def run(self) -> None:
        """Until the client leaves or reads too slowly, the session expires, or the service wants to go."""
        work = (self._receiver(), self._sender(), self._ears(), self._over.wait())
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(one) for one in work]
        try:
            self._do(self._session.begin())
            ended, _ = await asyncio.wait(tasks, timeout=SESSION_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not ended:
                self._do(self._session.expire())
            if not ended or self._leaving:
                await self._flushed()
        finally:
            await self._end([*tasks, *self._tasks.values()])

    def leave(self) -> None:
        """Go away as soon as no answer is being given."""
        self._leaving = True
        self._leave_if_idle()

    def _leave_if_idle(self) -> None:
        if self._leaving and not self._session.is_answering:
            self._stop(GOING_AWAY)

    def _stop(self, code: int) -> None:
        if not self._over.is_set():
            self._code = code
            self._over.set()

    async def _flushed(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._unsent.join(), FLUSH_SECONDS)

    async def _end(self, tasks: list[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                log.error("session.task_failed", **logging.error_fields(result))
        with contextlib.suppress(Exception):  # the client may be gone already
            await self._socket.close(self._code)

    async def _receiver(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            self._do(self._session.refuse_binary() if text is None else self._session.receive(text))
            # A client is read no faster than the ears can judge: this is the back-pressure of the uplink.
            await self._to_hear.join()

    # Effects

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._queue(json.dumps(effect.event, separators=(",", ":"), ensure_ascii=False))
            elif isinstance(effect, Timings):
                record(effect)
            elif isinstance(effect, Listen | Forget):
                self._to_hear.put_nowait(effect)
            else:
                self._work(effect)
        self._leave_if_idle()

    def _work(self, effect: Transcribe | Drop | Answer | Abort) -> None:
        match effect:
            case Transcribe():
                self._tasks[effect.key] = asyncio.create_task(self._read(effect))
            case Answer():
                self._tasks[effect.response_id] = asyncio.create_task(self._answer(effect))
            case Drop():
                self._cancel(effect.key)
            case Abort():
                self._cancel(effect.response_id)

    def _cancel(self, key: str) -> None:
        if task := self._tasks.pop(key, None):
            task.cancel()

    # Going out

    def _queue(self, message: str) -> None:
        self._unsent_bytes += len(message)
        if self._unsent_bytes > MAX_UNSENT_BYTES:
            self._stop(TOO_SLOW)
        else:
            self._unsent.put_nowait(message)

    async def _sender(self) -> None:
        while True:
            message = await self._unsent.get()
            await self._socket.send_text(message)
            self._unsent_bytes -= len(message)
            self._unsent.task_done()

    # Ears, words, answers

    async def _ears(self) -> None:
        while True:
            effect = await self._to_hear.get()
            if isinstance(effect, Forget):
                self._engine.forget()
            else:
                samples, rate = heard(effect.audio, effect.wire)
                self._do(self._session.windows(await self._engine.listen(samples, rate)))
            self._to_hear.task_done()

    async def _read(self, effect: Transcribe) -> None:
        samples, rate = heard(effect.audio, effect.wire)
        words: Heard | None = None
        with tracing.span("voice.asr"):
            try:
                words = await self._engine.transcribe(samples, rate, effect.keywords)
            except VoiceAssistError as error:
                log.warning("transcription.failed", code=error.code)
            except Exception as error:  # noqa: BLE001 - one failed turn must not end the session
                log.error("transcription.failed", **logging.error_fields(error))
        self._tasks.pop(effect.key, None)
        self._do(self._session.transcribed(effect.key, words))

    async def _answer(self, effect: Answer) -> None:
        failed = False
        with tracing.scope(tracing.start(tracing.current_traceparent())), tracing.span("voice.answer"):
            try:
                await self._pieces(effect)
            except VoiceAssistError as error:
                failed = True
                log.warning("answer.failed", code=error.code)
            except Exception as error:  # noqa: BLE001 - the client is told, the session goes on
                failed = True
                log.error("answer.failed", **logging.error_fields(error))
        self._tasks.pop(effect.response_id, None)
        self._do(self._session.answered(effect.response_id, failed=failed))

    async def _pieces(self, effect: Answer) -> None:
        async for piece in self._engine.answer(effect.text, spoken=effect.spoken):
            sound, milliseconds = None, 0.0
            if isinstance(piece, Words) and piece.sound is not None:
                name, rate = wire_of(effect.wire)
                samples = audio.resample(piece.sound, audio.VOICE_RATE, rate)
                sound, milliseconds = audio.encode(samples, name), len(samples) * 1000 / rate
            self._do(self._session.piece(effect.response_id, piece, sound, milliseconds))


def wire_of(wire: Format) -> tuple[audio.WireFormat, int]:
    """Name and samples per second of a wire format."""
    match wire:
        case Pcm():
            name: audio.WireFormat = "audio/pcm"
        case Pcmu():
            name = "audio/pcmu"
        case Pcma():
            name = "audio/pcma"
    return name, audio.wire_rate(name)


def heard(data: bytes, wire: Format) -> tuple[audio.Samples, int]:
    name, rate = wire_of(wire)
    whole = len(data) - len(data) % audio.bytes_per_sample(name)
    return audio.decode(data[:whole], name), rate


def record(timings: Timings) -> None:
    """Histograms in seconds; what did not happen is not counted, and a written question has no end of speech."""
    spoken = timings.transcription_ms is not None
    for value, histogram in (
        (timings.eou_ms, metrics.VOICE_EOU),
        (timings.transcription_ms, metrics.VOICE_STT),
        (timings.first_audio_ms if spoken else None, metrics.VOICE_TO_VOICE),
    ):
        if value is not None:
            histogram.observe(value / 1000)
