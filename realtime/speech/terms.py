"""The words the recogniser should expect in this turn.

A good list is worth more than a larger model, but it has room for about 36 terms: what the conversation
is about comes first (calculator, entities, passages found), then the words clinicians say most.
"""

from __future__ import annotations

from collections.abc import Iterable

LIMIT = 36

# Chosen for what tiny.en misspells without help: scores, abbreviations, and common drugs and conditions; what it needs
# most comes first, for the terms of a conversation take the places at the end.
DEFAULT_TERMS: tuple[str, ...] = (
    "CHA2DS2-VASc score",
    "HAS-BLED",
    "CKD-EPI",
    "eGFR",
    "HbA1c",
    "Cockcroft-Gault",
    "Wells score",
    "CURB-65",
    "qSOFA",
    "MELD",
    "Child-Pugh",
    "apixaban",
    "rivaroxaban",
    "warfarin",
    "metformin",
    "DOAC",
    "INR",
    "QTc",
    "atrial fibrillation",
    "creatinine clearance",
    "chronic kidney disease",
    "acute kidney injury",
    "pulmonary embolism",
    "deep vein thrombosis",
    "COPD",
    "ejection fraction",
    "BMI",
    "sepsis",
    "creatinine",
    "hypertension",
    "diabetes",
    "stroke risk",
    "heart failure",
    "pneumonia",
    "sodium",
    "potassium",
)


def choose(context_terms: Iterable[str] = (), familiar: Iterable[str] = ()) -> list[str]:
    """At most 36 terms, those of the context first, then the usual ones, of which the last give way to familiar ones.

    No term twice. In front of the usual ones the familiar ones would cost names of scores (CURB-65 became "QURB-65").
    """
    context = _once(context_terms)
    last = [term for key, term in _once(familiar).items() if key not in context]
    usual = list(_once((*context.values(), *DEFAULT_TERMS)).values())
    first = usual[: max(len(context), LIMIT - len(last))]
    return list(_once((*first, *last, *usual)).values())[:LIMIT]


def _once(terms: Iterable[str]) -> dict[str, str]:
    """In their order, by their spelling without case, the first of each."""
    found: dict[str, str] = {}
    for term in terms:
        cleaned = " ".join(term.split())
        if cleaned:
            found.setdefault(cleaned.casefold(), cleaned)
    return found
