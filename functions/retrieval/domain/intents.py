"""Which kinds of source go first for an intent, and for a wish (SPEC P5.9).

Nothing is left out for it: what is not named only stands a few places lower. Sections go by the words of the question:
chosen by the intent as well they cost precision (docs/reference/rooms/retrieval.md).
"""

from collections.abc import Mapping, Sequence

from voiceassist.contracts.answers import Intent

MOST = 3
# The first one first. A deed and a computation need none.
SOURCES: Mapping[Intent, tuple[str, ...]] = {
    "diagnosis": ("textbook", "literature", "guideline"),
    "treatment": ("guideline", "textbook"),
    "drug_info": ("label", "reference"),
    "guideline": ("guideline",),
    "case_consultation": ("textbook", "literature", "note"),
    "calculation": (),
    "action": (),
    "general": ("textbook", "guideline"),
}
# What passages call themselves, where that is not the name of the kind.
_KINDS = {"article": "literature", "review": "literature"}


def first(intent: Intent | None) -> tuple[str, ...]:
    return SOURCES[intent] if intent else ()


def place(kinds: Sequence[str], source_type: str) -> float:
    """From 1 for what goes first down to 0 for what is not named; 1 for everything where nothing goes first."""
    if not kinds:
        return 1.0
    named = [_KINDS.get(kind, kind) for kind in kinds]
    kind = _KINDS.get(source_type, source_type)
    return 1.0 - named.index(kind) / MOST if kind in named else 0.0
