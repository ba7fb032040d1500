"""One socket and its session: carries out the effects of the state machine and feeds results back.

The session is only touched on the event loop and its effects are carried out at once and in order, so no
event can overtake another. What takes time (ears, transcription, answers) runs in tasks beside it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

import msgspec
from starlette.websockets import WebSocketDisconnect

from realtime.casebook import Casebook
from realtime.effects import (
    Abort,
    Answer,
    Cut,
    Drop,
    Effect,
    Forget,
    Keep,
    Listen,
    Offer,
    Pass,
    Resume,
    Send,
    Timings,
    Transcribe,
    Unkeep,
    UseCase,
)
from realtime.engine import EngineSession, Heard, Passed, Words
from realtime.handover import RESUME_SECONDS, Handover
from realtime.keeping import Keeper
from realtime.microphone import Reserve
from realtime.protocol.errors import ProtocolError
from realtime.protocol.settings import Format, Pcm, Pcma, Pcmu
from realtime.resumption import NotResumableError
from realtime.session import Session
from realtime.speech import audio
from realtime.watch import SIGNED_OUT
from voiceassist.core import clock
from voiceassist.core.errors import NotFoundError, UnavailableError, VoiceAssistError
from voiceassist.runtime import logging, metrics, tracing

log = logging.get_logger(__name__)

# A client that does not read is cut off: three minutes of unread speech.
MAX_UNSENT_BYTES = 16 * 1_048_576
SESSION_SECONDS = 3_600.0
FLUSH_SECONDS = 2.0
# RFC 6455, section 7.4.1, and its registry: try again later.
NORMAL, GOING_AWAY, TOO_SLOW = 1000, 1001, 1013
LOST = 1006
MOST_UNHEARD = 25  # messages of sound
SILENT = frozenset({NORMAL, GOING_AWAY, 1005})  # a client that closes says so, and plays nothing any more
MOVED = 4409  # the session goes on elsewhere
LAST_WORDS_SECONDS = 5.0  # to read what was said when the connection broke


Record = Callable[[str, str], Awaitable[None]]


class Socket(Protocol):
    """The part of Starlette's WebSocket that is needed."""

    async def receive(self) -> Any: ...
    async def send_text(self, data: str) -> None: ...
    async def close(self, code: int = NORMAL) -> None: ...


