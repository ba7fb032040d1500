"""Looking through texts beside the event loop, and what the findings come to."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

from functions.phi import rules
from functions.phi.domain.model import Entity
from functions.phi.rules import Rules
from voiceassist.runtime import metrics
from voiceassist.runtime.deidentification import engine
from voiceassist.runtime.egress import policy
from voiceassist.runtime.egress.policy import Policy
from voiceassist.runtime.settings import load_settings

AT_ONCE = 8_192  # characters that are scanned in some milliseconds; longer texts must not hold up the others
LONG_AT_ONCE = 2  # long texts in threads; the others wait
_long = asyncio.Semaphore(LONG_AT_ONCE)


@lru_cache(maxsize=1)
def rules_in_force() -> Rules:
    return rules.of(load_settings().phi)


@lru_cache(maxsize=1)
def policy_in_force() -> Policy:
    egress = load_settings().egress
    return policy.load(Path(egress.policy_file) if egress.policy_file else None, egress.policy)


async def scanned(
    text: str, *, known: Sequence[str] = (), kind: str | None = None, under: Rules | None = None, sink: str = "api"
) -> tuple[Entity, ...]:
    """What is found and counts; a long text is looked through in a thread."""
    began = time.perf_counter()
    find = partial(engine().find, text, known=known, kind=kind)
    if len(text) > AT_ONCE:
        async with _long:
            found = await asyncio.to_thread(find)
    else:
        found = find()
    metrics.PHI_SCAN.observe(time.perf_counter() - began)
    kept = (under or rules_in_force()).kept(found)
    for one in kept:
        metrics.PHI_DETECTED.labels(one.label, sink).inc()
    return kept


def counted(found: Sequence[Entity]) -> dict[str, int]:
    return dict(sorted(Counter(one.label for one in found).items()))
