"""The detection engine for whoever guards a way out (logs, the egress gate): loaded once, on first use.

The engine lies in the room phi, whose domain is a pure library (no network, clock or environment); this module is the
one place of the foundation that reaches up to it (docs/decisions/0012-the-engine-stays-in-its-room.md).
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from functions.phi.domain.engine import Engine, Entity, Lists, Tagger, Tokens
from voiceassist.core.errors import SettingsError
from voiceassist.runtime.settings import Phi, load_settings

LEARNED = 0.5  # the most that a model's word counts for beside a rule's
BUILT = Path(__file__).parents[2] / ".make/phi/lists.bin"


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Raises functions.phi.domain.lists.ListsError where the lists are absent, SettingsError where a required tagger
    is, and ModelError where a configured one cannot be loaded: without them nothing may leave.
    """
    phi = load_settings().phi
    return Engine.load(Path(phi.lists) if phi.lists else BUILT, more=taggers(phi))


def taggers(phi: Phi) -> tuple[Tagger, ...]:
    if not phi.tagger:
        if phi.tagger_required:
            raise SettingsError("VOICEASSIST_PHI__TAGGER_REQUIRED is set, but VOICEASSIST_PHI__TAGGER names no folder.")
        return ()
    from voiceassist.adapters.transformers_tagger import TransformersTagger

    tagger = TransformersTagger(Path(phi.tagger))
    tagger.load()

    def find(text: str, _tokens: Tokens, _rules: Sequence[Entity], _lists: Lists) -> list[Entity]:
        return [Entity(one.start, one.end, one.label, one.score * LEARNED, "transformer") for one in tagger.find(text)]

    return (find,)
