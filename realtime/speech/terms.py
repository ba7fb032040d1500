"""The words the recogniser should expect in this turn.

A good list is worth more than a larger model, but it has room for about 36 terms: what the conversation
is about comes first (calculator, entities, passages found), then the words clinicians say most.
"""

from __future__ import annotations

from collections.abc import Iterable

LIMIT = 36

# Chosen for what tiny.en misspells without help: scores, abbreviations, and common drugs and conditions.
DEFAULT_TERMS: tuple[str, ...] = (
    "CHA2DS2-VASc score",
    "HAS-BLED",
    "CKD-EPI",
    "eGFR",
    "HbA1c",
    "atrial fibrillation",
    "hypertension",
    "diabetes",
    "creatinine",
    "creatinine clearance",
    "Cockcroft-Gault",
    "Wells score",
    "CURB-65",
    "qSOFA",
    "MELD",
    "Child-Pugh",
    "stroke risk",
    "heart failure",
    "pulmonary embolism",
    "deep vein thrombosis",
    "apixaban",
    "rivaroxaban",
    "warfarin",
    "DOAC",
    "INR",
    "metformin",
    "COPD",
    "pneumonia",
    "sepsis",
    "chronic kidney disease",
    "acute kidney injury",
    "ejection fraction",
    "sodium",
    "potassium",
    "QTc",
    "BMI",
)


def choose(context_terms: Iterable[str] = ()) -> list[str]:
    """At most 36 terms, those of the context first, then the usual ones; no term twice."""
    chosen: dict[str, str] = {}
    for term in (*context_terms, *DEFAULT_TERMS):
        cleaned = " ".join(term.split())
        if cleaned and len(chosen) < LIMIT:
            chosen.setdefault(cleaned.casefold(), cleaned)
    return list(chosen.values())
