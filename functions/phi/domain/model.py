"""The identifiers of the Safe Harbor rule, 45 CFR 164.514(b)(2)(i), and what is found of them in a text."""

from collections.abc import Sequence
from dataclasses import dataclass

# How sure a finding is. Not a probability: a class of evidence, the stronger one wins where two overlap.
CHECKED = 1.0  # a check digit agrees, or the whole is valid by its own grammar
SHAPED = 0.9  # nothing else is commonly written in this shape
NAMED = 0.8  # a word beside it says what it is


@dataclass(frozen=True, slots=True)
class Category:
    """`rule` is the letter in the paragraph; `found` says what this version finds, empty when nothing."""

    label: str
    rule: str
    name: str
    found: str = ""


CATEGORIES = (
    Category("NAME", "A", "Names"),
    Category("ZIP", "B", "Geographic subdivisions: ZIP codes", "after a state, by word, or as ZIP+4"),
    Category("GEO", "B", "Geographic subdivisions smaller than a state"),
    Category("DATE", "C", "Elements of dates except the year", "with a year, or a month's name and a day"),
    Category("AGE90", "C", "Ages over 89", "in figures, and from ninety in words"),
    Category("PHONE", "D", "Telephone numbers", "North American, and international with +"),
    Category("FAX", "E", "Fax numbers", "telephone numbers after the word fax"),
    Category("EMAIL", "F", "E-mail addresses", "all"),
    Category("SSN", "G", "Social security numbers", "by shape or by word, also masked to the last four"),
    Category("MRN", "H", "Medical record numbers", "by word"),
    Category("HEALTH_PLAN", "I", "Health plan beneficiary numbers", "by word, and Medicare identifiers by shape"),
    Category("ACCOUNT", "J", "Account numbers", "by word, and payment cards and IBAN by check digit"),
    Category("LICENSE", "K", "Certificate and licence numbers", "by word, NPI by word, DEA numbers by check digit"),
    Category("VEHICLE", "L", "Vehicle identifiers and plates", "VIN by check digit or word, plates by word"),
    Category("DEVICE", "M", "Device identifiers and serial numbers", "by word, and MAC addresses"),
    Category("URL", "N", "Web addresses", "with a scheme or www"),
    Category("IP", "O", "IP addresses", "version 4 and 6"),
    Category("BIOMETRIC", "P", "Biometric identifiers"),
    Category("PHOTO", "Q", "Full-face photographs"),
    Category("OTHER_ID", "R", "Any other unique number or code"),
)
LABELS = frozenset(category.label for category in CATEGORIES if category.found)


@dataclass(frozen=True, slots=True)
class Entity:
    """A finding: offsets in code points, `end` exclusive."""

    start: int
    end: int
    label: str
    score: float


def merged(entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """Findings in the order of the text. Overlapping ones become one that covers them all, named by the surest.

    Dropping the weaker one instead would leave its rest standing in the text.
    """
    kept: list[Entity] = []
    for one in sorted(entities, key=lambda entity: (entity.start, -entity.end)):
        if kept and one.start < kept[-1].end:
            last = kept.pop()
            surest = max(last, one, key=lambda entity: (entity.score, entity.end - entity.start))
            kept.append(Entity(last.start, max(last.end, one.end), surest.label, surest.score))
        else:
            kept.append(one)
    return tuple(kept)


def redacted(text: str, entities: Sequence[Entity]) -> str:
    """The text with `[LABEL]` in the place of each finding; `entities` as `merged` gives them."""
    parts: list[str] = []
    position = 0
    for one in entities:
        parts += (text[position : one.start], f"[{one.label}]")
        position = one.end
    parts.append(text[position:])
    return "".join(parts)
