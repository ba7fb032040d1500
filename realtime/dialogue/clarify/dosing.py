"""What a dose depends on and nobody said: age, weight, kidney function, pregnancy, allergy. Pure.

Only where a patient is spoken of, and only for what the passages on the drug make a difference by: a general question
for a dose is answered as it is. All that is missing is asked in one question; a reply that names a part of it leaves
the rest to a second one, and what then is still unknown is said with the answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from realtime.dialogue.clarify.policy import Seen
from realtime.dialogue.intent import drug_in
from voiceassist.contracts.cases import CaseFact
from voiceassist.core.text import folded

# The calculator that has the doses of labels by kidney function.
TABLE = "renal_dosing"
TABLE_FROM_YEARS = 18
FERTILE_YEARS = range(12, 56)
LONGEST_REPLY = 30  # words


@dataclass(frozen=True, slots=True)
class Factor:
    """`said`: words that state it; `matters`: words by which a passage makes the dose depend on it."""

    label: str
    said: re.Pattern[str]
    matters: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Open:
    """A dose that is waited for: the request with all replies so far, what it lacks, and what of it the case gave."""

    request: str
    drug: str
    lacks: tuple[str, ...]
    questions: int = 1
    known: tuple[str, ...] = ()


_KIDNEY = r"(?:creat\w*|clearance|cr ?cl|e?gfr|ckd|dialysis|(?:renal|kidney) (?:function|failure|disease|impairment))"
FACTORS = (
    Factor(
        "age",
        re.compile(r"\b\d+[ -]?(?:year|month|week|day)s?[ -]?olds?\b|\baged? \d|\b(?:is|was) \d{1,3}$|\b\d{2} ?[mf]\b"
                   r"|\b\d{1,3} (?:years|months)\b|\b(?:newborn|neonate|infant)\b"),
        re.compile(r"\b(?:aged?|years (?:of age|or older)|elderly|older (?:adults?|people|patients)|child(?:ren)?"
                   r"|neonat\w+|p(?:a)?ediatric)\b"),
    ),
    Factor(
        "weight",
        re.compile(r"\b\d+(?:\.\d+)? ?(?:kg|kilo(?:gram)?s?|lbs?|pounds?|g)\b|\bweigh(?:s|ing)? \d"),
        re.compile(r"/ ?kg\b|\bper k(?:g|ilogram)\b|\b(?:body )?weight\b"),
    ),
    Factor(
        "kidney function",
        re.compile(rf"\b{_KIDNEY}\b"),
        re.compile(rf"\b{_KIDNEY}\b"),
    ),
    Factor(
        "pregnancy",
        re.compile(r"\b(?:not )?pregnan\w*|\bbreast ?feed\w*|\bpost ?menopaus\w+|\b(?:male|m[ae]n|boy|he|his|him)\b"),
        re.compile(r"\bpregnan\w+|\bbreast ?feed\w+|\bteratogen\w+"),
    ),
    Factor(
        "allergies",
        re.compile(r"\ballerg\w*|\btolerat\w+|\banaphyla\w+"),
        re.compile(r"\ballerg\w+|\bhypersensitiv\w+|\banaphyla\w+"),
    ),
)  # fmt: skip
_TOLD = re.compile(rf"\b{_KIDNEY}\b(?: (?:of|is|was|at|now|about))* \d")
_DOSE = re.compile(r"\b(?:dos(?:e|es|ed|ing|age)|how (?:much|many (?:mg|milligrams|units))|how many milligrams)\b")
_PATIENT = re.compile(
    r"\b\d+[ -]?(?:year|month|week|day)s?[ -]?olds?\b|\b\d{2} ?[mf]\b"
    r"|\b(?:my|our|this|the|a|his|her) (?:\w+ )?"
    r"(?:patient|man|woman|lady|gentleman|boy|girl|child|infant|baby|newborn)\b"
    r"|\b(?:he|she|him|her)\b|\b\d+ ?(?:kg|kilos?)\b"
)
_CHILDREN = r"\b(?:child(?:ren)?|infants?|neonat\w+|newborns?|p(?:a)?ediatric|adolescents?)\b"
_AGE = re.compile(r"\b(\d{1,3})[ -]?years?\b|\b(\d{2}) ?[mf]\b|\baged? (\d{1,3})\b")
_YOUNG = re.compile(r"\b(?:child|boy|girl|infant|baby|newborn|neonate|\d+[ -]?(?:month|week|day)s?[ -]?old)\b")
_ASKS = re.compile(r"(?:what|how|when|which|who|why|where|should|can|could|tell|search|calculate|show)\b")
_TELLING = frozenset({"person", "lab", "allergy", "problem"})
_UNKNOWN = re.compile(r"\b(?:i )?(?:do(?:nt| not) know|unknown|no idea|not (?:sure|known|available))\b")


def of_patient(said: str) -> bool:
    """Whether a dose is asked for somebody, or for a kidney function that is told."""
    plain = _plain(said)
    return _DOSE.search(plain) is not None and (_TOLD.search(plain) or _PATIENT.search(plain)) is not None


def in_table(said: str) -> bool:
    """Whether the labels' doses by kidney function may answer: an adult's, with a value of the kidney function."""
    plain = _plain(said)
    years = _years(plain)
    adult = years >= TABLE_FROM_YEARS if years is not None else not _YOUNG.search(plain)
    return adult and _TOLD.search(plain) is not None


def not_for_children(said: str, drug: str, found: Sequence[Seen]) -> bool:
    """Whether a child's dose is asked for and no passage on the drug speaks of children."""
    if not _YOUNG.search(_plain(said)) and (_years(_plain(said)) or TABLE_FROM_YEARS) >= TABLE_FROM_YEARS:
        return False
    return not re.search(_CHILDREN, _about(drug, found))


