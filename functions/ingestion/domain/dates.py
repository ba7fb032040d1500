"""Year and publisher as documents write them in their metadata."""

import re

EARLIEST, LATEST = 1500, 2200
LONGEST = 200
# ISO 8601 and its beginnings, also as PDF writes it (D:2024…), and a year that stands alone in words.
_YEAR = re.compile(r"(?:^|D:|\b)(\d{4})(?:\b|(?=[01]\d))")


def year(text: str) -> int | None:
    match = _YEAR.search(text[:100])
    found = int(match[1]) if match else 0
    return found if EARLIEST <= found <= LATEST else None


def named(text: str) -> str:
    """A name on one line."""
    printable = "".join(character if character.isprintable() else " " for character in text[: 4 * LONGEST])
    return " ".join(printable.split())[:LONGEST]
