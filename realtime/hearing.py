"""The listening half of a session: audio, turns, and the words of a turn, wherever they are in their making."""

from collections.abc import Callable
from dataclasses import dataclass

from realtime.effects import Drop, Effect, Forget, Listen, Transcribe
from realtime.engine import Heard
from realtime.microphone import MAX_MS, Microphone
from realtime.protocol import server
from realtime.protocol.errors import ProtocolError
from realtime.protocol.server import Wire
from realtime.protocol.settings import SessionSettings
from realtime.turns import BARGE_IN_MS, WINDOW_MS, Rules, Turn, TurnTaker

# OpenAI refuses to commit less than this.
SHORTEST_COMMIT_MS = 100


@dataclass(slots=True)
class Reading:
    """Words being read: `heard` is None until they are known, and stays None if that failed."""

    key: str
    heard: Heard | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Utterance:
    """A finished turn; `silence_ms` is how long we waited to be sure."""

    item_id: str
    audio: bytes
    seconds: float
    silence_ms: int
    reading: Reading | None


class Hearing:
    """`emit` takes effects, `send` events; `on_start` learns that the user speaks, `on_end` takes the utterance."""

    def __init__(
        self,
        settings: SessionSettings,
        *,
        new_id: Callable[[str], str],
        emit: Callable[[Effect], None],
        send: Callable[[Wire], None],
        on_start: Callable[[], None],
        on_end: Callable[[Utterance], None],
    ) -> None:
        self._new_id, self._emit, self._send = new_id, emit, send
        self._on_start, self._on_end = on_start, on_end
        self.settings = settings
        self.microphone = Microphone(settings.audio.input.format)
        self._taker = self._new_taker()
        self._item_id = ""
        self._reading: Reading | None = None

    @property
    def speaking(self) -> bool:
        """Whether the user is in the middle of a turn."""
        return self._taker is not None and self._taker.speaking

    def configure(self, settings: SessionSettings) -> None:
        """Take over changed settings; a running turn ends unheard if its rules or its format change."""
        before, self.settings = self.settings.audio.input, settings
        now = settings.audio.input
        if now.format != before.format:
            self.microphone = Microphone(now.format)
            self._emit(Forget())
        if now.format != before.format or now.turn_detection != before.turn_detection:
            self._forget_turn()
            self._taker = self._new_taker()

    def _new_taker(self) -> TurnTaker | None:
        detection = self.settings.turn_detection
        if detection is None:
            return None
        taker = TurnTaker(Rules.of(detection))
        taker.clock_ms = self.microphone.end_ms
        return taker

    def append(self, audio: bytes) -> None:
        if self._taker is None and self.microphone.duration_ms >= MAX_MS:
            raise ProtocolError("The audio buffer is full.", code="input_audio_buffer_full", param="audio")
        self.microphone.append(audio)
        if self._taker:
            self._emit(Listen(audio, self.settings.audio.input.format))

    def windows(self, probabilities: list[float], *, assistant_audible: bool) -> None:
        """Judged audio, in order."""
        for probability in probabilities:
            if self._taker is None:
                return
            turn = self._taker.window(probability, assistant_audible=assistant_audible)
            if turn is Turn.STARTED:
                self._started(self._taker)
            elif turn is Turn.PAUSED:
                self._read(self._taker)
            elif turn is Turn.RESUMED:
                self._unread()
            self._end_if_over()
        if self._taker and not self._taker.speaking:
            keep = self._taker.rules.prefix_ms + BARGE_IN_MS + 4 * WINDOW_MS
            self.microphone.keep_from(self._taker.clock_ms - keep)

    def _started(self, taker: TurnTaker) -> None:
        self._item_id = self._new_id("item")
        start_ms = max(self.microphone.start_ms, taker.started_ms - taker.rules.prefix_ms)
        self.microphone.keep_from(start_ms)
        self._send(server.speech_started(self._item_id, start_ms))
        self._on_start()

    def _read(self, taker: TurnTaker) -> None:
        """Read the words while we wait whether the pause lasts."""
        self._unread()
        self._reading = Reading(self._new_id("words"))
        self._emit(self.transcribe(self._reading.key, self.microphone.peek(taker.clock_ms)))

    def transcribe(self, key: str, audio: bytes) -> Transcribe:
        wanted = self.settings.audio.input
        keywords = wanted.transcription.keywords if wanted.transcription else ()
        return Transcribe(key, audio, wanted.format, keywords)

    def _unread(self) -> None:
        if self._reading and self._reading.heard is None:
            self._emit(Drop(self._reading.key))
        self._reading = None

    def words(self, key: str, heard: Heard | None) -> bool:
        """The words of the pause arrived (None: they could not be read); False if they belong elsewhere."""
        if self._reading is None or self._reading.key != key:
            return False
        self._reading.heard, self._reading.failed = heard, heard is None
        self._end_if_over()
        return True

    def _end_if_over(self) -> None:
        if self._taker is None or not self._taker.speaking:
            return
        heard = self._reading.heard if self._reading else None
        now_ms = self._taker.clock_ms
        too_long = now_ms - self.microphone.start_ms >= MAX_MS
        if self._taker.is_over(heard.text if heard else None) or too_long:
            self._send(server.speech_stopped(self._item_id, now_ms))
            self._end(self._item_id, now_ms, self._taker.silence_ms)

    def commit(self) -> None:
        """The client says that the turn is over."""
        if self.microphone.duration_ms < SHORTEST_COMMIT_MS:
            raise ProtocolError(
                "The audio buffer holds less than 100 ms of audio.", code="input_audio_buffer_commit_empty"
            )
        self._unread()
        item_id = self._item_id if self.speaking else self._new_id("item")
        self._end(item_id, self.microphone.end_ms, 0)

    def _end(self, item_id: str, until_ms: int, silence_ms: int) -> None:
        seconds = (until_ms - self.microphone.start_ms) / 1000
        reading, self._reading = self._reading, None
        if self._taker:
            self._taker.end()
        self._on_end(Utterance(item_id, self.microphone.take(until_ms), seconds, silence_ms, reading))

    def clear(self) -> None:
        self.microphone.clear()
        self._forget_turn()

    def _forget_turn(self) -> None:
        self._unread()
        if self._taker:
            self._taker.end()
