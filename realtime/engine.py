"""The port behind which ears, thought and voice of a session stand.

Named without the words of any wire protocol, so that a bridge to another speech service fits as well.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from realtime.speech.audio import Samples, Sound
from voiceassist.contracts.answers import AnswerStatus, Citation
from voiceassist.contracts.calculations import CalculatorResult
from voiceassist.contracts.cases import CaseFact
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import Principal
from voiceassist.runtime.routing import Route


class SpeechUnavailableError(UnavailableError):
    """The models of ears or voice are not usable; the session goes on in writing."""

    code = "SPEECH_UNAVAILABLE"
    title = "Speech is not available"


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a turn; `text` is empty for a noise.

    `final` is the probability that somebody who sounds so is done; None where nobody could tell, or need not.
    """

    text: str
    confident: bool = True
    final: float | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The next clause of the answer: its text and, where the session speaks, its sound (float32, or pcm16; 24 kHz).

    Not `aligned`: text and sound come each at its own pace, and the text may be empty.
    """

    text: str
    sound: Samples | bytes | None = None
    aligned: bool = True


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


@dataclass(frozen=True, slots=True)
class PhiNotice:
    """Identifiers were said, or nobody could look for them (`unchecked`); and where the turn was worked on."""

    route: Literal["local", "cloud"]
    reason: Literal["identifiers", "unchecked"]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """The client is to call a function that it declared; `arguments` are JSON. No words follow in the same answer."""

    call_id: str
    name: str
    arguments: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool of ours that a model had called, before it runs and after."""

    name: str
    status: Literal["started", "finished"]


@dataclass(frozen=True, slots=True)
class Fallback:
    """The model or service that was to answer is lost; `engine` answers instead."""

    engine: str
    reason: Literal["unavailable"]


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """The case that the conversation was about has expired or was deleted; nothing of it is used any more."""


Fact = Sources | Calculation | Clarification | PhiNotice
Passing = ToolUse | Fallback  # told as it happens, and not kept
Piece = Words | FunctionCall | CaseClosed | Fact | Passing


@dataclass(frozen=True, slots=True)
class Said:
    """What was said or written, of an answer what was heard of it."""

    item_id: str
    role: Literal["user", "assistant", "system"]
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Called:
    item_id: str
    call: FunctionCall


@dataclass(frozen=True, slots=True)
class Returned:
    """What a function of the client answered."""

    item_id: str
    call_id: str
    output: str = field(repr=False)


Entry = Said | Called | Returned


@dataclass(frozen=True, slots=True)
class Function:
    """What a client offers to be called; `parameters` is a JSON Schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What an answer may build on beside the words it answers: `entries` are the whole conversation, in order.

    `item_id` is that of the answer to come. `choice` is auto, none, required, or the name of the one function that is
    to be called.
    """

    item_id: str = ""
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    instructions: str = field(default="", repr=False)
    functions: tuple[Function, ...] = ()
    choice: str = "auto"


NO_CONTEXT = Context()


# What is known in a case now; None where there is none any more.
ReadCase = Callable[[], Awaitable[tuple[CaseFact, ...] | None]]


class Passed(Protocol):
    """A turn that was passed on while it was being said, until it is read."""

    def over(self) -> None:
        """It is read, or nobody will read it."""
        ...


class EngineSession(Protocol):
    """One speaker. Methods are called one at a time, except that `answer` may run beside the others."""

    @property
    def wants_sound(self) -> bool:
        """Whether turns that a client ends are to be passed on as they come: then who reads them has them already."""
        ...

    def pass_on(self, sound: bytes | None) -> None:
        """What comes next of the turn that is being said (pcm16, 24 kHz); None: nobody will read what came of it."""
        ...

    def passed(self) -> Passed | None:
        """The turn that was passed on is over. Whoever gets it ends it, by `transcribe` or by itself."""
        ...

    async def listen(self, audio: Samples, rate: int) -> list[float]:
        """The probability of speech for each 32 ms window that `audio` completes."""
        ...

    def forget(self) -> None:
        """What was listened to until now is not continued by what comes next."""
        ...

    async def transcribe(
        self, audio: Samples | Sound, rate: int, keywords: Sequence[str] = (), *, judged: bool = False,
        passing: bool = False, route: Route = "auto", passed: Passed | None = None,
    ) -> Heard:  # fmt: skip
        """The words of a turn (float32, or as it came), `judged` with how final they sound.

        `passed` is what `passed()` answered at the end of the turn, if it was passed on. Raises SpeechUnavailableError.

        `passing` ones are only shown while the turn goes on: no words are heard where another turn is being read.
        `route` as in `answer`.
        """
        ...

    def answer(
        self, text: str, *, spoken: bool, speed: float = 1.0, instead: bool = False, route: Route = "auto",
        known: tuple[str, ...] = (), context: Context = NO_CONTEXT,
    ) -> AsyncGenerator[Piece, None]:  # fmt: skip
        """The answer to what was said or written, piece by piece, the first as early as possible; to be closed.

        `instead` of the last one, whose question was only the beginning of this one and counts as never asked.
        `speed` is that of speech, 0.5 to 2. `route` local: nothing of it goes to a model outside, at the speaker's
        wish. `known`: of the patient. Only an engine with a model knows what to do with `context`.
        """
        ...

    async def cut(self, item_id: str, audio_ms: int) -> None:
        """Of the answer that is this item only so much was heard; what comes later builds on that."""
        ...

    def context(self) -> bytes | None:
        """What the dialogue has open and knows, to go on with in another process; None where there is nothing."""
        ...

    def recall(self, context: bytes) -> None:
        """Go on where another session was."""
        ...

    async def remind(self, texts: Sequence[str]) -> None:
        """What the speaker said and heard in earlier conversations: for words to expect, and for nothing else."""
        ...

    def use(self, case: ReadCase) -> None:
        """From now on the conversation is about a case, which is read for every answer, and nothing goes outside."""
        ...

    async def close(self) -> None:
        """The session has ended: what was kept for it is forgotten."""
        ...


class RealtimeEngine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def hears_and_speaks(self) -> bool:
        """False when only written sessions are possible."""
        ...

    def open(self, principal: Principal) -> EngineSession: ...
