"""Answers given before, in this process: for one caller, one state of the indexes and one model, for an hour.

Keys are hashes, so no question stands in them. An answer never serves another caller, for what he may see may differ,
and never outlives a change of the library or of a document that the caller may see, for that changes the key.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from voiceassist.contracts.answers import Answer, Question
from voiceassist.core.identity import Principal

SECONDS = 3600.0
MOST = 512


@dataclass(frozen=True, slots=True)
class State:
    """What an answer rests on: versions of the indexes as the caller sees them, and the models."""

    library: str
    documents: str
    models: str


def key(asked: Question, caller: Principal, state: State) -> str:
    return hashlib.sha256(told(asked, caller.role, state, f"{caller.tenant_id}|{caller.subject}")).hexdigest()


def told(asked: Question, role: str, state: State, whose: str) -> bytes:
    """All that an answer hangs on, in one piece; case may matter in a question."""
    said = " ".join(asked.question.split()).rstrip("?!. ")
    parts = (said, asked.intent, ",".join(asked.prefer), role, state.library, state.documents, state.models, whose)
    return "\x1f".join(map(str, parts)).encode()


@dataclass(slots=True)
class Answers:
    """The oldest goes when it is full; `clock` gives seconds that only grow."""

    clock: Callable[[], float] = monotonic
    _kept: OrderedDict[str, tuple[float, Answer, int]] = field(default_factory=OrderedDict)

    def get(self, key: str) -> tuple[Answer, int] | None:
        """The answer, and how many passages it was chosen from."""
        found = self._kept.get(key)
        if found is None:
            return None
        until, answer, passages = found
        if self.clock() >= until:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return answer, passages

    def put(self, key: str, answer: Answer, passages: int) -> None:
        self._kept[key] = (self.clock() + SECONDS, answer, passages)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        self._kept.clear()
