"""What a session wants done: the only words it has for the world of sockets, clocks and models."""

from dataclasses import dataclass, field
from typing import Any

from realtime.protocol.settings import Format


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
class Transcribe:
    """Read these words; they come back through `Session.transcribed` under `key`."""

    key: str
    audio: bytes = field(repr=False)
    wire: Format
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """The words under `key` are not wanted any more."""

    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer `text`; the pieces come back through `Session.piece` and `Session.answered`."""

    response_id: str
    text: str = field(repr=False)
    spoken: bool
    wire: Format


@dataclass(frozen=True, slots=True)
class Abort:
    response_id: str


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


Effect = Send | Listen | Forget | Transcribe | Drop | Answer | Abort | Timings
