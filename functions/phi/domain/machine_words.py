"""Words in capitals that belong to programs, fields and insurers, and to nobody."""

import re

from functions.phi.domain import fields
from functions.phi.domain.document import Document
from functions.phi.domain.model import Entity

PROGRAM = re.compile(r"""[("'\[]?[\w./:-]{2,120}\.(?:py|js|ts|tsx|java|go|rb|rs|cpp|cs|kt|sql|ya?ml|toml|sh)\b""")
FARTHEST = 80  # characters before a word that its file's name can begin
PAYERS = frozenset(
    ("blue cross", "blue shield", "united healthcare", "united", "aetna", "cigna", "humana", "anthem", "tricare", "medicare", "medicaid",
     "oscar health", "molina", "centene", "kaiser permanente", "blue")
)  # fmt: skip
JSON_KEY = re.compile(r"""["']([\w.-]{2,40})["']\s?:\s?["']\Z""")


def of_a_field(document: Document, one: Entity) -> bool:
    """Figures that a field's key says are no place: `"payer":"00767"`."""
    told = JSON_KEY.search(document.text[max(0, one.start - 48) : one.start])
    return told is not None and fields.label_of(told[1]) != "GEO"


def program(document: Document, first: int) -> bool:
    """In the name of a file of code: `test_hardy_weinberg.py`."""
    start = document.starts[first]
    near = max(0, start - FARTHEST)
    begin = max(document.text.rfind(" ", near, start), document.text.rfind("\n", near, start)) + 1
    return start - begin < FARTHEST and PROGRAM.match(document.text, begin) is not None


def payer(document: Document, first: int, end: int) -> bool:
    """`Blue Cross`: whoever pays is nobody."""
    return " ".join(document.keys[first:end]) in PAYERS
