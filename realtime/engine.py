"""The port behind which ears, thought and voice of a session stand.

Named without the words of any wire protocol, so that a bridge to another speech service fits as well.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from realtime.speech.audio import Samples
from voiceassist.contracts.answers import AnswerStatus, Citation
from voiceassist.contracts.calculations import CalculatorResult
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal


class SpeechUnavailableError(UnavailableError):
    """The models of ears or voice are not usable; the session goes on in writing."""

    code = "SPEECH_UNAVAILABLE"
    title = "Speech is not available"


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a turn; `text` is empty for a noise."""

    text: str
    confident: bool = True


@dataclass(frozen=True, slots=True)
class Words:
    """The next clause of the answer: its text and, where the session speaks, its sound (float32, 24 kHz)."""

    text: str
    sound: Samples | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """What the answer rests on."""

    citations: tuple[Citation, ...]
    status: AnswerStatus
    notice: str


@dataclass(frozen=True, slots=True)
class Calculation:
    result: CalculatorResult


@dataclass(frozen=True, slots=True)
class Clarification:
    """The answer is a question back; `slot` names what is asked for."""

    question: str
    options: tuple[str, ...]
    slot: str


Piece = Words | Sources | Calculation | Clarification


class EngineSession(Protocol):
    """One speaker. Methods are called one at a time, except that `answer` may run beside the others."""

    async def listen(self, audio: Samples, rate: int) -> list[float]:
        """The probability of speech for each 32 ms window that `audio` completes."""
        ...

    def forget(self) -> None:
        """What was listened to until now is not continued by what comes next."""
        ...

    async def transcribe(self, audio: Samples, rate: int, keywords: Sequence[str] = ()) -> Heard:
        """The words of a turn; raises SpeechUnavailableError."""
        ...

    def answer(self, text: str, *, spoken: bool) -> AsyncIterator[Piece]:
        """The answer to what was said or written, piece by piece, the first as early as possible."""
        ...


class RealtimeEngine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def hears_and_speaks(self) -> bool:
        """False when only written sessions are possible."""
        ...

    def open(self, principal: Principal) -> EngineSession: ...
