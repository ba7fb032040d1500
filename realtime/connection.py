"""One socket and its session: carries out the effects of the state machine and feeds results back.

The session is only touched on the event loop and its effects are carried out at once and in order, so no
event can overtake another. What takes time (ears, transcription, answers) runs in tasks beside it.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Coroutine
from typing import Any, Protocol

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
NORMAL, POLICY, TOO_SLOW = 1000, 1008, 1013


class Socket(Protocol):
    """The part of Starlette's WebSocket that is needed."""

    async def receive(self) -> Any: ...
    async def send_text(self, data: str) -> None: ...
    async def close(self, code: int = NORMAL) -> None: ...


class Connection:
    def __init__(self, socket: Socket, session: Session, engine: EngineSession) -> None:
        self._socket, self._session, self._engine = socket, session, engine
        self._unsent: deque[str] = deque()
        self._unsent_bytes = 0
        self._something_to_send = asyncio.Event()
        self._to_hear: asyncio.Queue[Listen | Forget] = asyncio.Queue()
        self._readings: dict[str, asyncio.Task[None]] = {}
        self._answers: dict[str, asyncio.Task[None]] = {}
        self._closing: int | None = None

    async def run(self) -> None:
        """Until the client leaves, the session expires, or the client reads too slowly."""
        helpers = [asyncio.create_task(self._sender()), asyncio.create_task(self._ears())]
        receiver = asyncio.create_task(self._receiver())
        try:
            self._do(self._session.begin())
            await asyncio.wait({receiver, *helpers}, timeout=SESSION_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not receiver.done() and self._closing is None:
                self._do(self._session.expire())
                await self._flushed()
        finally:
            await self._end([receiver, *helpers, *self._readings.values(), *self._answers.values()])

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("session.task_failed", **logging.error_fields(result))
        with contextlib.suppress(Exception):  # the client may be gone already
            await self._socket.close(NORMAL if self._closing is None else self._closing)

    async def _receiver(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            self._do(self._session.refuse_binary() if text is None else self._session.receive(text))
            # Appended audio is judged by the ears; let them and the sender have their turn.
            await asyncio.sleep(0)

    # Effects

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self._queue(json.dumps(effect.event, separators=(",", ":"), ensure_ascii=False))
                case Listen() | Forget():
                    self._to_hear.put_nowait(effect)
                case Transcribe():
                    self._readings[effect.key] = self._start(self._read(effect))
                case Drop():
                    if reading := self._readings.pop(effect.key, None):
                        reading.cancel()
                case Answer():
                    self._answers[effect.response_id] = self._start(self._answer(effect))
                case Abort():
                    if answer := self._answers.pop(effect.response_id, None):
                        answer.cancel()
                case Timings():
                    record(effect)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(work)

    # Going out

    def _queue(self, message: str) -> None:
        if self._unsent_bytes > MAX_UNSENT_BYTES:
            self._closing = TOO_SLOW
            self._unsent.clear()
        else:
            self._unsent.append(message)
            self._unsent_bytes += len(message)
        self._something_to_send.set()

    async def _sender(self) -> None:
        while self._closing is None:
            await self._something_to_send.wait()
            self._something_to_send.clear()
            while self._unsent:
                message = self._unsent.popleft()
                self._unsent_bytes -= len(message)
                await self._socket.send_text(message)

    async def _flushed(self, seconds: float = 2.0) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while self._unsent and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)

    # Ears, words, answers

    async def _ears(self) -> None:
        while True:
            effect = await self._to_hear.get()
            if isinstance(effect, Forget):
                self._engine.forget()
                continue
            samples, rate = heard(effect.audio, effect.wire)
            self._do(self._session.windows(await self._engine.listen(samples, rate)))

    async def _read(self, effect: Transcribe) -> None:
        samples, rate = heard(effect.audio, effect.wire)
        words: Heard | None = None
        with metrics.VOICE_STT.time(), tracing.span("voice.asr"):
            try:
                words = await self._engine.transcribe(samples, rate, effect.keywords)
            except VoiceAssistError as error:
                log.warning("transcription.failed", code=error.code)
            except Exception as error:  # noqa: BLE001 - one failed turn must not end the session
                log.error("transcription.failed", **logging.error_fields(error))
        self._readings.pop(effect.key, None)
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
        self._answers.pop(effect.response_id, None)
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
    """Histograms in seconds; what did not happen is not counted."""
    for value, histogram in (
        (timings.eou_ms, metrics.VOICE_EOU),
        (timings.first_audio_ms, metrics.VOICE_TO_VOICE),
    ):
        if value is not None:
            histogram.observe(value / 1000)
