"""What a session waits for: words that are being read, and the answer that is being given."""

from dataclasses import dataclass, field
from typing import Any

from realtime.conversation import Item
from realtime.effects import Timings
from realtime.responses import Response


@dataclass(slots=True)
class Asked:
    """The active response, what it waits for, and its times (seconds of the session's clock)."""

    response: Response
    began_at: float
    items: list[Item] = field(default_factory=list)
    turn: Item | None = None  # the spoken turn that asked by itself, by falling silent
    apart: bool = False  # `items` take the place of the conversation
    instead: bool = False  # of an answer that came too early
    started: bool = False
    eou_ms: float | None = None
    transcription_ms: float | None = None
    answered_at: float | None = None
    first_audio_at: float | None = None

    def timings(self) -> Timings:
        return Timings(
            self.response.id,
            eou_ms=self.eou_ms,
            transcription_ms=self.transcription_ms,
            answer_ms=self._since_start(self.answered_at),
            first_audio_ms=self._since_start(self.first_audio_at),
        )

    def _since_start(self, moment: float | None) -> float | None:
        return None if moment is None else round((moment - self.began_at) * 1000, 1)


@dataclass(slots=True)
class Unread:
    """A user item whose words are being read."""

    item: Item
    seconds: float
    automatic: bool
    ended_at: float
    committed_at: float
    eou_ms: float
    begun: "Begun | None" = None


@dataclass(slots=True)
class Begun:
    """The turn that the speaker had only begun when its end was taken for one: what follows belongs to it.

    `item` is its own, `answer` that of an answer that had begun.
    """

    item: Item
    answer: Item | None = None
    said: str = ""
    asked: bool = False


def failure(code: str) -> dict[str, Any]:
    """`status_details` of a failed response."""
    return {
        "type": "failed",
        "error": {"type": "server_error", "code": code, "message": "The answer could not be given."},
    }
