"""The listening half of a session: audio, turns, and the words of a turn, wherever they are in their making."""

from collections.abc import Callable
from dataclasses import dataclass

from realtime.effects import Drop, Effect, Forget, Listen, Pass, Transcribe
from realtime.engine import Heard
from realtime.microphone import MAX_MS, Microphone, Reserve
from realtime.protocol import server
from realtime.protocol.errors import ProtocolError
from realtime.protocol.server import Wire
from realtime.protocol.settings import Format, Pcm, SessionSettings
from realtime.turns import BARGE_IN_MS, LET_GO_MS, WINDOW_MS, Rules, Turn, TurnTaker, is_backchannel
from voiceassist.runtime.routing import LOCAL

# OpenAI refuses to commit less than this.
SHORTEST_COMMIT_MS = 100
# How often the words of a running turn are shown (facts: re-decoding the growing window costs 100 ms of one core).
PASSING_MS = 700


@dataclass(slots=True)
class Reading:
    """Words being read: `heard` is None until they are known, and stays None if that failed."""

    key: str
    heard: Heard | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Utterance:
    """A finished turn; `silence_ms` is how long we waited to be sure, `passed` whether its sound was passed on.

    `audio` is as `wire` says.
    """

    item_id: str
    audio: bytes
    seconds: float
    silence_ms: int
    reading: Reading | None
    wire: Format | Reserve
    passed: bool = False


