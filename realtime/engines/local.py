"""Ears, thought and voice on this machine: Silero, Whisper tiny.en, the dialogue, hibari.

Models are shared by all sessions. What computes runs in two small pools, so that a long transcription of
one speaker delays the turn detection of nobody: the ears have a thread of their own.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from realtime.dialogue import phrases, smalltalk, wording
from realtime.dialogue.clarify import rivals
from realtime.dialogue.clarify.asking import Asking
from realtime.dialogue.clarify.confirming import Confirming
from realtime.dialogue.clarify.drugs import Doubt, Drugs
from realtime.dialogue.clarify.rewording import Rewording
from realtime.dialogue.context import packed, unpack
from realtime.dialogue.expecting import Expecting, words_of
from realtime.dialogue.manager import Dialogue
from realtime.dialogue.phrases import Phrasebook
from realtime.dialogue.reply import Reply
from realtime.dialogue.rooms import HttpRooms, Rooms
from realtime.engine import (
    NO_CONTEXT,
    Calculation,
    CaseClosed,
    Clarification,
    Context,
    Heard,
    Passed,
    Piece,
    ReadCase,
    Sources,
    SpeechUnavailableError,
    Words,
)
from realtime.guard import Discreet, Guard
from realtime.speech import terms, vocabulary
from realtime.speech.audio import EAR_RATE, Samples, Sound, resample, samples_of
from realtime.speech.clauses import clauses
from realtime.speech.ears import Ear, Ears
from realtime.speech.tables import Coming
from realtime.speech.tables import Words as KnownWords
from voiceassist.contracts.cases import CaseFact, current
from voiceassist.core import clock
from voiceassist.core.errors import ErasedError, SettingsError, UnavailableError, ValidationError
from voiceassist.core.identity import Principal
from voiceassist.core.terminology import Concepts
from voiceassist.runtime import language, logging, metrics, providers, terminology, wiring
from voiceassist.runtime.routing import Route
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from realtime.speech.asr import Recognizer, Transcript
    from realtime.speech.tts import Voice
    from realtime.speech.turn_end import TurnEndDetector
    from realtime.speech.vad import SpeechDetector
    from voiceassist.runtime.egress import Gate

log = logging.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# Under this a word may be misheard (measured: 10 of 12 wrong sentences lie below).
CONFIDENT = -0.25


@dataclass(frozen=True, slots=True)
class Models:
    """What is loaded once for all sessions."""

    detector: "SpeechDetector"
    recognizer: "Recognizer"
    voice: "Voice"
    turn_end: "TurnEndDetector | None" = None
    accurate: "Recognizer | None" = None  # reads again what the first one was not sure of

    @classmethod
    def load(cls, model_dir: Path | None, threads: int, accurate_dir: Path | None = None) -> "Models":
        """Load side by side, check digests and warm up; raises UnavailableError."""
        from realtime.speech.vad import SpeechDetector

        with ThreadPoolExecutor(4) as pool:  # onnxruntime and CTranslate2 compute without the interpreter's lock
            recognizer = pool.submit(_recognizer, model_dir, threads)
            voice = pool.submit(_voice, model_dir)
            turn_end = pool.submit(_turn_end, model_dir)
            accurate = pool.submit(_accurate, accurate_dir, threads)
            detector = SpeechDetector(model_dir)
            return cls(detector, recognizer.result(), voice.result(), turn_end.result(), accurate.result())


def _recognizer(model_dir: Path | None, threads: int) -> "Recognizer":
    from realtime.speech.asr import Recognizer

    recognizer = Recognizer(model_dir, workers=threads)
    recognizer.warm_up()
    return recognizer


def _accurate(folder: Path | None, threads: int) -> "Recognizer | None":
    """Without it what was not heard clearly is asked about more often, and nothing else is lost."""
    from realtime.speech.asr import Recognizer

    if folder is None:
        return None
    try:
        recognizer = Recognizer(workers=threads, folder=folder)
        recognizer.warm_up()
    except Exception as error:  # noqa: BLE001 - CTranslate2 and tokenizers have many words for a file that is no model
        log.error("speech.accurate_unavailable", **logging.error_fields(error))
        return None
    return recognizer


def _voice(model_dir: Path | None) -> "Voice":
    from realtime.speech.tts import Voice

    voice = Voice(model_dir, phrases=smalltalk.PHRASES)
    voice.warm_up()
    return voice


def _turn_end(model_dir: Path | None) -> "TurnEndDetector | None":
    """Without it the words alone tell when a turn is over: more interruptions, and nothing else is lost."""
    from realtime.speech.turn_end import TurnEndDetector

    try:
        return TurnEndDetector(model_dir)
    except UnavailableError as error:
        log.warning("speech.turn_end_unavailable", code=error.code)
        return None


class LocalEngine:
    """`rooms` makes the rooms of a person; `book` says which functions are asked by which phrases.

    `concepts` say which topics have kinds, so that it may be asked which one is meant. `gate` looks for identifiers in
    every turn before anything is done with it; without one every turn stays here. `drugs` are the names that are taken
    as they are, so that a name that is only near one of them is asked about.
    """

    name = "local"

    def __init__(
        self,
        models: Models | None,
        *,
        rooms: Callable[[Principal], Rooms],
        book: Phrasebook | None = None,
        concepts: Concepts | None = None,
        rewording: Rewording | None = None,
        gate: "Gate | None" = None,
        drugs: Drugs | None = None,
        threads: int = 2,
    ) -> None:
        self.models = models
        self.gate = gate
        self._rewording = rewording
        self.rooms = rooms
        self.book = book or Phrasebook()
        self._concepts = concepts or Concepts()
        self.drugs = drugs or Drugs()
        self.expecting = Expecting(self.drugs, clinical_words(), models.recognizer.pieces if models else len)
        self._ears = ThreadPoolExecutor(1, thread_name_prefix="ears")
        self.ears = Ears(self._ears)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="speech")
        self.computing = 0  # how many wait for the pool or are in it

    @classmethod
    def load(cls, settings: Settings, book: Phrasebook | None = None) -> "LocalEngine":
        """With its models, or without if they are not usable: then sessions are written ones."""
        threads = settings.voice.threads
        model_dir = Path(settings.voice.model_dir) if settings.voice.model_dir else None
        with ThreadPoolExecutor(1) as pool:  # beside the words and rules that follow here
            accurate_dir = Path(settings.voice.accurate_dir) if settings.voice.accurate_dir else None
            loading = pool.submit(Models.load, model_dir, threads, accurate_dir)
            concepts, rewording, gate = _concepts(settings), _rewording(settings), _gate()
        models = None
        try:
            models = loading.result()
        except UnavailableError as error:
            log.error("speech.unavailable", engine=cls.name, code=error.code)
        # What no first second needs: whoever asks is still speaking then, and what is not there yet is waited for.
        later = ThreadPoolExecutor(1, thread_name_prefix="later")
        drugs = Drugs(terminology.drugs(), Coming(later.submit(known_words)))
        if models:
            later.submit(models.voice.prepare)
        later.shutdown(wait=False)
        return cls(
            models,
            rooms=lambda principal: HttpRooms(settings, principal),
            book=book,
            concepts=concepts,
            rewording=rewording,
            gate=gate,
            drugs=drugs,
            threads=threads,
        )

    @property
    def hears_and_speaks(self) -> bool:
        return self.models is not None

    def open(self, principal: Principal) -> "LocalSession":
        rooms = self.rooms(principal)
        return LocalSession(self, self.dialogue(rooms), self.guard(principal), rooms)

    def dialogue(self, rooms: Rooms) -> Dialogue:
        return Dialogue(
            Discreet(rooms, self.gate) if self.gate else rooms,
            self.book,
            Asking(self._concepts),
            self._rewording,
            confirming=Confirming(self.drugs),
            expecting=self.expecting,
        )

    def guard(self, principal: Principal) -> Guard:
        return Guard(self.gate, principal)

    def is_drug(self, word: str) -> bool:
        return self.drugs.exactly(word) is not None

    async def compute(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.computing += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        finally:
            self.computing -= 1

    def close(self) -> None:
        self._ears.shutdown(wait=False, cancel_futures=True)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _rewording(settings: Settings) -> Rewording | None:
    """With the configured model where it stays inside: in a question stand words of the person who speaks."""
    try:
        model = providers.language_model() if language.is_configured(settings) else None
    except SettingsError as error:
        log.error("language.unusable", code=error.code)
        return None
    if model is None or not model.stays_inside:
        return None
    language.preload()
    return Rewording(model)


def declared(settings: Settings) -> Phrasebook:
    """The phrases of the wiring; what is at fault there costs nobody else the voice."""
    directory = Path(settings.broker.wiring_dir) if settings.broker.wiring_dir else None
    try:
        book, faults = phrases.read(wiring.load(directory).rooms.values())
    except SettingsError as error:
        log.error("wiring.unusable", code=error.code)
        return Phrasebook()
    if faults:
        log.error("phrases.unusable", count=len(faults))
    return book


class LocalSession:
    """`rooms` are those that the dialogue asks, and the tools of a model where there is one."""

    def __init__(self, engine: LocalEngine, dialogue: Dialogue, guard: Guard, rooms: Rooms) -> None:
        self._engine, self._rooms = engine, rooms
        self._case: ReadCase | None = None
        self.dialogue = dialogue
        self.guard = guard
        self._ear: Ear | None = None
        self._near: list[str] = []
        self._familiar: list[str] = []

    @property
    def _models(self) -> Models:
        if self._engine.models is None:
            raise SpeechUnavailableError("Speech is not available; please write.")
        return self._engine.models

    async def listen(self, audio: Samples, rate: int) -> list[float]:
        if self._ear is None or self._ear.rate != rate:
            self._ear = Ear(self._models.detector, rate)
        gathered = self._ear.gathered(audio)
        if gathered is None:
            return []
        return await self._engine.ears.listen(self._models.detector, self._ear, gathered)

    def forget(self) -> None:
        self._ear = None

    @property
    def wants_sound(self) -> bool:
        return False

    def pass_on(self, sound: bytes | None) -> None:
        """It is read here, when it is over."""

    def passed(self) -> Passed | None:
        return None

    def expected(self, keywords: Sequence[str] = ()) -> list[str]:
        """The words that the recogniser is told to expect now."""
        return terms.choose([*keywords, *self._near, *self.dialogue.terms()], self._familiar)

    async def transcribe(
        self, audio: Samples | Sound, rate: int, keywords: Sequence[str] = (), *, judged: bool = False,
        passing: bool = False, route: Route = "auto", passed: Passed | None = None,  # noqa: ARG002 - it is read here
    ) -> Heard:  # fmt: skip
        if passing and self._engine.computing:
            return Heard("")
        expected = self.expected(keywords)
        recognizer, accurate = self._models.recognizer, self._models.accurate
        samples = samples_of(audio)
        heard = resample(samples, rate, EAR_RATE)
        final = asyncio.create_task(self.final(samples, rate)) if judged else None
        found = await self._engine.compute(recognizer.transcribe, heard, expected)
        near = await self._engine.compute(self._engine.expecting.near, found.text)
        self._near = near if passing else []
        if near and not passing and not set(near) <= set(expected):
            found = await self._engine.compute(recognizer.transcribe, heard, terms.choose([*near, *expected]))
        rival = None if passing else await self._rival(recognizer, found)
        if accurate and not passing and found.text and (rival or found.mean_logprob < CONFIDENT):
            found = await self._engine.compute(accurate.transcribe, heard, expected)
            rival = await self._rival(accurate, found)
        text = self._spelled(found)
        if not passing:
            self.dialogue.heard, self.dialogue.rival = " ".join(text.split()), rival
        return Heard(
            text,
            confident=found.mean_logprob >= CONFIDENT,
            final=await final if final else None,
        )

    def _spelled(self, heard: "Transcript") -> str:
        return self._engine.expecting.spelled(heard.text.strip())

    async def _rival(self, recognizer: "Recognizer", heard: "Transcript") -> Doubt | None:
        """A word of what was said that may as well have been another, by the sound."""
        said = " ".join(self._spelled(heard).split())
        weighed = rivals.rivals(said, self._engine.drugs)
        if not weighed:
            return None
        others = [one.said for one in weighed]
        margins = await self._engine.compute(recognizer.margins, heard, said, others)
        return rivals.closest(weighed, margins)

    async def cut(self, item_id: str, audio_ms: int) -> None:
        """The dialogue keeps no words of its own."""

    async def final(self, audio: Samples, rate: int) -> float | None:
        """How likely somebody who sounds so is done; None where the model of melody is not here."""
        turn_end = self._models.turn_end
        return await self._engine.compute(turn_end.probability, resample(audio, rate, EAR_RATE)) if turn_end else None

    def context(self) -> bytes | None:
        return packed(self.dialogue)

    def recall(self, context: bytes) -> None:
        unpack(self.dialogue, context)

    async def close(self) -> None:
        await self.guard.close()

    async def remind(self, texts: Sequence[str]) -> None:
        self._familiar = await asyncio.to_thread(self._engine.expecting.familiar, texts)

    def use(self, case: ReadCase) -> None:
        self._case = case

    def way(self, route: Route) -> Route:
        """What is known in a case stays here, and so does all that is said about it (SPEC P11.8)."""
        return "local" if self._case else route

    async def begin(self, *, instead: bool) -> str:
        """Before a turn is answered; returns what is to be said first, where the case cannot be used."""
        told = await self._look()
        if instead:
            self.dialogue.go_back()
        else:
            self.dialogue.mark()
        return told

    async def _look(self) -> str:
        if self._case is None:
            return ""
        try:
            found = await self._case()
        except (UnavailableError, ErasedError) as error:
            log.warning("case.unreadable", code=error.code)
            self._know(())
            return wording.CASE_UNREADABLE
        if found is None:
            self._case = None
            self.dialogue.forget()
        self._know(found or ())
        return wording.CASE_CLOSED if found is None else ""

    def _know(self, facts: tuple[CaseFact, ...]) -> None:
        self._rooms.case = self.dialogue.case = current(facts, clock.now())

    async def answer(
        self, text: str, *, spoken: bool, speed: float = 1.0, instead: bool = False, route: Route = "auto",
        known: tuple[str, ...] = (), context: Context = NO_CONTEXT,  # noqa: ARG002 - the dialogue has its own
    ) -> AsyncGenerator[Piece, None]:  # fmt: skip
        route = self.way(route)
        first = await self.begin(instead=instead)
        if first == wording.CASE_CLOSED:
            yield CaseClosed()
        reply, notice = await self.guard.watched(text, self.dialogue.reply, route=route, known=known)
        if notice:
            yield notice
        for fact in facts(reply):
            yield fact
        async for words in self.words(f"{first} {reply.text}".strip(), spoken=spoken, speed=speed):
            yield words

    async def words(self, text: str, *, spoken: bool, speed: float) -> AsyncIterator[Words]:
        pieces = clauses(text)
        for number, clause in enumerate(pieces):
            sound = await self._speak(clause, speed, first=number == 0) if spoken else None
            yield Words(clause if number + 1 == len(pieces) else f"{clause} ", sound)

    async def _speak(self, clause: str, speed: float, *, first: bool) -> Samples:
        voice = self._models.voice
        if not first:
            return await self._engine.compute(voice.synthesize, clause, speed)
        with metrics.VOICE_TTS.time():
            return await self._engine.compute(voice.synthesize, clause, speed)


def _concepts(settings: Settings) -> Concepts:
    """The house pack with the operator's; a broken file of theirs costs nobody the voice."""
    path = settings.knowledge.terminology
    try:
        return terminology.load(Path(path) if path else None)
    except ValidationError as error:
        log.error("terminology.unusable", code=error.code)
        return terminology.load()