def lacking(said: str, drug: str, found: Sequence[Seen]) -> tuple[str, ...]:
    """The labels of the factors that a passage on `drug` makes a difference by and `said` does not state."""
    plain = _plain(said)
    about = _about(drug, found)
    return tuple(
        one.label
        for one in FACTORS
        if one.matters.search(about) and not one.said.search(plain) and _concerns(one.label, plain)
    )


def _about(drug: str, found: Sequence[Seen]) -> str:
    """The sentences of the passages that name the drug."""
    sentences = [folded(one) for seen in found for one in re.split(r"(?<=[.;!?])\s", f"{seen.title}. {seen.text}")]
    return " ".join(one for one in sentences if drug in one)


def opened(said: str, found: Sequence[Seen], known: tuple[str, ...] = ()) -> Open | None:
    """What to ask before the dose is answered; None where nothing is missing or no drug was recognised."""
    drug = drug_in(said)
    lacks = lacking(said, drug, found) if drug else ()
    return Open(said, drug, lacks, known=known) if drug and lacks else None


def replied(waiting: Open, said: str) -> Open | None:
    """The request with the reply in it, and what it still lacks; None where `said` tells none of it."""
    request = f"{waiting.request.rstrip(' ?.!')}, {said}"
    plain = _plain(said)
    if _ASKS.match(plain) or len(plain.split()) > LONGEST_REPLY:
        return None
    lacks = tuple(
        one.label
        for one in FACTORS
        if one.label in waiting.lacks and not one.said.search(plain) and not _bare(one.label, plain, waiting.lacks)
    )
    return None if lacks == waiting.lacks else Open(request, waiting.drug, lacks, waiting.questions + 1, waiting.known)


def of_case(said: str, case: Sequence[CaseFact]) -> tuple[str, ...]:
    """What the case tells of that a dose depends on and `said` does not; nothing where `said` tells of another patient.

    Of several facts on one factor the first one counts.
    """
    plain, known = _plain(said), dict[str, str]()
    if _years(plain) is not None or _YOUNG.search(plain):
        return ()
    for fact in case:
        told = _plain(fact.text)
        for one in FACTORS if fact.kind in _TELLING else ():
            if one.said.search(told) and not one.said.search(plain):
                known.setdefault(one.label, fact.text)
    return tuple(dict.fromkeys(known.values()))


def with_case(said: str, known: Sequence[str]) -> str:
    return ", ".join((said.rstrip(" ?.!"), *known)) if known else said


def declines(said: str) -> bool:
    """ "I do not know": answer without it."""
    return _UNKNOWN.search(_plain(said)) is not None


def _bare(label: str, plain: str, lacks: tuple[str, ...]) -> bool:
    """ "No" or "80" in reply to the only open factor."""
    if len(lacks) > 1:
        return label in {"pregnancy", "allergies"} and re.search(r"\b(?:neither|none|nothing)\b", plain) is not None
    return re.fullmatch(r"(?:no|none|normal|yes|\d+(?:\.\d+)?)\b.{0,20}", plain) is not None


def _concerns(label: str, plain: str) -> bool:
    years = _years(plain)
    return label != "pregnancy" or years is None or years in FERTILE_YEARS


def _years(plain: str) -> int | None:
    found = _AGE.search(plain)
    return int(next(filter(None, found.groups()))) if found else None


def _plain(said: str) -> str:
    return " ".join(
        re.sub(r"[^\w\s./-]", " ", folded(said).replace("'", "").replace("\u2019", "")).rstrip(" .").split()
    )
