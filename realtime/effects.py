"""What a session wants done: the only words it has for the world of sockets, clocks and models."""

from dataclasses import dataclass, field
from typing import Any

from realtime.engine import NO_CONTEXT, Context
from realtime.microphone import Reserve
from realtime.protocol.settings import Format
from voiceassist.runtime.memory import Kept
from voiceassist.runtime.routing import Route


@dataclass(frozen=True, slots=True)
class Send:
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listen:
    """Judge this audio; the windows come back through `Session.windows`."""

    audio: bytes = field(repr=False)
    wire: Format


@dataclass(frozen=True, slots=True)
class Forget:
    """What is listened to next does not continue what was before."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What comes next of a turn that is passed on while it is being said; None: what came of it is not wanted."""

    audio: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Read these words; they come back through `Session.transcribed` under `key`, `judged` with how final they
    sound. `passing` ones are of a turn that goes on: they are read only if nobody waits for the reader. `passed`: of
    the sound that was passed on.
    """

    key: str
    audio: bytes = field(repr=False)
    wire: Format | Reserve
    keywords: tuple[str, ...] = ()
    judged: bool = False
    passing: bool = False
    route: Route = "auto"
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """The words under `key` are not wanted any more."""

    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer `text`; the pieces come back through `Session.piece` and `Session.answered`.

    `instead` of the last answer, which came too early: the speaker had only paused.
    """

    response_id: str
    text: str = field(repr=False)
    spoken: bool
    wire: Format
    instead: bool = False
    route: Route = "auto"
    known: tuple[str, ...] = field(default=(), repr=False)
    speed: float = 1.0
    context: Context = NO_CONTEXT


@dataclass(frozen=True, slots=True)
class Abort:
    response_id: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Of the answer that is this item only so much was heard."""

    item_id: str
    audio_ms: int


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of one answer; None for what did not happen in it.

    `first_audio_ms` runs from the end of speech (or from the request) to the first audible sample handed over,
    so it contains the others.
    """

    response_id: str
    eou_ms: float | None = None
    transcription_ms: float | None = None
    answer_ms: float | None = None
    first_audio_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """Store an item as it is now; it comes back through `Session.saved`."""

    item: Kept = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unkeep:
    """An item was taken back: forget what is stored of it."""

    item_id: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Make it possible to come back to this conversation; the token comes back through `Session.offered`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Fetch the session of a token or, without one, of a conversation.

    It comes back through `Session.resumed` or `Session.refused`; until then nothing more of the client is read.
    """

    token: str = field(repr=False)
    after: int
    event_id: str | None = None
    conversation_id: str = ""


@dataclass(frozen=True, slots=True)
class UseCase:
    """Open this case of the speaker's.

    It comes back through `Session.case_opened` or `Session.refused`; until then nothing more of the client is read.
    """

    case_id: str
    event_id: str | None = None


Effect = (
    Send
    | Listen
    | Pass
    | Forget
    | Transcribe
    | Drop
    | Answer
    | Abort
    | Cut
    | Timings
    | Keep
    | Unkeep
    | Offer
    | Resume
    | UseCase
)
