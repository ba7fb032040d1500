"""Which findings count: the operator's choice of packs and of the least evidence for each kind.

A pack is a group of kinds that is switched off as one; the least score is compared with a finding's class of evidence
(functions/phi/domain/model.py). Every answer says by name and digest under which rules it was made.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from functions.phi.domain.model import LABELS, Entity
from voiceassist.core.errors import SettingsError
from voiceassist.runtime.settings import Phi

PACKS: Mapping[str, tuple[str, ...]] = {
    "names": ("NAME",),
    "places": ("GEO", "FACILITY"),
    "dates": ("DATE", "AGE90"),
    "contact": ("PHONE", "FAX", "EMAIL", "URL", "IP"),
    "numbers": ("SSN", "MRN", "HEALTH_PLAN", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "OTHER_ID"),
    "likeness": ("BIOMETRIC", "PHOTO"),
}
PACK_OF = {label: pack for pack, labels in PACKS.items() for label in labels}


@dataclass(frozen=True)
class Rules:
    """`minimum`: the least score of a kind that counts; a kind that it does not name counts with any."""

    version: str = "default"
    off: frozenset[str] = frozenset()
    minimum: Mapping[str, float] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        told = [self.version, sorted(self.off), sorted(self.minimum.items())]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    def counts(self, found: Entity) -> bool:
        return PACK_OF.get(found.label) not in self.off and found.score >= self.minimum.get(found.label, 0.0)

    def kept(self, found: Iterable[Entity]) -> tuple[Entity, ...]:
        return tuple(one for one in found if self.counts(one))


def of(settings: Phi) -> Rules:
    """The rules of the settings; raises SettingsError that names the setting."""
    return Rules(settings.rules_version, packs(settings.packs_off), minimum(settings.minimum))


def packs(told: str) -> frozenset[str]:
    off = frozenset(filter(None, (part.strip() for part in told.split(","))))
    if not off <= PACKS.keys():
        raise SettingsError(f"VOICEASSIST_PHI__PACKS_OFF is a list of {', '.join(PACKS)}.")
    return off


def minimum(told: str) -> dict[str, float]:
    """`NAME=0.6, DATE=0.8`."""
    found = {}
    for part in filter(None, (part.strip() for part in told.split(","))):
        label, equals, score = (piece.strip() for piece in part.partition("="))
        try:
            least = float(score)
        except ValueError:
            least = -1.0
        if not equals or label not in LABELS or not 0 <= least <= 1:
            raise SettingsError("VOICEASSIST_PHI__MINIMUM is a list such as NAME=0.6,DATE=0.8.")
        found[label] = least
    return found
