"""Names of scores and measures in their usual spelling, whichever way they were heard.

Only names of calculators and laboratory abbreviations are mended, by fixed patterns. Drugs and numbers
are never touched: a misheard drug or dose must be asked about, not guessed.
"""

from __future__ import annotations

import re

# Each pattern must hold the whole name as it is said; ordinary words alone ("perk", "well's") are left as they are.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    (r"\bcha+[dt][sz]?[\s-]*(?:2|two|to)?[\s-]*(?:d?s?\s*(?:2|two))?[\s-]*va?s[ck]?(?:ular)?\b", "CHA2DS2-VASc"),
    (r"\bhas[\s-]*bled\b", "HAS-BLED"),
    (r"\bckd[\s-]*epi\b", "CKD-EPI"),
    (r"\be[\s-]?gfr\b", "eGFR"),
    (r"\b(?:hb|hemoglobin |haemoglobin )a[\s-]?(?:1|one)[\s-]?c\b", "HbA1c"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in _SPELLINGS)


def canonical(text: str) -> str:
    """`text` with the names of known scores spelt as clinicians write them; everything else unchanged."""
    for pattern, name in _PATTERNS:
        text = pattern.sub(name, text)
    return text
