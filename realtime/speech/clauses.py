"""A text in pieces that can be spoken one after the other: the first is short, so that it sounds at once."""

from __future__ import annotations

import re

FIRST_WORDS = 3
# Whole sentences sound best; once something plays, only long sentences are cut inside.
LATER_WORDS = 14

_ABBREVIATIONS = frozenset({"dr", "mr", "mrs", "ms", "prof", "vs", "e.g", "i.e", "cf", "approx", "no", "fig", "st"})
# A border is whitespace after a mark; so 1,000 and 10:30 and 2.5 have none. A citation mark stays with its clause.
_MARKS = r"[)\]\"'”’]*(?:\s*\[\d+\])*"
_BORDER = re.compile(
    rf"(?P<stop>[.!?…]{_MARKS})\s+|(?P<line>\s*\n\s*)|(?P<pause>[,;:]{_MARKS})\s+|(?P<dash>\s[–—-])\s+"
)


def clauses(text: str) -> list[str]:
    """`text` cut at sentence ends, and at `, ; :` and dashes where that brings the first sound forward.

    Joined by single blanks the pieces are the text with its whitespace folded.
    """
    found: list[str] = []
    start = 0
    for border in _BORDER.finditer(text):
        piece = text[start : border.end()]
        if _is_border(piece, border, wanted=FIRST_WORDS if not found else LATER_WORDS):
            found.append(" ".join(piece.split()))
            start = border.end()
    found.append(" ".join(text[start:].split()))
    return [piece for piece in found if piece]


def _is_border(piece: str, border: re.Match[str], *, wanted: int) -> bool:
    if border["line"] is not None:
        return True
    if border["stop"] is None:
        return len(piece.split()) >= wanted
    last = piece.split()[-1:] or [""]
    return last[0].rstrip(".").lstrip("([").lower() not in _ABBREVIATIONS
