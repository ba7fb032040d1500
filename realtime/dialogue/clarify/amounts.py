"""A dose that was heard: said back digit by digit, and used only when the speaker has agreed to it. Pure.

The ear takes "sixteen" for "sixty" and "seventy" for "seventeen" without noticing, and no context tells. A dose is a
number with a unit in which drugs are given; concentrations ("mg/dL"), ages and weights are read back with a result.
"""

import re
from dataclasses import dataclass, field, replace

from realtime.dialogue.clarify import replies
from voiceassist.core.text import folded

MAX_QUESTIONS = 2  # in a row (P4.13)
LONGEST_REPLY = 8  # words; more than that is a question of its own
YES_NO = ("yes", "no")

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen \
eighteen nineteen".split()
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: number for number, word in enumerate(_ONES)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
_NUMBER = (
    rf"\d[\d,]*(?:\.\d+)?|(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES[1:10])}))?|(?:{'|'.join(reversed(_ONES))})"
)
_UNIT = (
    r"(?:mg|mcg|µg|μg|g|ml|iu|units?|meq|mmol|milligrams?|micrograms?|grams?|millilit(?:er|re)s?|milliequivalents?"
    r"|millimoles?|tablets?|puffs?|drops?)"
)
# However it was heard: "per decoliter".
_PER_VOLUME = r"(?!\s*(?:/|per\s?)\s*(?:d ?l|l|ml|d[\w-]*\s?lit\w*|lit\w*|milli\w*)\b)"
_DOSE = re.compile(rf"(?<![\w.])(?P<number>{_NUMBER})[\s-]*(?P<unit>{_UNIT})\b{_PER_VOLUME}", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w.])(?:{_NUMBER})(?![\w.]*\d)\b", re.IGNORECASE)
_SPELT = re.compile(rf"\b(?:{'|'.join(_ONES[:10])}|\d)(?:[ ,-]+(?:{'|'.join(_ONES[:10])}|\d)\b)+", re.IGNORECASE)
_YES = re.compile(r"^(?:yes|yeah|yep|yup|correct|right|exactly|that (?:is|s) (?:it|right|correct))\b")
_NO = re.compile(r"^(?:no|nope|nah|not|wrong)\b")
_ASKS = re.compile(r"^(?:what|how|when|which|who|why|where|is|are|can|could|should|does|tell|give|calculate|show)\b")


@dataclass(frozen=True, slots=True)
class Amount:
    """`number` in digits; said[start:end] are the words of the number."""

    number: str
    unit: str
    start: int
    end: int

    @property
    def shown(self) -> str:
        return f"{self.number} {self.unit}".strip()

    @property
    def digits(self) -> str:
        names = {str(number): word for number, word in enumerate(_ONES[:10])} | {".": "point"}
        return " ".join(names[one] for one in self.number)


@dataclass(frozen=True, slots=True)
class Open:
    """A question that waits for a "yes" to these doses of `said`."""

    said: str
    questions: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Go on with `said`; where that is empty ask for `amounts`, or, `given_up`, ask no more and use none."""

    said: str = ""
    amounts: tuple[Amount, ...] = ()
    given_up: bool = False


@dataclass(slots=True)
class Amounts:
    open: Open | None = None
    confirmed: set[str] = field(default_factory=set)  # holds for the session

    def unconfirmed(self, said: str, *, whole: bool = False) -> tuple[Amount, ...]:
        """The doses in `said` that nobody has agreed to; `whole`: it answers "which dose?", by a bare number too."""
        return tuple(one for one in doses(said, whole=whole) if one.shown not in self.confirmed)

    def ask(self, said: str, *, whole: bool = False, questions: int = 0) -> Turn:
        """The question whether the doses in `said` are right; never one beyond MAX_QUESTIONS in a row."""
        if questions >= MAX_QUESTIONS:
            self.open = Open(said, questions, whole)  # a "yes" may still follow
            return Turn(given_up=True)
        self.open = Open(said, questions + 1, whole)
        return Turn(amounts=self.unconfirmed(said, whole=whole))

    def reply(self, said: str) -> Turn | None:
        """What a reply leads to; None where nothing is open or it is no reply. "Just answer" is no agreement."""
        asked, self.open = self.open, None
        plain = " ".join(re.findall(r"[a-z0-9.,]+", folded(said).replace("'", "").replace("’", ""))).rstrip(" .,")
        other = _ASKS.match(plain) and not replies.wants_result(said)
        if asked is None or other or len(plain.split()) > LONGEST_REPLY:
            return None
        wanted = self.unconfirmed(asked.said, whole=asked.whole)
        number = _told(plain)
        agrees = _YES.match(plain) if number is None else number == wanted[0].number and not _NO.match(plain)
        if agrees and (number is None or len(wanted) == 1):
            self.confirmed |= {one.shown for one in wanted}
            return Turn(asked.said)
        if number is not None and len(wanted) == 1:  # heard as well, and so confirmed as well
            corrected = f"{asked.said[: wanted[0].start]}{number}{asked.said[wanted[0].end :]}"
            confirmed = not self.unconfirmed(corrected, whole=asked.whole)
            return Turn(corrected) if confirmed else self.ask(corrected, whole=asked.whole, questions=asked.questions)
        return self._again(asked, () if _NO.match(plain) else wanted)

    def _again(self, asked: Open, wanted: tuple[Amount, ...]) -> Turn:
        spent = asked.questions >= MAX_QUESTIONS
        self.open = asked if spent else replace(asked, questions=asked.questions + 1)
        return Turn(given_up=True) if spent else Turn(amounts=wanted)


def doses(said: str, *, whole: bool = False) -> tuple[Amount, ...]:
    """The doses that stand in `said`, in order."""
    found = [Amount(_digits(one["number"]), one["unit"].lower(), *one.span("number")) for one in _DOSE.finditer(said)]
    bare = list(_BARE.finditer(said)) if whole and not found else []
    return tuple(found) or tuple(Amount(_digits(one[0]), "", *one.span()) for one in bare[:1] if len(bare) == 1)


def _told(plain: str) -> str | None:
    """The number of a reply: "16", "one six", "sixteen milligrams"; None where there is none or more than one."""
    if spelt := _SPELT.search(plain):
        return "".join(_digits(one) for one in re.split(r"[ ,-]+", spelt[0]))
    found = list(dict.fromkeys(_digits(one[0]) for one in _BARE.finditer(plain)))
    return found[0] if len(found) == 1 else None


def _digits(number: str) -> str:
    if number[0].isdigit():
        return number.replace(",", "")
    return str(sum(_WORDS[word] for word in re.split(r"[ -]", number.lower())))
