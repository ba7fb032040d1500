"""What a clinician has told of a patient, as it goes from where it is kept to who works with it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, get_args

from pydantic import AwareDatetime, Field

from voiceassist.contracts.answers import Contract

# `person`: age, sex, weight and height.
FactKind = Literal["person", "problem", "medication", "allergy", "lab", "vital", "note"]
KINDS: tuple[FactKind, ...] = get_args(FactKind)
# How old a measurement may be to be worked with; vital signs of yesterday are those of another state.
FRESH: Mapping[FactKind, timedelta] = {"vital": timedelta(hours=24), "lab": timedelta(days=7)}


class CaseFact(Contract):
    """`text` in the clinician's words; `since`: when it was so, or else when it was told."""

    kind: FactKind
    text: str = Field(min_length=1, max_length=300)
    since: AwareDatetime


def current(facts: Iterable[CaseFact], now: datetime) -> tuple[CaseFact, ...]:
    """Those that may be worked with, the newest first."""
    found = [one for one in facts if one.kind not in FRESH or now - one.since <= FRESH[one.kind]]
    return tuple(sorted(found, key=lambda one: one.since, reverse=True))
