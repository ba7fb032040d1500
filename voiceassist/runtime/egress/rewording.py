"""How to ask without naming anybody: the identifiers of a question in words (SPEC C4.5)."""

import re
from collections.abc import Sequence

from voiceassist.runtime.egress.scanning import Found

WORDS = {
    "NAME": "the patient",
    "DATE": "at that time",
    "AGE90": "90 years or older",
    "GEO": "the area",
    "FACILITY": "the hospital",
}
# Words that only introduce what was taken out: `mrn 44198`, `born on`, `phone number is`.
_BEFORE = re.compile(
    r"(?:\b(?:m ?r ?n|medical record(?: number)?|s ?s ?n|social security(?: number)?|account|member|policy|phone|fax|"
    r"e-?mail|address|d ?o ?b|date of birth|born(?: on| in)?|on|at|from|in|number|no|id|is)\b[\s:#.]*|[#:]\s*)+$",
    re.IGNORECASE,
)
_NAMED_PATIENT = re.compile(
    r"\b(?:(?:for|of|in|on|with|about)\s+)?(?:(?:my|our|the|this|a)\s+)?patient\s+(?=the patient\b)", re.IGNORECASE
)
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|dr)\.?\s+(?=the patient\b)", re.IGNORECASE)


# What stands before the name of a patient: without it a name may as well be a drug that nobody knows.
_CUE = re.compile(r"\b(?:patient|mr|mrs|ms|miss|named|called|name is)\W{1,3}\Z", re.IGNORECASE)
_DOUBTFUL = frozenset({"GEO", "FACILITY", "OTHER_ID"})


def is_sure(text: str, found: Sequence[Found]) -> bool:
    """Whether the question stays the same question without what was found: numbers, dates and announced names only.

    An invented drug that was taken for a name must not be left out, or another question would be answered.
    """
    labels = {label for one in found for label in one.labels}
    names = [one for one in found if "NAME" in one.labels]
    return bool(found) and not labels & _DOUBTFUL and all(_CUE.search(text[: one.start]) for one in names)


def reworded(text: str, found: Sequence[Found]) -> str:
    """The question about "the patient"; what cannot be said in words is left out with what introduced it."""
    if not found:
        return text
    told = ""
    position = 0
    for one in found:
        before = told + text[position : one.start]
        word = next((WORDS[label] for label in one.labels if label in WORDS), "")
        if not word or word == WORDS["DATE"]:
            before, word = _BEFORE.sub("", before), ""
        told = before.rstrip() + (f" {word}" if word else "") if before.strip() else word
        position = one.end
    told += text[position:]
    told = _TITLE.sub("", told)
    told = _NAMED_PATIENT.sub(_preposition, told)
    told = re.sub(r"(the patient)(?:[\s,]+the patient\b)+", r"\1", told, flags=re.IGNORECASE)
    told = re.sub(r"\(\s*\)|\s+([,.;?!])", r"\1", " ".join(told.split()))
    told = re.sub(r",\s*,|\s*\(\s*\)", "", told)  # what stood between two commas is gone
    return re.sub(r"[,;]\s*(?=[.;?!]|$)|^[,.;\s]+", "", told).strip()


def _preposition(match: "re.Match[str]") -> str:
    first = match[0].split()[0].lower()
    return f"{first} " if first in {"for", "of", "in", "on", "with", "about"} else ""
