"""What the table says of the first candidates, as sentences that each stand alone and name their diagnosis.

They are the explanation where no language model is set, and the only material of one that is: each is a passage of its
own, so that nothing of one statement can be joined to another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from functions.differential.domain.ranking import Ranked

EXPLAINED = 3  # candidates from the top of the list, and the best fit
FEATURES = 3
MOST = 6  # sentences without a model

_URGENCY = {"emergency": "is an emergency", "urgent": "is urgent", "routine": "is seldom urgent"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence about the diagnosis `id`; `title` is its name and `heading` how urgent it is."""

    id: str
    title: str
    heading: str
    text: str


def chosen(ranking: Sequence[Ranked]) -> list[Ranked]:
    """Those that are explained, in the order of the list."""
    best = min((one.fit for one in ranking), default=0)
    first = [one for one in ranking if one.compatible][:EXPLAINED]
    return [one for one in ranking if one in first or one.fit == best]


def statements(ranking: Sequence[Ranked]) -> tuple[Statement, ...]:
    """Everything that may be said."""
    return tuple(_statement(one, text) for one in chosen(ranking) for text in (*_reasons(one), *_further(one)))


def short(ranking: Sequence[Ranked]) -> tuple[Statement, ...]:
    """Why each is considered and what speaks against it: the explanation without a model."""
    return tuple(_statement(one, text) for one in chosen(ranking) for text in _reasons(one))[:MOST]


def listed(parts: Sequence[str]) -> str:
    """a, b and c"""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _statement(one: Ranked, text: str) -> Statement:
    return Statement(one.diagnosis.id, one.diagnosis.name, one.diagnosis.urgency, text)


def _reasons(one: Ranked) -> Iterator[str]:
    name = one.diagnosis.name
    if one.matching:
        yield f"{name} fits with {listed(one.matching[:FEATURES])}."
    elif one.explains:
        yield f"{name} {_URGENCY[one.diagnosis.urgency]} and would explain {listed(one.explains)}."
    if one.against:
        yield f"{name} does not fit with {listed(one.against[:FEATURES])}."


def _further(one: Ranked) -> Iterator[str]:
    name = one.diagnosis.name
    if one.matching and one.explains:
        yield f"{name} {_URGENCY[one.diagnosis.urgency]} and would explain {listed(one.explains)}."
    if one.denied:
        yield f"{name} usually comes with {listed(one.denied[:FEATURES])}, which was denied."
    if one.missing:
        yield f"{name} would become more likely with {listed(one.missing[:FEATURES])}, which nobody has mentioned."
    for what in one.misfits:
        yield f"The {what} is not typical of {name}."
    if one.diagnosis.tests:
        yield f"The next tests for {name} are {listed(one.diagnosis.tests[:FEATURES])}."
