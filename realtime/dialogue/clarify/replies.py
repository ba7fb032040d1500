"""What somebody says to "which kind do you mean?": one of the choices, none of them, or "just answer".

A choice may be named in part ("chronic, stage three b"), counted ("the second one"), or named though nobody offered it
("polycystic"). A new question is no reply.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from voiceassist.core.terminology import Concepts, key

ELSE = "something else"
NONE_OF_THESE = "none of these"
LONGEST = 8  # words; more than that is told, not replied


class Meant(Enum):
    CHOSEN = auto()  # `name` is one of the options
    NAMED = auto()  # `name` is what was said instead of an option
    GENERAL = auto()  # answer without knowing
    OTHER = auto()  # none of the options, and not said which


@dataclass(frozen=True, slots=True)
class Meaning:
    """`more` are the words of the reply beside the name: they belong to the question."""

    kind: Meant
    name: str = ""
    more: str = ""


_INSISTS = (
    r"just (?:answer|tell|go ahead|give|do it|compute|calculate)|(?:answer|tell me|go|compute|calculate) (?:it )?anyway"
    r"|go ahead|skip(?: it| that)?$"
)
_JUST_COMPUTE = re.compile(rf"\b(?:{_INSISTS})\b")
_JUST_ANSWER = re.compile(rf"\b(?:{_INSISTS}|in general|generally|general(?: one)?$|no preference)\b")
_GENERAL = re.compile(
    r"^(?:any(?: of (?:them|these|those)|one| kind)?|either(?: one)?|both|all(?: of (?:them|these|those))?)$"
    r"|\b(?:whichever|whatever|do(?:es)? ?n[o ]?t (?:matter|know)|not sure|unsure|no idea)\b"
)
_OTHER = re.compile(
    r"^(?:(?:no|nope|it is|its|i mean|um|well) )*(?:something else|some other|another(?: one| kind)?|other|others"
    r"|none(?: of (?:them|these|those|the above))?|neither(?: of (?:them|these|those))?|not (?:any of )?(?:these|those|"
    r"them|listed)|no)\b"
)
_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_COUNTED = re.compile(
    r"^(?:(?:the|please|um|well|i mean|it is|its|take) )*(?:(?:number|option|choice|answer) )?"
    r"(?P<place>first|second|third|fourth|fifth|last|[1-5])(?: (?:one|option|choice|kind|please))*$"
)
_LATTER = re.compile(r"^(?:the )?(?P<which>former|latter)(?: one)?$")
_FILLERS = frozenset(
    "the a an i mean meant it is its that one please um uh well yes yeah yep okay ok of course kind type of about in "
    "patient patients for with and his her their my this she he has have they to".split()
)
_ASKS = re.compile(
    r"^(?:what|how|when|which|who|why|where|is|are|can|could|should|does|do|tell|give|explain|search|find|show"
    r"|calculate|compute)\b"
)


def meaning(said: str, options: Sequence[str], concepts: Concepts) -> Meaning | None:
    """None where `said` is no reply to a question that offered `options`."""
    plain = _plain(said)
    place = counted(said, options)
    if place is not None:
        return Meaning(Meant.CHOSEN, options[place])
    if _COUNTED.match(plain):
        return Meaning(Meant.OTHER)  # a number beyond the list
    return _named(plain, options, concepts) or _declined(plain)


def wants_result(said: str) -> bool:
    """ "Just answer" to a calculator: no further question, please; "he is generally well" is none."""
    return _JUST_COMPUTE.search(_plain(said)) is not None


def _declined(plain: str) -> Meaning | None:
    """No option was taken: "just answer", "something else", or the name of something that was not offered."""
    if _JUST_ANSWER.search(plain) or _GENERAL.search(plain):
        return Meaning(Meant.GENERAL)
    other = _OTHER.match(plain)
    rest = plain[other.end() :].strip() if other else plain
    content = [word for word in rest.split() if word not in _FILLERS]
    if not content:
        return Meaning(Meant.OTHER) if other else None
    if _ASKS.match(rest) or len(rest.split()) > LONGEST:
        return None
    return Meaning(Meant.NAMED, rest)


def _plain(said: str) -> str:
    """Words without case and marks, digits for small numbers; a count keeps its word ("the second one")."""
    words = re.findall(r"[a-z0-9]+", said.lower().replace("'", "").replace("\u2019", ""))
    return " ".join(words)


def counted(said: str, options: Sequence[str]) -> int | None:
    """The place of the option that is meant by its number in the list ("the second one"), from 0."""
    plain = _plain(said)
    which = _LATTER.match(plain)
    if which:
        return (0 if which["which"] == "former" else len(options) - 1) if options else None
    digits = re.sub(r"\b(number|option|choice|answer) (\w+)$", lambda hit: _spelt(hit[1], hit[2]), plain)
    if plain in _NUMBERS:
        digits = _NUMBERS[plain]
    found = _COUNTED.match(digits)
    if not found:
        return None
    # "2" alone is type 2 where exactly one choice carries that number.
    if found["place"] == digits and digits.isdigit():
        carrying = [place for place, option in enumerate(options) if digits in key(option).split()]
        if len(carrying) == 1:
            return carrying[0]
    said_place = found["place"]
    place = int(said_place) - 1 if said_place.isdigit() else _ORDINALS[said_place]
    return place % len(options) if -len(options) <= place < len(options) else None


def _spelt(noun: str, number: str) -> str:
    return f"{noun} {_NUMBERS.get(number, number)}"


def _named(plain: str, options: Sequence[str], concepts: Concepts) -> Meaning | None:
    """The one choice whose own words were said; words that all choices share say nothing."""
    said = [(word, key(_NUMBERS.get(word, word))) for word in plain.split()]
    keys = {compared for _, compared in said}
    names = [_words_of(option, concepts) for option in options]
    shared = set.intersection(*names) if len(names) > 1 else set()
    hits = [(len(keys & (words - shared)), place) for place, words in enumerate(names)]
    most, place = max(hits)
    if not most:
        return None
    best = [at for count, at in hits if count == most]
    if len(best) > 1:
        # As many words of two: the one that is said whole.
        whole = [at for at in best if set(key(options[at]).split()) <= keys]
        if len(whole) != 1:
            return None
        place = whole[0]
    more = [word for word, compared in said if compared not in names[place] | shared and word not in _FILLERS]
    if _ASKS.match(plain) and more:
        return None
    return Meaning(Meant.CHOSEN, options[place], " ".join(more))


def _words_of(option: str, concepts: Concepts) -> set[str]:
    words = {word for name in concepts.names(option) for word in name.split()} | set(key(option).split())
    return {word for word in words if word not in _FILLERS}
