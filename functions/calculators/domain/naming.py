"""Which calculator a sentence asks for, if it asks for one at all.

Naming a score is not asking for it: "what is CHA2DS2-VASc?", "when should I use the Wells score" and "does a
CHA2DS2-VASc of 2 need anticoagulation" are questions for the library. A calculator is chosen when the sentence wants
a computation, or states inputs beside the name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from functions.calculators.domain.heard import HEARD
from functions.calculators.domain.model import Calculator, Family
from functions.calculators.domain.registry import FAMILIES, calculators
from functions.calculators.domain.wording import normalise


@dataclass(frozen=True, slots=True)
class Mention:
    start: int
    end: int
    members: tuple[str, ...]
    family: Family | None = None
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """`members` holds one id, or several where the name leaves it open (then `question` asks)."""

    members: tuple[str, ...]
    confidence: float
    span: tuple[int, int]
    question: str | None = None


POLITE = (
    r"(?:please|can you|could you|would you|will you|hey|hi|ok|okay|now|so|lets|let us|then|also|and|just|assistant)"
)
COMPUTE = r"(?:calculate|compute|work out|figure out|determine|run|estimate|recalculate|calc)"
IMPERATIVE = re.compile(
    rf"(?:^|[.,] )(?:{POLITE} )*{COMPUTE}\b"
    rf"|\b(?:want|need|like|help me|you)(?: you)?(?: to)? {COMPUTE}\b|\bcalculator\b"
)
# "give me the", "i need her": a wish for the value when the name follows at once.
WISH = re.compile(
    rf"(?:^|[.,] )(?:{POLITE} )*(?:do|get(?: me)?|give me|tell me|show me|score|i need|i want|need)"
    r"(?: (?:the|a|an|his|her|their|my|this|patients?|for))* $"
)
COMPUTES = re.compile(rf"\b{COMPUTE}\b")
ASKS_VALUE = re.compile(r"\b(?:whats?|what (?:would be|was)|how (?:high|big|much) is|which)\b")
POSSESSIVE = re.compile(r"\b(?:his|her|their|my|this|the) (?:patients )$|\b(?:his|her|their|my|this|patients) $")
LIBRARY_WORDS = (
    r"how (?:do|does|should|would|can|to|is|are|accurate|reliable|good|often|was)|way to|best|used",
    r"when (?:do|does|should|is|to|would)|why|who (?:made|developed|invented|should)|which patients",
    r"what (?:does|do|did)\b.*\b(?:mean|stand|measure|include)|meaning of|stands? for|mean\b(?! arterial| bp| blood)",
    r"definition|define|explain|describe|tell me about|teach|difference between|differ|versus|vs|compared?",
    r"interpret|interpretation|components?|evidence|guidelines?|recommend(?:ed|ations?|s)?|indications?|threshold",
    r"cut ?offs?|targets?|goals?|limitations?|accuracy|accurate|validated|validation|sensitivity|specificity",
    # "a normal anion gap", but not "NIHSS … gaze normal"
    r"normal (?:range|values?|limits?|levels?)|normal(?=(?: \w+){0,2} \|)",
    r"criteria(?: (?:for|of)|$)|treat(?:ed|ment|ing)?|manage(?:d|ment)?|therapy|prescribe|what should (?:i|we)",
    r"what (?:to do|next)|next steps?|should (?:i|we|they|a|the)|safe|contraindicat\w*|history of the|literature",
    r"studies|trial|causes?|prolong\w*|drugs? (?:that|which)|dos(?:e|es|ing|age)|need for|do (?:i|you|we|they) \w+",
)
LIBRARY = re.compile(rf"\b(?:{'|'.join(LIBRARY_WORDS)})\b")
# From so many stated inputs on the sentence is a request, whatever else it says ("normal ECG").
MANY = 3
HOW_TO = re.compile(r"\b(?:how (?:do|does|can|to|is|are|was)|explain|formula|way to)\b")
RELATION = r"of|is|was|at|=|equals?|above|below|over|under|greater|less|more|than|between|around|about|>|<|>=|<="
NO_RESULT = (
    r"year|yr|yo|y\b|/|over|kg|kilo|lb|pound|cm|m\b|met|feet|foot|ft|inch|male|female|man|woman|f\b|beats|bpm"
    r"|mg(?! ?/| per)|mcg(?! ?/| per)|milligrams?(?! per)|micrograms?(?! per)"
)
# "CHA2DS2-VASc of 2", "eGFR below 30": a result, not the wish for one.
STATEMENT = re.compile(
    rf"^(?: score| value| level| index| points?)?(?: (?:{RELATION}))* ?\d+(?:\.\d+)?(?![\d.])(?! ?(?:{NO_RESULT}))"
)
NAME_ONLY = re.compile(r"\b(?:scores?|please|the|a|calculator|for|my patient|risk|index)\b|[ ,.]")


@cache
def _whole(pattern: str) -> re.Pattern[str]:
    """Kept here: there are more names than `re` keeps patterns."""
    return re.compile(rf"(?<![\w|])(?:{pattern})(?![\w|])")


def mentions(text: str) -> list[Mention]:
    """Every calculator or family named, the longest match at each place, in order."""
    found = [
        Mention(*hit.span(), members=(calculator.id,), weak=weak)
        for calculator in calculators().values()
        for weak, patterns in ((False, calculator.names), (True, calculator.weak + HEARD.get(calculator.id, ())))
        for pattern in patterns
        for hit in _whole(pattern).finditer(text)
    ] + [
        Mention(*hit.span(), members=family.members, family=family)
        for family in FAMILIES
        for pattern in family.names
        for hit in _whole(pattern).finditer(text)
    ]
    chosen: list[Mention] = []
    for mention in sorted(found, key=lambda one: (one.start - one.end, len(one.members))):
        if all(mention.end <= other.start or mention.start >= other.end for other in chosen):
            chosen.append(mention)
    return sorted(chosen, key=lambda one: one.start)


def find(text: str, stated: Callable[[Calculator, str], int]) -> Request | None:
    """The request in normalised `text`; `stated(calculator, rest)` counts the inputs the rest of it states."""
    found = mentions(text)
    named = {member for mention in found if mention.family is None for member in mention.members}
    for mention in found:
        request = _request(text, mention, named, stated)
        if request:
            return request
    return None


def by_title(name: str) -> Calculator | None:
    """A calculator by id, title, short name or alias, as a caller or a choice names it."""
    known = calculators()
    if name in known:
        return known[name]
    said = normalise(name)
    for calculator in known.values():
        if said in {normalise(one) for one in (calculator.title, calculator.short, *calculator.aliases)}:
            return calculator
    return None


def _request(text: str, mention: Mention, named: set[str], stated: Callable[[Calculator, str], int]) -> Request | None:
    members = _narrowed(text, mention, named)
    rest = f"{text[: mention.start]}{'|' * (mention.end - mention.start)}{text[mention.end :]}"
    known = calculators()
    inputs = max(stated(known[member], text if known[member].input_in_name else rest) for member in members)
    named_input = any(known[member].input_in_name for member in members)
    confidence = _confidence(text, mention, inputs, named_input=named_input)
    if confidence is None:
        return None
    asks = mention.family.question if mention.family else None
    open_choice = len(members) > 1 or bool(mention.family and len(mention.family.members) == 1)
    return Request(members, confidence, (mention.start, mention.end), asks if open_choice else None)


def _narrowed(text: str, mention: Mention, named: set[str]) -> tuple[str, ...]:
    """A family narrowed by a member that is named elsewhere ("qtc ... bazett"), or by the hint nearest to its name."""
    if mention.family is None:
        return mention.members
    chosen = tuple(member for member in mention.members if member in named)
    if len(chosen) == 1:
        return chosen
    nearest: tuple[int, str] | None = None
    for pattern, member in mention.family.hints.items():
        for hit in re.finditer(rf"\b(?:{pattern})\b", text):
            distance = hit.start() - mention.end if hit.start() >= mention.end else mention.start - hit.end()
            if nearest is None or distance < nearest[0]:
                nearest = (distance, member)
    return (nearest[1],) if nearest else mention.members


def _confidence(text: str, mention: Mention, inputs: int, *, named_input: bool) -> float | None:
    """How sure we are that this mention asks for a computation; None when it does not."""
    before, after = text[: mention.start], text[mention.end :]
    wants = IMPERATIVE.search(before) is not None or re.search(r"\bcalculator\b", after) is not None
    how_to = HOW_TO.search(before) is not None
    if STATEMENT.match(after) and not wants and not named_input:
        return None
    if how_to:
        return 0.8 if COMPUTES.search(before) and inputs >= 2 else None
    rules = not inputs and "criteria" in text[mention.start : mention.end]  # "tell me the Wells criteria"
    library = rules or LIBRARY.search(f"{before} | {after}") is not None
    if wants or (WISH.search(before) and not library and (inputs or not mention.weak)):
        return 0.97 if inputs else 0.85
    if library and inputs < MANY:
        return None
    return _by_context(text, mention, inputs)


def _by_context(text: str, mention: Mention, inputs: int) -> float | None:
    """No verb asks for it: a question for the value, a possessive, or the name beside its inputs does."""
    before, after = text[: mention.start], text[mention.end :]
    if inputs and ASKS_VALUE.search(text):
        return 0.95
    if mention.weak:
        return 0.75 if inputs >= 2 else None
    if POSSESSIVE.search(before):
        return 0.8
    opens = not before.strip(" ,.") or before.rstrip().endswith((",", "."))  # the sentence, or a part of it
    if inputs >= 2 or (inputs and opens):
        return 0.85
    return None if NAME_ONLY.sub("", before + after) else 0.6
