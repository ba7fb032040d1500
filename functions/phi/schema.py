"""What the door takes and gives. A finding is told by its place: its text is not repeated."""

from typing import Annotated

from pydantic import Field, StringConstraints

from functions.phi.domain.model import CATEGORIES, Category
from functions.phi.domain.model import Entity as Found
from voiceassist.contracts.answers import Contract

LONGEST = 1_048_576


class Text(Contract):
    text: Annotated[str, StringConstraints(max_length=LONGEST)]


class Entity(Contract):
    """Offsets in code points, `end` exclusive; `score`: 1 check digit or grammar, 0.9 shape, 0.8 a word beside it."""

    start: int
    end: int
    label: str
    score: float


class Identifier(Contract):
    """A kind of identifier of 45 CFR 164.514(b)(2)(i), where `rule` is its letter."""

    label: str
    rule: str
    name: str
    found: str = Field(description="how this version finds it; empty: it does not")


class Coverage(Contract):
    """`covered` is what was looked for. A text without findings can still hold all of `not_covered`."""

    covered: tuple[Identifier, ...]
    not_covered: tuple[Identifier, ...]


class Detected(Contract):
    entities: tuple[Entity, ...]
    categories: Coverage


class Redacted(Detected):
    """`text` has `[LABEL]` in the place of each finding; the places of `entities` are those in the text that came."""

    text: str


def identifier_of(category: Category) -> Identifier:
    return Identifier(label=category.label, rule=category.rule, name=category.name, found=category.found)


COVERAGE = Coverage(
    covered=tuple(identifier_of(one) for one in CATEGORIES if one.found),
    not_covered=tuple(identifier_of(one) for one in CATEGORIES if not one.found),
)


def entities_of(found: tuple[Found, ...]) -> tuple[Entity, ...]:
    return tuple(Entity(start=one.start, end=one.end, label=one.label, score=one.score) for one in found)
