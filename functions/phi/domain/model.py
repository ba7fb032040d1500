"""The identifiers of the Safe Harbor rule, 45 CFR 164.514(b)(2)(i), and what is found of them in a text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

# How sure a finding is. Not a probability: a class of evidence, the stronger one wins where two overlap.
CHECKED = 1.0  # a check digit agrees, or the whole is valid by its own grammar
SHAPED = 0.9  # nothing else is commonly written in this shape
NAMED = 0.8  # a word beside it says what it is
LISTED = 0.6  # it stands in a list, and its surroundings do not speak against it
LEARNED = 0.5  # the tagger says so

LABELS = (
    "NAME", "GEO", "FACILITY", "DATE", "AGE90", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "HEALTH_PLAN", "ACCOUNT",
    "LICENSE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC", "PHOTO", "OTHER_ID",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Category:
    """`rule` is the letter in the paragraph; `found` says what this version finds, empty when nothing."""

    label: str
    rule: str
    name: str
    found: str = ""


CATEGORIES = (
    Category("NAME", "A", "Names", "by list, title, relation, position and tagger; also spelled"),
    Category("GEO", "B", "Geographic subdivisions smaller than a state", "addresses, towns, counties, ZIP codes"),
    Category("FACILITY", "B", "Hospitals, clinics, schools and employers", "by their kind of word, and by context"),
    Category("DATE", "C", "Elements of dates except the year", "written, partial and spoken dates, and holidays"),
    Category("AGE90", "C", "Ages over 89", "in figures and in words"),
    Category("PHONE", "D", "Telephone numbers", "North American, international with +, by word, and spoken"),
    Category("FAX", "E", "Fax numbers", "telephone numbers after the word fax, also spoken"),
    Category("EMAIL", "F", "E-mail addresses", "all, also spoken"),
    Category("SSN", "G", "Social security numbers", "by shape or by word, masked to the last four, and spoken"),
    Category("MRN", "H", "Medical record numbers", "by word, by field and by position; also spoken"),
    Category("HEALTH_PLAN", "I", "Health plan beneficiary numbers", "by word, and Medicare identifiers by shape"),
    Category("ACCOUNT", "J", "Account numbers", "by word, and payment cards and IBAN by check digit"),
    Category("LICENSE", "K", "Certificate and licence numbers", "by word, NPI and DEA numbers by check digit"),
    Category("VEHICLE", "L", "Vehicle identifiers and plates", "VIN by shape, plates by word; also spoken"),
    Category("DEVICE", "M", "Device identifiers and serial numbers", "by word, UDI and MAC addresses by shape"),
    Category("URL", "N", "Web addresses", "with a scheme, www or a name of a web site; also spoken"),
    Category("IP", "O", "IP addresses", "version 4 and 6, and spoken"),
    Category("BIOMETRIC", "P", "Biometric identifiers", "identifiers of voice, finger, face and eye prints, by word"),
    Category("PHOTO", "Q", "Full-face photographs", "names of picture files that tell of a person"),
    Category("OTHER_ID", "R", "Any other unique number or code", "trial, accession, case and badge numbers, by word"),
)


class Entity(NamedTuple):
    """A finding: offsets in code points, `end` exclusive; `source` is the layer that found it."""

    start: int
    end: int
    label: str
    score: float
    source: str = "pattern"


def merged(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Findings in the order of the text. Overlapping ones become one that covers them all, named by the surest.

    Dropping the weaker one instead would leave its rest standing in the text.
    """
    kept: list[Entity] = []
    longest_first = sorted(entities, key=itemgetter(1), reverse=True)
    for one in sorted(longest_first, key=itemgetter(0)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
            continue
        start, end, _, score, _ = last = kept[-1]
        surer = one if (one.score, one.end - one.start) > (score, end - start) else last
        if surer is one or one.end > end:
            kept[-1] = Entity(start, max(end, one.end), surer.label, surer.score, surer.source)
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
