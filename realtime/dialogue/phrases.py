"""Which function of the hospital's own a sentence is for: by the phrases that the wiring declares.

    voiceassist.org/voice: /api/v1/oncall/ask
    voiceassist.org/phrases: "who is on call; on-call doctor; who is on call for *"

The whole sentence must be a phrase, with words of asking in front and of time or thanks behind; `*` stands for one to
six words, `**` at the end for all that follows. Anything more is a question for the library: "should I wake the on-call
doctor at a potassium of 6" is.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from realtime.dialogue import smalltalk
from voiceassist.core.text import STOPWORDS, folded
from voiceassist.runtime.wiring import Room

_IN_FRONT = (
    r"(?:please|hey|hi|hello|okay|ok|so|and|now|assistant|(?:can|could|would|will) you|(?:tell|show|give) (?:me|us)|"
    r"do you know|i (?:need|want)(?: to know)?|i would like to know|let me know|look up|find(?: out)?|check|"
    r"(?:who|what|where|when|which) (?:is|are))"
)
_BEHIND = (
    r"(?:please|now|right now|today|tonight|currently|at moment|this (?:morning|afternoon|evening|week|weekend)|"
    r"tomorrow|here|then|again|for me|thanks|thank you)"
)
_STAR = r"[a-z0-9]+(?: [a-z0-9]+){0,5}"
_REST = r"[a-z0-9]+(?: [a-z0-9]+)*"
# Whatever a hospital writes into its wiring, these stay questions for calculators and library.
CLINICAL = (
    "how do I treat atrial fibrillation",
    "what is the dose of apixaban",
    "what is the first line treatment of sepsis",
    "when should I start antibiotics",
    "what are the symptoms of a stroke",
    "is metformin safe in kidney disease",
    "tell me about heart failure",
    "what is the CHA2DS2-VASc score of a 68 year old man",
    "calculate the creatinine clearance",
    "cardiac arrest",
)
LONGEST = 12
LONGEST_SAID = 200  # characters; no phrase with its surroundings is as long, unless it ends with `**`


@dataclass(frozen=True, slots=True)
class Skill:
    """A room that answers by voice: the question goes to `path`. A key needs `scope`; without one no key may ask."""

    room: str
    path: str
    scope: str
    phrases: tuple[str, ...]


class Phrasebook:
    def __init__(self, skills: Iterable[Skill] = ()) -> None:
        self.skills = tuple(skills)
        self._patterns = [(pattern(phrase), skill) for skill in self.skills for phrase in skill.phrases]
        self._open = [
            (pattern(phrase), skill) for skill in self.skills for phrase in skill.phrases if phrase.endswith("**")
        ]

    def find(self, said: str) -> Skill | None:
        sentence = plain(said)
        patterns = self._patterns if len(said) <= LONGEST_SAID else self._open
        return next((skill for expression, skill in patterns if expression.fullmatch(sentence)), None)

    def examples(self) -> tuple[str, ...]:
        """One phrase of each skill, as it is written, without a star where there is one."""
        return tuple(next((one for one in skill.phrases if "*" not in one), skill.phrases[0]) for skill in self.skills)


def plain(text: str) -> str:
    """Lower case words without articles: "Who's the on-call doctor?" is "who is on call doctor"."""
    said = re.sub(r"\b(who|what|where|when|which|how|that|it|there)['’`]s\b", r"\1 is", folded(text))
    words = re.findall(r"[a-z0-9]+|\*+", re.sub(r"['’`]", "", said))
    return " ".join(word for word in words if word not in {"a", "an", "the"})


def pattern(phrase: str) -> re.Pattern[str]:
    words = plain(phrase).split()
    if words[-1:] == ["**"]:
        return re.compile(rf"(?:{_IN_FRONT} )*{_core(words[:-1])} {_REST}")
    core = _core(words)
    return re.compile(rf"(?:{_IN_FRONT} )*{core}(?: {_BEHIND})*")


def _core(words: list[str]) -> str:
    return " ".join(_STAR if word == "*" else re.escape(word) for word in words)


def read(rooms: Iterable[Room]) -> tuple[Phrasebook, tuple[str, ...]]:
    """What the wiring declares, and a sentence for each fault; a room with a fault is not asked by voice at all."""
    usable: list[Skill] = []
    told: list[str] = []
    for room in rooms:
        if not room.voice and not room.phrases:
            continue
        found = list(_faults(room, Phrasebook(usable)))
        told += (f"{room.name}: {fault}" for fault in found)
        if not found:
            usable.append(Skill(room.name, room.voice, room.scope, room.phrases))
    return Phrasebook(usable), tuple(told)


def _faults(room: Room, others: Phrasebook) -> Iterator[str]:
    if not room.voice or not room.phrases:
        yield "the annotations voice and phrases belong together"
    elif not any(room.voice == route or room.voice.startswith(f"{route}/") for route in room.routes):
        yield "its voice leads to no route of its own"
    own = Phrasebook([Skill(room.name, room.voice, room.scope, room.phrases)])
    if any(own.find(sentence) for sentence in CLINICAL):
        yield "a phrase would take a clinical question"
    if _meet(others, room.phrases) or any(_meet(own, skill.phrases) for skill in others.skills):
        yield "a phrase would also take a question for another function"
    for phrase in room.phrases:
        if "**" in phrase.removesuffix("**"):
            yield f'the phrase "{phrase}" has ** not at its end'
        if fault := _worded(phrase):
            yield f'the phrase "{phrase}" {fault}'


def _worded(phrase: str) -> str | None:
    words = plain(phrase).replace("*", " ").split()
    telling = re.sub(rf"\b{_IN_FRONT}\b", " ", " ".join(words)).split()
    if len(words) < 2 or not set(telling) - STOPWORDS:
        return "says too little"
    if len(words) > LONGEST:
        return f"is longer than {LONGEST} words"
    return "is small talk" if smalltalk.kind_of(phrase) else None


def _meet(book: Phrasebook, phrases: Iterable[str]) -> bool:
    return any(book.find(re.sub(r"\*+", "something", phrase)) for phrase in phrases)
