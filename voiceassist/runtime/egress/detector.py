"""The product's detector as the gate uses it: the engine of the room phi with all its rules, and which ones these are.

The operator's choice of packs and scores is for the answers of the room; here the policy table says what a finding
leads to, and nothing that the engine finds is dropped before that.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from voiceassist.runtime import deidentification
from voiceassist.runtime.egress.scanning import Finding
from voiceassist.runtime.settings import load_settings


class EngineDetector:
    """Loaded when it is made, patterns and lists, so that the first text does not wait. Raises where that fails."""

    def __init__(self) -> None:
        self._engine = deidentification.engine()
        self.version = rules_digest(Path(load_settings().phi.lists or deidentification.BUILT))
        self.find("Nobody is named here.")

    def find(self, text: str, *, known: Sequence[str] = (), kind: str | None = None) -> Sequence[Finding]:
        return self._engine.find(text, known=known, kind=kind)


def rules_digest(lists: Path) -> str:
    """`rules-` and 16 hex digits of SHA-256 over the lists and everything in the engine's own folder."""
    domain = Path(deidentification.__file__).parents[2] / "functions/phi/domain"
    digest = hashlib.sha256()
    for path in (lists, *sorted(path for path in domain.rglob("*") if path.suffix in {".py", ".txt", ".crf", ".json"})):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return f"rules-{digest.hexdigest()[:16]}"
