"""The items of a conversation in their order, and what was really heard of them.

An assistant's spoken text is kept clause by clause with the number of samples each clause took, so that a
client's "stopped at 2,317 ms" becomes the words that were heard, cut at a word.
"""

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

from realtime.protocol.errors import ProtocolError, item_taken, item_unknown
from voiceassist.runtime.memory import Kept

Role = Literal["user", "assistant", "system"]
MAX_ITEMS = 1_000
# An echo is read some time after it was spoken, and the position that a client tells is late.
ECHO_AHEAD_MS, ECHO_WORDS, FEWEST_LETTERS, ECHO_ALIKE = 500, 8, 3, 0.7
STOPPING = frozenset("cancel hold never no pause quiet stop wait".split())


@dataclass(frozen=True, slots=True)
class Clause:
    text: str
    audio_ms: float


@dataclass(slots=True)
class Part:
    """`type` is the wire's: input_text, input_audio, output_text or output_audio.

    `text` is what was written, said or heard; None for audio whose words are not known yet.
    """

    type: str
    text: str | None = None
    audio: bytes | None = field(default=None, repr=False)
    clauses: list[Clause] = field(default_factory=list, repr=False)

    @property
    def audio_ms(self) -> float:
        return sum(clause.audio_ms for clause in self.clauses)

    def wire(self) -> dict[str, Any]:
        """Audio itself is not kept and never sent back (SPEC P4.20)."""
        member = "transcript" if self.type.endswith("_audio") else "text"
        return {"type": self.type, member: self.text}


@dataclass(slots=True)
class Item:
    """A message, or a function call and its output, which are kept but never made here.

    `number` says in which order items came. `facts`: what stands beside an answer's words, by the event that tells it.
    """

    id: str
    role: Role | None = None
    parts: list[Part] = field(default_factory=list)
    status: str = "completed"
    other: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    number: int = 0
    facts: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        return " ".join(part.text.strip() for part in self.parts if part.text and part.text.strip())

    @property
    def unheard(self) -> Part | None:
        """The audio part whose words are still to be read."""
        return next((part for part in self.parts if part.type == "input_audio" and part.text is None), None)

    def wire(self) -> dict[str, Any]:
        head = {"id": self.id, "object": "realtime.item", "status": self.status}
        if self.role is None:
            return head | self.other
        return head | {"type": "message", "role": self.role, "content": [part.wire() for part in self.parts]}

    def kept(self) -> Kept | None:
        """As it is stored; None for what is not: calls of functions, noises, words that are not known yet."""
        if self.role is None or self.unheard or not (self.text or self.role == "assistant"):
            return None
        return Kept(
            self.id, self.number, self.role, self.parts[0].type, self.text, self.status, self.interrupted, self.facts
        )


class Conversation:
    def __init__(self) -> None:
        self.items: list[Item] = []
        self._count = 0

    @property
    def last_id(self) -> str | None:
        return self.items[-1].id if self.items else None

    def find(self, item_id: str) -> Item:
        for item in self.items:
            if item.id == item_id:
                return item
        raise item_unknown()

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Insert after an item, at the front for "root", else at the end; answers the id of the item before."""
        if any(known.id == item.id for known in self.items):
            raise item_taken()
        place = len(self.items) if after is None else 0 if after == "root" else self._place(after) + 1
        self._count += 1
        item.number = self._count
        self.items.insert(place, item)
        return self.items[place - 1].id if place else None

    def restore(self, items: list[Item]) -> None:
        """Begin with these; numbers go on behind theirs."""
        self.items = items
        self._count = max((item.number for item in items), default=0)

    def before(self, item_id: str) -> str | None:
        place = self._place(item_id)
        return self.items[place - 1].id if place else None

    def _place(self, item_id: str) -> int:
        for place, item in enumerate(self.items):
            if item.id == item_id:
                return place
        raise item_unknown("previous_item_id")

    def delete(self, item_id: str) -> None:
        self.items.remove(self.find(item_id))

    def question(self) -> list[Item]:
        """What waits for an answer: the user's items after the last one of the assistant."""
        waiting: list[Item] = []
        for item in reversed(self.items):
            if item.role == "assistant":
                break
            if item.role == "user":
                waiting.insert(0, item)
        return waiting


