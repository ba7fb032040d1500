"""What a session hands over and goes on with, and the refusal where it cannot."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from realtime.conversation import Clause, Conversation, Item, Part
from realtime.protocol.errors import ProtocolError
from voiceassist.runtime.memory import Kept

MOST_DELETED = 50  # of which a client that comes back is told


class NotResumableError(ProtocolError):
    def __init__(self) -> None:
        super().__init__(
            "This cannot be gone on with: the token was used, has expired, or is of somebody else.",
            code="session_not_resumable",
            param="token",
        )


class Sounding(msgspec.Struct, frozen=True):
    """The last spoken answer, clause by clause with its milliseconds: a client may still tell how much was heard."""

    item_id: str
    clauses: tuple[tuple[str, float], ...]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """`settings` are those of the session with what is known of the patient; `owed`: an answer is still to be given.

    `asking`: the last answer was a question. `deleted`: items that were taken back, with the number of that change.
    `released`: nobody holds the session any more.
    """

    settings: dict[str, Any]
    sounding: Sounding | None = None
    played: tuple[str, int] | None = None
    deleted: tuple[tuple[str, int], ...] = ()
    owed: bool = False
    asking: bool = False
    case_id: str = ""
    released: bool = False


@dataclass(frozen=True, slots=True)
class Resumed:
    """Everything that a session goes on with; `after` is the last change that the client has seen."""

    conversation_id: str
    state: State
    items: list[Kept] = field(repr=False)
    after: int
    context: bytes | None = field(default=None, repr=False)


def sounding_of(conversation: Conversation) -> Sounding | None:
    """Of the last answer, if it was spoken."""
    last = next((item for item in reversed(conversation.items) if item.role == "assistant"), None)
    if last is None or not last.parts or not last.parts[0].clauses or last.parts[0].type != "output_audio":
        return None
    return Sounding(last.id, tuple((clause.text, clause.audio_ms) for clause in last.parts[0].clauses))


def item_of(kept: Kept, sounding: Sounding | None) -> Item:
    part = Part(kept.kind, kept.text)
    if sounding and sounding.item_id == kept.item_id:
        part.clauses = [Clause(text, milliseconds) for text, milliseconds in sounding.clauses]
    return Item(
        kept.item_id,
        kept.role,
        [part],
        status=kept.status,
        interrupted=kept.interrupted,
        number=kept.number,
        facts=kept.facts,
    )
