"""Ears, thought and voice on this machine: Silero, Whisper tiny.en, the dialogue, hibari.

Models are shared by all sessions. What computes runs in two small pools, so that a long transcription of
one speaker delays the turn detection of nobody: the ears have a thread of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np

from realtime.dialogue import phrases, smalltalk
from realtime.dialogue.clarify.asking import Asking
from realtime.dialogue.manager import Dialogue
from realtime.dialogue.phrases import Phrasebook
from realtime.dialogue.reply import Reply
from realtime.dialogue.rooms import HttpRooms, Rooms
from realtime.engine import Calculation, Clarification, Heard, Piece, Sources, SpeechUnavailableError, Words
from realtime.speech import terms
from realtime.speech.audio import EAR_RATE, Resampler, Samples, resample
from realtime.speech.clauses import clauses
from voiceassist.core.errors import SettingsError, UnavailableError, ValidationError
from voiceassist.core.identity import Principal
from voiceassist.core.terminology import Concepts
from voiceassist.runtime import logging, metrics, terminology, wiring
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    from realtime.speech.asr import Recognizer
    from realtime.speech.tts import Voice
    from realtime.speech.vad import SpeechDetector

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

    @classmethod
    def load(cls, model_dir: Path | None, threads: int) -> "Models":
        """Load, check digests and warm up; raises UnavailableError."""
        from realtime.speech.asr import Recognizer
        from realtime.speech.tts import Voice
        from realtime.speech.vad import SpeechDetector

        models = cls(
            SpeechDetector(model_dir),
            Recognizer(model_dir, workers=threads),
            Voice(model_dir, phrases=smalltalk.PHRASES),
        )
        models.recognizer.warm_up()
        models.voice.warm_up()
        return models


class LocalEngine:
    """`rooms` makes the rooms of a person; `book` says which functions are asked by which phrases.

    `concepts` say which topics have kinds, so that it may be asked which one is meant.
    """

    name = "local"

    def __init__(
        self,
        models: Models | None,
        *,
        rooms: Callable[[Principal], Rooms],
        book: Phrasebook | None = None,
        concepts: Concepts | None = None,
        threads: int = 2,
    ) -> None:
        self.models = models
        self._rooms = rooms
        self._book = book or Phrasebook()
        self._concepts = concepts or Concepts()
        self._ears = ThreadPoolExecutor(1, thread_name_prefix="ears")
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="speech")

    @classmethod
    def load(cls, settings: Settings, book: Phrasebook | None = None) -> "LocalEngine":
        """With its models, or without if they are not usable: then sessions are written ones."""
        threads = settings.voice.threads
        model_dir = Path(settings.voice.model_dir) if settings.voice.model_dir else None
        try:
            models = Models.load(model_dir, threads)
        except UnavailableError as error:
            log.error("speech.unavailable", engine=cls.name, code=error.code)
            models = None
        return cls(
            models,
            rooms=lambda principal: HttpRooms(settings, principal),
            book=book,
            concepts=_concepts(settings),
            threads=threads,
        )

    @property
    def hears_and_speaks(self) -> bool:
        return self.models is not None

    def open(self, principal: Principal) -> "LocalSession":
        return LocalSession(self, Dialogue(self._rooms(principal), self._book, Asking(self._concepts)))

    async def on_ears(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._ears, lambda: work(*args, **kwargs))

    async def compute(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))

    def close(self) -> None:
        self._ears.shutdown(wait=False, cancel_futures=True)
        self._pool.shutdown(wait=False, cancel_futures=True)


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
    def __init__(self, engine: LocalEngine, dialogue: Dialogue) -> None:
        self._engine = engine
        self._dialogue = dialogue
        self._ear: Ear | None = None

    @property
    def _models(self) -> Models:
        if self._engine.models is None:
            raise SpeechUnavailableError("Speech is not available; please write.")
        return self._engine.models

    async def listen(self, audio: Samples, rate: int) -> list[float]:
        if self._ear is None or self._ear.rate != rate:
            self._ear = Ear(self._models.detector, rate)
        return await self._engine.on_ears(self._ear.feed, audio)

    def forget(self) -> None:
        self._ear = None

    async def transcribe(self, audio: Samples, rate: int, keywords: Sequence[str] = ()) -> Heard:
        expected = terms.choose([*keywords, *self._dialogue.terms()])
        recognizer = self._models.recognizer
        found = await self._engine.compute(
            lambda: recognizer.transcribe(resample(audio, rate, EAR_RATE), expected),
        )
        return Heard(found.text.strip(), confident=found.mean_logprob >= CONFIDENT)

    async def answer(self, text: str, *, spoken: bool) -> AsyncIterator[Piece]:
        reply = await self._dialogue.reply(text)
        for piece in _facts(reply):
            yield piece
        pieces = clauses(reply.text)
        for number, clause in enumerate(pieces):
            sound = await self._speak(clause, first=number == 0) if spoken else None
            yield Words(clause if number + 1 == len(pieces) else f"{clause} ", sound)

    async def _speak(self, clause: str, *, first: bool) -> Samples:
        voice = self._models.voice
        if not first:
            return await self._engine.compute(voice.synthesize, clause)
        with metrics.VOICE_TTS.time():
            return await self._engine.compute(voice.synthesize, clause)


class Ear:
    """One stream into the detector: the wire's rate to the ear's, then windows."""

    def __init__(self, detector: "SpeechDetector", rate: int) -> None:
        from realtime.speech.vad import Stream

        self.rate = rate
        self._resampler = Resampler(rate, EAR_RATE)
        self._stream = Stream(detector)

    def feed(self, audio: Samples) -> list[float]:
        return self._stream.feed(np.asarray(self._resampler.feed(audio), dtype=np.float32))


def _concepts(settings: Settings) -> Concepts:
    """The house pack with the operator's; a broken file of theirs costs nobody the voice."""
    path = settings.knowledge.terminology
    try:
        return terminology.load(Path(path) if path else None)
    except ValidationError as error:
        log.error("terminology.unusable", code=error.code)
        return terminology.load()


def _facts(reply: Reply) -> list[Piece]:
    """What the page shows beside the words; it can be shown before they are spoken."""
    found: list[Piece] = []
    if reply.status is not None:
        found.append(Sources(reply.citations, reply.status, reply.notice))
    if reply.result:
        found.append(Calculation(reply.result))
    if reply.ask:
        found.append(Clarification(reply.ask.question, reply.ask.options, reply.ask.slot))
    return found