def _gate() -> "Gate":
    """Loaded now, so that no first turn waits for it. Where it cannot be, every turn stays here and that is told."""
    gate = providers.gate()
    try:
        gate.scanner.warm()
    except Exception as error:  # noqa: BLE001 - whatever ails it, the voice goes on without models outside
        log.error("phi.detector_unavailable", **logging.error_fields(error))
    return gate


def clinical_words() -> list[str]:
    """Words of the house's term packs, and those of symptoms, tests and procedures."""
    return words_of((*terminology.load_names().by_name, *vocabulary.clinical()))


def known_words() -> KnownWords:
    """Of English and of the house's term packs: no misspelt drugs."""
    clinical = {word for name in terminology.load_names().by_name for word in name.split()} | vocabulary.clinical()
    return vocabulary.english() | clinical


def known_drugs() -> Drugs:
    """The names of the house, among the words that are none."""
    return Drugs(terminology.drugs(), known_words())


def facts(reply: Reply) -> list[Piece]:
    """What the page shows beside the words; it can be shown before they are spoken."""
    found: list[Piece] = []
    if reply.status is not None:
        found.append(Sources(reply.citations, reply.status, reply.notice))
    if reply.result:
        found.append(Calculation(reply.result))
    if reply.ask:
        found.append(Clarification(reply.ask.question, reply.ask.options, reply.ask.slot))
    return found