class Connection:
    """`active` is called whenever the speaker says or asks something; an open microphone alone is no activity.

    `record(action, id)` puts a turn on record before its words or its answer go anywhere. `keeper` stores what was
    said; without one nothing is kept. With `handover`
    a client that was lost may come back; with `casebook` the conversation may be about a case.
    """

    def __init__(
        self,
        socket: Socket,
        session: Session,
        engine: EngineSession,
        record: Record,
        *,
        active: Callable[[], None] = lambda: None,
        keeper: Keeper | None = None,
        handover: Handover | None = None,
        casebook: Casebook | None = None,
    ) -> None:
        self._casebook = casebook
        self._socket, self._session, self._engine, self._record = socket, session, engine, record
        self._active, self._keeper, self._handover = active, keeper, handover
        self._beside: list[asyncio.Task[None]] = []
        self._resuming: asyncio.Task[None] | None = None
        self._finished = asyncio.Event()
        self._client_code = LOST
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        self._unsent_bytes = 0
        self._to_hear: asyncio.Queue[Listen | Forget] = asyncio.Queue()
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by the key of the words or the id of the response
        self._over = asyncio.Event()
        self._code = NORMAL
        self._leaving = False

    async def run(self) -> None:
        """Until the client leaves or reads too slowly, the session expires, goes on elsewhere, or the service stops."""
        with self._handover.holding(self._let_go) if self._handover else contextlib.nullcontext():
            try:
                await self._live()
            finally:
                await self._finish()
                self._finished.set()

    async def _live(self) -> None:
        beside = [self._keeper.work(self._saved), self._remind(self._keeper)] if self._keeper else []
        if self._handover:
            beside.append(self._handover.work())
        self._beside = [asyncio.create_task(one) for one in beside]
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
            await self._ended(tasks)
            with contextlib.suppress(Exception):  # the client may be gone already
                await self._socket.close(self._code)

    async def _finish(self) -> None:
        """The client is gone: what was said is stored, and the session can be gone on with where it comes back."""
        offered = self._handover is not None and self._handover.offered and self._code != SIGNED_OUT
        if offered:
            self._do(self._session.dropped(silenced=self._client_code in SILENT))
            if self._tasks:
                await asyncio.wait(self._tasks.values(), timeout=LAST_WORDS_SECONDS)
        else:
            self._do(self._session.left())
        await self._ended(list(self._tasks.values()))
        if self._keeper:
            await self._keeper.flush()
        await self._ended(self._beside)
        if self._handover:
            await (self._handover.release() if offered else self._handover.forget())
        await self._engine.close()

    async def _remind(self, keeper: Keeper) -> None:
        if texts := await keeper.recent():
            await self._engine.remind(texts)

    async def _let_go(self) -> None:
        """The client has come back on another connection."""
        self._stop(MOVED)
        await self._finished.wait()

    def _saved(self, item_id: str, seq: int) -> None:
        self._do(self._session.saved(item_id, seq))

    def end(self, code: int) -> None:
        """Close at once, whatever is being said: the speaker has no right to be here any more."""
        self._stop(code)

    def leave(self) -> None:
        """Go away as soon as no answer is being given."""
        self._do(self._session.moving())
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

    @staticmethod
    async def _ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                log.error("session.task_failed", **logging.error_fields(result))

    async def _receiver(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                self._client_code = message.get("code") or LOST
                await self._to_hear.join()
                return
            text = message.get("text")
            # Sound may be a little ahead of the ears, and nothing else may: this is the back-pressure of the uplink.
            if self._to_hear.qsize() >= MOST_UNHEARD or not _is_sound(text):
                await self._to_hear.join()
            self._do(self._session.refuse_binary() if text is None else self._session.receive(text))
            if self._resuming:
                await self._resuming
                self._resuming = None

    # Effects

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._queue(msgspec.json.encode(effect.event).decode())
            elif isinstance(effect, Timings):
                record(effect)
            elif isinstance(effect, Listen | Forget):
                self._to_hear.put_nowait(effect)
            elif isinstance(effect, Keep | Unkeep):
                if self._keeper:
                    self._keeper.take(effect)
            elif isinstance(effect, Resume):
                self._resuming = asyncio.create_task(self._resume(effect))
            elif isinstance(effect, UseCase):
                self._resuming = asyncio.create_task(self._use(effect))
            elif isinstance(effect, Offer):
                self._tasks["offer"] = asyncio.create_task(self._offer())
            else:
                self._work(effect)
        self._leave_if_idle()

    def _work(self, effect: Pass | Transcribe | Drop | Answer | Abort | Cut) -> None:
        match effect:
            case Pass():
                self._engine.pass_on(effect.audio)
            case Transcribe():
                if not effect.passing:
                    self._active()
                passed = self._engine.passed() if effect.passed else None
                task = self._tasks[effect.key] = asyncio.create_task(self._read(effect, passed))
                if passed:
                    task.add_done_callback(lambda _: passed.over())
            case Answer():
                self._active()
                self._tasks[effect.response_id] = asyncio.create_task(self._answer(effect))
            case Drop():
                self._cancel(effect.key)
            case Abort():
                self._cancel(effect.response_id)
            case Cut():
                key = f"cut {effect.item_id}"
                self._tasks[key] = asyncio.create_task(self._cut(key, effect))

    def _cancel(self, key: str) -> None:
        if task := self._tasks.pop(key, None):
            task.cancel()

    # Coming back

    async def _offer(self) -> None:
        if self._handover and self._keeper:
            try:
                token = await self._handover.offer(self._keeper.conversation_id)
                self._do(self._session.offered(token, RESUME_SECONDS))
            except VoiceAssistError as error:  # then a lost connection ends the conversation
                log.warning("handover.not_offered", code=error.code)
        self._tasks.pop("offer", None)

    async def _resume(self, effect: Resume) -> None:
        try:
            if self._handover is None or self._keeper is None:
                raise NotResumableError
            found = await self._handover.take(effect.token, effect.after, conversation_id=effect.conversation_id)
            await self._record("voice.resumed", found.conversation_id)
            self._keeper.adopt(UUID(found.conversation_id), [item.item_id for item in found.items])
            if found.context:
                self._engine.recall(found.context)
            if found.state.case_id:
                await self._go_on_with(found.state.case_id)
            self._do(self._session.resumed(found))
            metrics.VOICE_RESUMED.labels("resumed").inc()
        except VoiceAssistError as error:
            log.warning("session.not_resumed", code=error.code)
            metrics.VOICE_RESUMED.labels("refused").inc()
            refusal = error if isinstance(error, ProtocolError) else NotResumableError()
            self._do(self._session.refused(refusal, effect.event_id))

    async def _use(self, effect: UseCase) -> None:
        try:
            await self._open_case(effect.case_id)
        except (VoiceAssistError, ValueError) as error:
            code = error.code if isinstance(error, VoiceAssistError) else "NOT_FOUND"
            log.warning("case.not_opened", code=code)
            refusal = ProtocolError("This case cannot be opened.", code="case_not_opened", param="case_id")
            self._do(self._session.refused(refusal, effect.event_id))

    async def _go_on_with(self, case_id: str) -> None:
        try:
            await self._open_case(case_id)
        except NotFoundError:
            self._do(self._session.case_closed())

    async def _open_case(self, told: str) -> None:
        """Raises ValueError for what is no id, NotFoundError, ForbiddenError, UnavailableError."""
        case_id, casebook = UUID(told), self._casebook
        if casebook is None:
            raise UnavailableError("Nobody keeps cases here.")
        case = await casebook.open(case_id)
        self._engine.use(lambda: casebook.facts(case_id))
        if self._keeper:
            self._keeper.about(case_id)
        moment = clock.timestamp(case.expires_at)
        self._do(self._session.case_opened(str(case_id), facts=len(case.facts), expires_at=moment))

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
                if found := await self._engine.listen(samples, rate):
                    self._do(self._session.windows(found))
            self._to_hear.task_done()

    async def _read(self, effect: Transcribe, passed: Passed | None = None) -> None:
        sound = audio.Sound(effect.audio, *wire_of(effect.wire))
        words: Heard | None = None
        with tracing.span("voice.asr"):
            try:
                words = await self._engine.transcribe(
                    sound,
                    sound.rate,
                    effect.keywords,
                    judged=effect.judged,
                    passing=effect.passing,
                    route=effect.route,
                    passed=passed,
                )
                if not effect.passing:  # the turn is put on record when it is whole
                    await self._record("voice.transcribed", effect.key)
            except VoiceAssistError as error:
                words = None
                log.warning("transcription.failed", code=error.code)
            except Exception as error:  # noqa: BLE001 - one failed turn must not end the session
                log.error("transcription.failed", **logging.error_fields(error))
        self._tasks.pop(effect.key, None)
        self._do(self._session.transcribed(effect.key, words))

    async def _answer(self, effect: Answer) -> None:
        failed = False
        with tracing.scope(tracing.start(tracing.current_traceparent())), tracing.span("voice.answer"):
            try:
                await self._record("voice.answered", effect.response_id)
                await self._pieces(effect)
            except VoiceAssistError as error:
                failed = True
                log.warning("answer.failed", code=error.code)
            except Exception as error:  # noqa: BLE001 - the client is told, the session goes on
                failed = True
                log.error("answer.failed", **logging.error_fields(error))
        self._tasks.pop(effect.response_id, None)
        self._do(self._session.answered(effect.response_id, failed=failed))

    async def _cut(self, key: str, effect: Cut) -> None:
        try:
            await self._engine.cut(effect.item_id, effect.audio_ms)
        except VoiceAssistError as error:
            log.warning("answer.not_cut", code=error.code)
        finally:
            if self._tasks.get(key) is asyncio.current_task():
                del self._tasks[key]

    async def _pieces(self, effect: Answer) -> None:
        answer = self._engine.answer(
            effect.text, spoken=effect.spoken, speed=effect.speed, instead=effect.instead, route=effect.route,
            known=effect.known, context=effect.context,
        )  # fmt: skip
        async with contextlib.aclosing(answer) as pieces:
            async for piece in pieces:
                sound, milliseconds = None, 0.0
                if isinstance(piece, Words) and piece.sound is not None:
                    sound, milliseconds = spoken(piece.sound, effect.wire)
                self._do(self._session.piece(effect.response_id, piece, sound, milliseconds))
                if sound:  # what comes in one burst goes out piece by piece, not when all of it is ready
                    await asyncio.sleep(0)


def _is_sound(message: str | None) -> bool:
    """Whether it looks so at its beginning, where clients write what an event is."""
    return message is not None and '"input_audio_buffer.append"' in message[:120]


def wire_of(wire: Format | Reserve) -> tuple[audio.WireFormat, int]:
    """Name and samples per second of a wire format."""
    match wire:
        case Pcm():
            name: audio.WireFormat = "audio/pcm"
        case Pcmu():
            name = "audio/pcmu"
        case Pcma():
            name = "audio/pcma"
        case Reserve():
            return "audio/pcmu", audio.VOICE_RATE
    return name, audio.wire_rate(name)


def heard(data: bytes, wire: Format) -> tuple[audio.Samples, int]:
    name, rate = wire_of(wire)
    whole = len(data) - len(data) % audio.bytes_per_sample(name)
    return audio.decode(data[:whole], name), rate


def spoken(sound: audio.Samples | bytes, wire: Format) -> tuple[bytes, float]:
    """Sound of an answer (float32 or pcm16, 24 kHz) as the wire has it, and its milliseconds."""
    name, rate = wire_of(wire)
    if isinstance(sound, bytes):
        if name == "audio/pcm":
            return sound, len(sound) * 1000 / (2 * rate)
        sound = audio.from_pcm16(sound)
    samples = audio.resample(sound, audio.VOICE_RATE, rate)
    return audio.encode(samples, name), len(samples) * 1000 / rate


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
