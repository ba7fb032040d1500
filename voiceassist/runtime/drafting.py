"""What a language model is asked, and how its draft is read: sentence by sentence, while it is still writing."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voiceassist.core.support import Passage
from voiceassist.ports.language import Prompt

# No answer is longer; what a model writes beyond it is not read.
LONGEST_DRAFT = 8_000
MOST_SENTENCES = 6

_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sentences"],
    "properties": {
        "sentences": {
            "type": "array",
            "maxItems": MOST_SENTENCES,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text", "citations"],
                "properties": {
                    "text": {"type": "string"},
                    "citations": {"type": "array", "items": {"type": "integer"}},
                },
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as the model wrote it, and the numbers it gave as its sources."""

    text: str
    citations: tuple[int, ...]


def prompt(system: str, question: str, passages: Sequence[Passage], *, public: bool) -> Prompt:
    """Passages are numbered from 1, in the order given; `public`: none of them belongs to anybody."""
    material = "\n\n".join(
        f"[{number}] {chunk.title}, {chunk.heading}:\n{chunk.text}" for number, chunk in enumerate(passages, start=1)
    )
    return Prompt(
        system=system,
        material=material,
        question=f"Question: {question}",
        schema=_SCHEMA,
        public=public,
    )


# The object around the sentences is not waited for.
_AROUND = re.compile(r"\{\s*\"sentences\"\s*:\s*\[")


class Reader:
    """Finds complete sentences in a growing JSON text; what is not of the agreed shape is passed over."""

    def __init__(self) -> None:
        self._text = ""
        self._place = 0
        self._found = 0
        self._decoder = json.JSONDecoder()

    @property
    def is_full(self) -> bool:
        return len(self._text) >= LONGEST_DRAFT or self._found >= MOST_SENTENCES

    def feed(self, piece: str) -> Iterator[Draft]:
        """The sentences that `piece` completes."""
        self._text += piece[: max(0, LONGEST_DRAFT - len(self._text))]
        while self._found < MOST_SENTENCES:
            start = self._text.find("{", self._place)
            if start < 0:
                return
            if around := _AROUND.match(self._text, start):
                self._place = around.end()
                continue
            try:
                value, end = self._decoder.raw_decode(self._text, start)
            except (ValueError, RecursionError):
                return  # not complete yet, or never
            self._place = end
            for draft in _drafts(value):
                self._found += 1
                yield draft


def _drafts(value: object) -> Iterator[Draft]:
    if not isinstance(value, dict):
        return
    text, numbers = value.get("text"), value.get("citations")
    if isinstance(text, str):
        listed = numbers if isinstance(numbers, list) else []
        yield Draft(text, tuple(number for number in listed if type(number) is int))
