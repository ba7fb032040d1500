"""One run: a new patient is told at every door, then every sink is looked at, and what came of it is said."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import SystemRandom
from typing import Literal

from events.catalog import CanarySearched
from functions.canary import sinks, telling
from functions.canary.domain import patient
from functions.canary.domain.traces import Search, Trace
from functions.canary.sinks import AbsentError, Mark
from functions.canary.telling import Told
from voiceassist.core import clock, ids
from voiceassist.runtime import logging, metrics
from voiceassist.runtime.settings import Settings

log = logging.get_logger(__name__)

Outcome = Literal["clean", "leaked", "unknown", "absent"]
Look = Callable[[Settings, Search, Mark], Awaitable[list[Trace]]]

SETTLES_SECONDS = 6.0  # spans and logs are sent in batches
SINK_SECONDS = 90.0


async def run(
    settings: Settings, *, looks: Mapping[str, Look] = sinks.SINKS, settles: float = SETTLES_SECONDS
) -> CanarySearched:
    """Never raises for a sink or a door: what could not be told or looked at is unknown."""
    one = patient.made(SystemRandom())
    search = await asyncio.to_thread(Search, one)
    before = await sinks.mark(settings, clock.now())
    told = await telling.told(settings, one)
    if told.requests:
        await asyncio.sleep(settles)
    found = {name: await _looked(name, look, settings, search, before) for name, look in looks.items()}
    outcomes = {name: outcome(traces, told) for name, traces in found.items()}
    for name, what in outcomes.items():
        tell(name, what, len(found[name]) if isinstance(found[name], list) else 0)
    leaks = sum(trace.count for traces in found.values() if isinstance(traces, list) for trace in traces)
    return CanarySearched(
        run_id=ids.new_id(),
        requests=told.requests,
        reached=told.reached,
        voice=told.voice,
        leaks=leaks,
        **outcomes,
    )


async def _looked(
    name: str, look: Look, settings: Settings, search: Search, before: Mark
) -> list[Trace] | Literal["unknown", "absent"]:
    try:
        async with asyncio.timeout(SINK_SECONDS):
            return await look(settings, search, before)
    except AbsentError:
        return "absent"
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody has looked
        log.warning("canary.unseen", sink=name, **logging.error_fields(error))
        return "unknown"


def outcome(found: list[Trace] | Literal["unknown", "absent"], told: Told) -> Outcome:
    """A trace is a leak however little was told; nothing found says something only where all of it was."""
    if isinstance(found, str):
        return found
    if found:
        return "leaked"
    return "clean" if told.enough else "unknown"


def tell(sink: str, what: Outcome, count: int) -> None:
    """Both series of a sink are there from the first run, so that an alert sees the first leak as an increase."""
    for each in ("leaked", "unknown"):
        metrics.LEAK_CANARY.labels(sink, each).inc(0)
    metrics.LEAK_CANARY.labels(sink, what).inc()
    if what == "leaked":
        log.error("canary.leaked", sink=sink, count=count)
