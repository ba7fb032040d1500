"""What the door takes and gives. A finding is told by its place: its text is not repeated."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from functions.phi.domain.model import CATEGORIES, Category
from functions.phi.domain.model import Entity as Found
from functions.phi.rules import PACK_OF, Rules
from voiceassist.contracts.answers import Contract

LONGEST = 1_048_576
MOST_TEXTS = 1_000

Text = Annotated[str, StringConstraints(max_length=LONGEST)]
Known = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Session = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Scan(Contract):
    """One `text`, or up to 1,000 `texts`, or the id of a stored one. `known`: what is known of the patient, found in
    every form. `kind`: what the text is, where the caller knows it."""

    text: Text | None = None
    texts: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST_TEXTS)] | None = None
    object_id: UUID | None = None
    known: Annotated[tuple[Known, ...], Field(max_length=50)] = ()
    kind: Literal["note", "query", "asr", "log"] | None = None

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        if [self.text, self.texts, self.object_id].count(None) != 2:
            raise ValueError
        return self

    @property
    def every(self) -> tuple[str, ...]:
        return self.texts if self.texts is not None else (self.text or "",)


class Pseudonymise(Scan):
    """`session`: texts of one session have the same stand-ins; empty: those of this request alone."""

    session: Session | Literal[""] = ""


class Entity(Contract):
    """Offsets in code points, `end` exclusive; `score` is a class of evidence, `source` the layer that found it."""

    start: int
    end: int
    label: str
    score: float
    source: str


class RuleSet(Contract):
    """Under which rules an answer was made: the operator's name for them, and a digest of what they say."""

    version: str
    digest: str


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


class Findings(Contract):
    entities: tuple[Entity, ...]


class Redaction(Findings):
    """`text` has `[LABEL]` in the place of each finding; the places of `entities` are those in the text that came."""

    text: str


class Counts(Findings):
    """`counts`: how many of each kind."""

    counts: dict[str, int]


class StandIn(Entity):
    pseudonym: str


class Pseudonyms(Contract):
    """`entities` tell which stand-in took which place: the caller can put the values back, this room does not."""

    text: str
    entities: tuple[StandIn, ...]


class Class(Contract):
    """`route`: where a model may be asked about it as it is, by policy; `local` also where it holds none but policy
    allows no model outside."""

    phi: bool
    categories: dict[str, int]
    route: Literal["local", "cloud"]


Item = Findings | Redaction | Counts | Pseudonyms | Class


class Detected(Findings):
    categories: Coverage
    rules: RuleSet


class Redacted(Redaction):
    categories: Coverage
    rules: RuleSet


class Told(Counts):
    rules: RuleSet


class Pseudonymised(Pseudonyms):
    rules: RuleSet


class Classified(Class):
    rules: RuleSet


class Batch(Contract):
    """One item a text, in the order of the texts; each is what the text alone would have been answered with."""

    items: tuple[Item, ...]
    rules: RuleSet


class Kind(Identifier):
    """`on`: whether the rules in force look for it; `minimum`: the least score that counts."""

    pack: str
    on: bool
    minimum: float


class Catalogue(Contract):
    kinds: tuple[Kind, ...]
    rules: RuleSet


class Draft(Contract):
    """What somebody thinks of setting: packs and minimum as in the settings, exceptions of the egress policy."""

    packs_off: Annotated[str, StringConstraints(max_length=200)] = ""
    minimum: Annotated[str, StringConstraints(max_length=1000)] = ""
    policy: Annotated[str, StringConstraints(max_length=2000)] = ""


class Trial(Contract):
    text: Annotated[str, StringConstraints(max_length=20_000)]
    draft: Draft = Draft()


class Outcome(Contract):
    """What would happen at one sink: the strictest action of what was found, and the text as it would leave; null: it
    would not."""

    sink: str
    action: str
    labels: dict[str, str]
    text: str | None


class Tried(Findings):
    outcomes: tuple[Outcome, ...]


class Claim(Contract):
    """A text that is stored, sealed, to be looked through by an event (`org.voiceassist.phi.scan_requested.v1`)."""

    object_id: UUID
    size_bytes: int


def identifier_of(category: Category) -> Identifier:
    return Identifier(label=category.label, rule=category.rule, name=category.name, found=category.found)


COVERAGE = Coverage(
    covered=tuple(identifier_of(one) for one in CATEGORIES if one.found),
    not_covered=tuple(identifier_of(one) for one in CATEGORIES if not one.found),
)


def entities_of(found: tuple[Found, ...]) -> tuple[Entity, ...]:
    return tuple(
        Entity(start=one.start, end=one.end, label=one.label, score=one.score, source=one.source) for one in found
    )


def rule_set(rules: Rules) -> RuleSet:
    return RuleSet(version=rules.version, digest=rules.digest)


def coverage(rules: Rules) -> Coverage:
    """What is looked for under these rules."""
    covered = tuple(one for one in COVERAGE.covered if PACK_OF.get(one.label) not in rules.off)
    left = tuple(one for one in COVERAGE.covered if one not in covered)
    return Coverage(covered=covered, not_covered=COVERAGE.not_covered + left)


def catalogue(rules: Rules) -> Catalogue:
    kinds = tuple(
        Kind(
            **identifier_of(one).model_dump(),
            pack=PACK_OF.get(one.label, ""),
            on=bool(one.found) and PACK_OF.get(one.label) not in rules.off,
            minimum=rules.minimum.get(one.label, 0.0),
        )
        for one in CATEGORIES
    )
    return Catalogue(kinds=kinds, rules=rule_set(rules))