class Hearing:
    """`emit` takes effects, `send` events; `on_start` learns that the user speaks, `on_end` takes the utterance.

    Where an answer can be held, `on_suspect` comes first, and `on_listener` if it was only somebody who agrees, or
    words of which `is_echo` says that nobody but the loudspeaker need have said them. With `passes_on` the sound of a
    turn that the client ends goes where it is read while it is being said.
    """

    def __init__(
        self,
        settings: SessionSettings,
        *,
        new_id: Callable[[str], str],
        emit: Callable[[Effect], None],
        send: Callable[[Wire], None],
        on_suspect: Callable[[], None],
        on_listener: Callable[[], None],
        on_start: Callable[[], None],
        on_end: Callable[[Utterance], None],
        on_passing: Callable[[str, str], None],
        is_echo: Callable[[Heard], bool],
        passes_on: bool = False,
    ) -> None:
        self._new_id, self._emit, self._send = new_id, emit, send
        self._on_suspect, self._on_listener = on_suspect, on_listener
        self._on_start, self._on_end, self._on_passing = on_start, on_end, on_passing
        self._is_echo = is_echo
        self.settings = settings
        self._passes_on, self._passed = passes_on, False
        self.microphone = Microphone(settings.audio.input.format)
        self._taker = self._new_taker()
        self.microphone.compact(self._passes)
        self._item_id = ""
        self._reading: Reading | None = None
        self._passing = ""  # the key of words that are read while the turn goes on
        self._next_passing_ms = 0

    @property
    def speaking(self) -> bool:
        """Whether the user is in the middle of a turn."""
        return self._taker is not None and self._taker.speaking

    @property
    def spoken_s(self) -> float:
        """How long ago the voice of the running turn began."""
        return (self._taker.clock_ms - self._taker.started_ms) / 1000 if self._taker else 0.0

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
        self.microphone.compact(self._passes)

    @property
    def _passes(self) -> bool:
        """Of these turns the sound that is kept is the reserve of who reads them."""
        pressed = self._passes_on and self._taker is None and self.settings.route != LOCAL
        return pressed and isinstance(self.settings.audio.input.format, Pcm)

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
        settled = self.microphone.append(audio)
        if self._taker:
            self._emit(Listen(audio, self.settings.audio.input.format))
        elif settled:
            self._pass_on(settled)

    def _pass_on(self, settled: bytes) -> None:
        self._passed = True
        self._emit(Pass(settled))

    def windows(self, probabilities: list[float], *, assistant_audible: bool, holds: bool = False) -> None:
        """Judged audio, in order."""
        for probability in probabilities:
            if self._taker is None:
                return
            turn = self._taker.window(probability, assistant_audible=assistant_audible, holds=holds)
            if turn is Turn.SUSPECTED:
                self._on_suspect()
            elif turn is Turn.STARTED:
                self._started(self._taker)
            elif turn is Turn.PAUSED:
                self._read(self._taker)
            elif turn is Turn.RESUMED:
                self._unread()
            if self._taker.suspected and self._taker.silence_ms >= LET_GO_MS:
                self._forget_turn()
            self._end_if_over()
        self._read_in_passing()
        if self._taker and not self._taker.speaking and not self._taker.suspected:
            keep = self._taker.rules.prefix_ms + BARGE_IN_MS + 4 * WINDOW_MS
            self.microphone.keep_from(self._taker.clock_ms - keep)

    def _started(self, taker: TurnTaker) -> None:
        self._item_id = self._new_id("item")
        start_ms = max(self.microphone.start_ms, taker.started_ms - taker.rules.prefix_ms)
        self.microphone.keep_from(start_ms)
        self._next_passing_ms = taker.started_ms + PASSING_MS
        self._send(server.speech_started(self._item_id, start_ms))
        self._on_start()

    def _read(self, taker: TurnTaker) -> None:
        """Read the words while we wait whether the pause lasts."""
        self._unread()
        self._forget_passing()
        self._reading = Reading(self._new_id("words"))
        audio = self.microphone.peek(taker.clock_ms)
        self._emit(self.transcribe(self._reading.key, audio, judged=taker.rules.by_melody))

    def transcribe(
        self, key: str, audio: bytes, wire: Format | Reserve | None = None, *, judged: bool = False,
        passing: bool = False, passed: bool = False,
    ) -> Transcribe:  # fmt: skip
        """`audio` is as `wire` says, or as the session does."""
        wanted = self.settings.audio.input
        keywords = wanted.transcription.keywords if wanted.transcription else ()
        route = self.settings.route
        return Transcribe(key, audio, wire or wanted.format, keywords, judged, passing, route, passed)

    def _read_in_passing(self) -> None:
        """What was said until now, for the eyes only: the turn goes on, and its words are read anew at its end."""
        taker = self._taker
        if taker is None or not taker.speaking or self._reading or self._passing or not self._shows_passing:
            return
        if taker.clock_ms >= self._next_passing_ms:
            self._next_passing_ms = taker.clock_ms + PASSING_MS
            self._passing = self._new_id("words")
            self._emit(self.transcribe(self._passing, self.microphone.peek(taker.clock_ms), passing=True))

    @property
    def _shows_passing(self) -> bool:
        return self.settings.extended and self.settings.audio.input.transcription is not None

    def _forget_passing(self) -> None:
        if self._passing:
            self._emit(Drop(self._passing))
            self._passing = ""

    def _unread(self) -> None:
        if self._reading and self._reading.heard is None:
            self._emit(Drop(self._reading.key))
        self._reading = None

    def words(self, key: str, heard: Heard | None) -> bool:
        """The words of the pause arrived (None: they could not be read); False if they belong elsewhere."""
        if key == self._passing:
            self._passing = ""
            if heard and heard.text:
                self._on_passing(self._item_id, heard.text)
            return True
        if self._reading is None or self._reading.key != key:
            return False
        self._reading.heard, self._reading.failed = heard, heard is None
        if self._taker and self._taker.suspected and heard:
            if is_backchannel(heard.text) or self._is_echo(heard):
                self._forget_turn()
            else:
                self._taker.interrupts()
                self._started(self._taker)
        self._end_if_over()
        return True

    def _end_if_over(self) -> None:
        if self._taker is None or not self._taker.speaking:
            return
        heard = self._reading.heard if self._reading else None
        now_ms = self._taker.clock_ms
        too_long = now_ms - self.microphone.start_ms >= MAX_MS
        words, final = (heard.text, heard.final) if heard else (None, None)
        if self._taker.is_over(words, final) or too_long:
            self._send(server.speech_stopped(self._item_id, now_ms))
            self._end(self._item_id, now_ms, self._taker.silence_ms)

    def commit(self) -> None:
        """The client says that the turn is over."""
        if self.microphone.duration_ms < SHORTEST_COMMIT_MS:
            raise ProtocolError(
                "The audio buffer holds less than 100 ms of audio.", code="input_audio_buffer_commit_empty"
            )
        if self._taker and self._taker.suspected:
            self._taker.interrupts()
            self._started(self._taker)
        self._unread()
        item_id = self._item_id if self.speaking else self._new_id("item")
        self._end(item_id, self.microphone.end_ms, 0)

    def _end(self, item_id: str, until_ms: int, silence_ms: int) -> None:
        self._forget_passing()
        seconds = (until_ms - self.microphone.start_ms) / 1000
        reading, self._reading = self._reading, None
        if self._taker:
            self._taker.end()
        if settled := self.microphone.settle():
            self._pass_on(settled)
        audio, wire = self.microphone.take(until_ms), self.microphone.wire
        passed, self._passed = self._passed, False
        self._on_end(Utterance(item_id, audio, seconds, silence_ms, reading, wire, passed))

    def clear(self) -> None:
        self.microphone.clear()
        self._forget_turn()

    def _forget_turn(self) -> None:
        """What was said until now is of no turn; an answer that was held for it goes on."""
        was_suspected = self._taker is not None and self._taker.suspected
        self._unread()
        self._forget_passing()
        if self._passed:
            self._passed = False
            self._emit(Pass(None))
        if self._taker:
            self._taker.end()
        if was_suspected:
            self._on_listener()
