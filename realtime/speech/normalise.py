"""Names of scores and measures in their usual spelling, whichever way the recogniser wrote them.

Only names of calculators, laboratory abbreviations and one word of theirs are mended, by fixed patterns. No
drug and no number is ever replaced: a misheard drug or dose must be asked about, not guessed. A drug name of
the turn's own list that was merely written in two words is joined; not one of its letters changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from realtime.speech.pronunciations import NAMES

# A pattern must hold the whole name as it is said; where its words are also plain English ("has bled",
# "perk", "fib four") it must see "score" or the like behind it.
_CIWA = (
    r"c[\s-]?i[\s-]?w[\s-]?a(?:h|s(?=\s+score))?|c[\s-]w[\s-]?a+h?|cwa(?=-ar)|[cs][ei]wah?"
    r"|s[ei][ea][\s-]?wa(?:w|h)?|cura(?=r\b)|cur(?=-ar\b)"
)
_SPELLINGS: tuple[tuple[str, str], ...] = (
    (
        r"\bch(?:[ae]+[dt]'?[sz]?|a[\s-]?2[\s-]?d'?s)[\s,-]*(?:2|two|to|too)?[\s,-]*va[sz](?:c|k|ks|cs|que|ch)?\b",
        "CHA2DS2-VASc",
    ),
    (r"\bch(?:[ae]+d'?[sz]?|a[\s-]?2[\s-]?d'?s)[\s-]*(?:2|two)?[\s-]+v[\s-]?a(?=\s+score\b)", "CHA2DS2-VA"),
    (r"\bhas(?:[\s-]*ble+d(?=\s+(?:score|risk score)\b)|-?bleed\b|-bled\b|bled\b)", "HAS-BLED"),
    (r"\bckd[\s-]*ep(?:i|y|ie)\b", "CKD-EPI"),
    # Not "EGFR" in capitals: that is also a receptor.
    (r"\be[\s-]g[\s-]?f[\s-]?r\b|\begf[\s-]r(?=\s+(?:of|for|is|was)\b)", "eGFR"),
    (r"\bhb[\s-]?a[\s-]?(?:1|one)[\s-]?c\b", "HbA1c"),
    (r"\bcurb[\s-]*(?:65|sixty[\s-]five)\b", "CURB-65"),
    (r"\b(?:q|cue|queue)[\s-]*sofa\b", "qSOFA"),
    (r"\bchild[\s-]*(?:pugh|pew|pue)(?=\s+(?:score|class|[abc]\b))", "Child-Pugh"),
    (r"\bcoc?kc?roft[\s-]*gau?lt\b", "Cockcroft-Gault"),
    (r"\bwell'?s?[\s-]+score(?=s?\s+(?:for|of|with|in)\b)|\bwell'?s[\s-]+score\b", "Wells score"),
    (r"\bper[ck](?=\s+(?:rule|score|criteria)\b)", "PERC"),
    (r"\bgra(?:y|ce|ys|ce's)(?=\s+score\b)", "GRACE"),
    # "See-wah, A R": the letters behind it belong to the name.
    (
        rf"\b(?:{_CIWA})(?:[\s,-]+(?:a[\s-]?r|r)\b)?(?![\w-])",
        "CIWA-Ar",
    ),
    # Said alike, and no value of anybody's is razed: an item of the GRACE score is "raised cardiac markers".
    (r"\brazed\b", "raised"),
    (r"(?<!\ba[\s-])\bfib[\s-]*(?:4|four)(?=\s+(?:score|index)\b)", "FIB-4"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in _SPELLINGS)


def canonical(text: str) -> str:
    """`text` with the names of known scores spelt as clinicians write them; everything else unchanged."""
    for pattern, name in _PATTERNS:
        text = pattern.sub(name, text)
    return text


def joined(text: str, terms: Iterable[str]) -> str:
    """`text` with the drug names among `terms` written in one word where they stand in two ("a pixaban")."""
    for term in terms:
        if term.lower() in NAMES:
            # One gap, after any letter; the letters themselves must all be there.
            cuts = "|".join(rf"{term[:at]}[\s-]{term[at:]}" for at in range(1, len(term)))
            text = re.sub(rf"\b(?:{cuts})\b", term, text, flags=re.IGNORECASE)
    return text


def tidy(text: str) -> str:
    """`text` as a line of a conversation: a capital in front (but "eGFR"), no comma left hanging at the end."""
    text = text.strip().rstrip(",;- ")
    first = text.split(maxsplit=1)[:1]
    return text[0].upper() + text[1:] if first and first[0].islower() else text