def truncate(item: Item, content_index: int, audio_end_ms: int) -> None:
    """Keep of an assistant's spoken item what was heard until `audio_end_ms`; raises ProtocolError."""
    if item.role != "assistant" or content_index != 0 or not item.parts or item.parts[0].type != "output_audio":
        raise ProtocolError("Only spoken assistant items can be truncated.", code="invalid_value", param="item_id")
    part = item.parts[0]
    # A client may round its samples; more than a millisecond too far is a position that cannot be.
    if audio_end_ms < 0 or audio_end_ms > part.audio_ms + 1:
        raise ProtocolError(
            "The position lies outside the audio of this item.", code="invalid_value", param="audio_end_ms"
        )
    if audio_end_ms >= part.audio_ms:
        return
    # The clauses stay: a client may know the position better a moment later.
    part.text = heard(part.clauses, audio_end_ms)
    item.interrupted = True
    item.status = "incomplete"


# A number with what it is a number of: said in part, it may be taken for another one.
_DOSE = re.compile(
    r"\d[\d.,]*(?:\s?(?:-|–|to)\s?\d[\d.,]*)?\s?(?:%|(?:mg|mcg|µg|μg|g|kg|ml|l|mmol|meq|iu|units?|milligrams?|micrograms?|grams?"
    r"|millilit(?:er|re)s?|millimoles?|tablets?|puffs?|drops?)\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…][)\]\"'”’]*(?:\s*\[\d+\])*\s*$")


def dose_begins(clauses: list[Clause], at_ms: float) -> float | None:
    """Where the sentence that plays at `at_ms` begins (ms), if it holds a dose; None where it holds none.

    A sentence with a dose that was broken off is said again from its start (SPEC P4.14). Each clause is at most a
    sentence; where text and sound are not aligned there is one clause for all, and nothing is told.
    """
    begin = place = 0.0
    sentence = ""
    for clause in clauses:
        if not sentence:
            begin = place
        sentence += clause.text
        place += clause.audio_ms
        if _SENTENCE_END.search(clause.text):
            if at_ms < place:
                break
            sentence = ""
    several = len(re.findall(r"[.!?…]\s+[A-Z]", sentence)) > 0
    return begin if begin < at_ms < place and not several and _DOSE.search(sentence) else None


def is_echo(clauses: list[Clause], at_ms: float, words: str) -> bool:
    """Whether `words` sound like what the assistant spoke just before `at_ms`: a microphone near a loudspeaker.

    What is left of an echo is misread, so letters are compared and figures are left out. Who begins with a word that
    stops an answer is never taken for an echo.
    """
    said = _letters(words)
    if len(said) < FEWEST_LETTERS or stops(words):
        return False
    spoken = heard(clauses, at_ms + ECHO_AHEAD_MS).split()
    recent = _letters(" ".join(spoken[-(len(words.split()) + ECHO_WORDS) :]))
    alike = SequenceMatcher(b=said, autojunk=False)
    for start in range(max(1, len(recent) - len(said) + 1)):
        for size in (len(said), len(said) + 1):
            alike.set_seq1(recent[start : start + size])
            if alike.ratio() >= ECHO_ALIKE:
                return True
    return False


def stops(words: str) -> bool:
    """Whether they begin with a word that stops an answer."""
    return any(_letters(first) in STOPPING for first in words.split(maxsplit=1)[:1])


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def heard(clauses: list[Clause], until_ms: float) -> str:
    """The words spoken until then; a word half spoken was not heard."""
    words = ""
    left = float(until_ms)
    for clause in clauses:
        if clause.audio_ms > left:
            letters = int(len(clause.text) * left / clause.audio_ms)
            cut = clause.text.rfind(" ", 0, letters + 1)
            return (words + clause.text[: max(0, cut)]).rstrip()
        words += clause.text
        left -= clause.audio_ms
    return words.rstrip()
