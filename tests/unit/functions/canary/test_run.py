"""A run of the canary says what it knows: a sink that nobody looked at, or that nobody was told of, is not clean."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

from functions.canary import service, telling
from functions.canary.domain.traces import Trace
from functions.canary.sinks import SINKS, AbsentError, UnseenError
from functions.canary.telling import Told
from voiceassist.runtime import metrics
from voiceassist.runtime.settings import Settings

ROOT = Path(__file__).resolve().parents[4]
TRACES = [Trace("logs", "A", "plain", 3), Trace("logs", "H", "digits", 1)]


async def nothing(_settings, _search, _since):
    return []


async def found(_settings, _search, _since):
    return TRACES


async def away(_settings, _search, _since):
    raise UnseenError("LOGS_ELSEWHERE")


async def broken(_settings, _search, _since):
    raise ZeroDivisionError


async def no_such(_settings, _search, _since):
    raise AbsentError


def looks(**own):
    return dict.fromkeys(SINKS, nothing) | own


@pytest.fixture
def tells(monkeypatch):
    def say(*told):
        async def answer(_settings, _patient):
            return Told(*told)

        monkeypatch.setattr(telling, "told", answer)

    return say


async def run(**own):
    return await service.run(Settings(), looks=looks(**own), settles=0)


def counted(sink, outcome):
    return REGISTRY.get_sample_value("voiceassist_leak_canary_total", {"sink": sink, "outcome": outcome}) or 0


async def test_what_was_found_is_a_leak_and_what_nobody_saw_is_unknown(tells):
    tells(10, 10, True)
    before = counted("logs", "leaked"), counted("database", "unknown"), counted("metrics", "clean")
    said = await run(logs=found, database=away, objects=broken, traces=no_such)
    assert (said.logs, said.database, said.objects, said.traces, said.metrics) == (
        "leaked", "unknown", "unknown", "absent", "clean",
    )  # fmt: skip
    assert (said.leaks, said.requests, said.reached, said.voice) == (4, 10, 10, True)
    after = counted("logs", "leaked"), counted("database", "unknown"), counted("metrics", "clean")
    assert after == tuple(count + 1 for count in before)


@pytest.mark.parametrize("told", [(0, 0, True), (10, 10, False), (10, 8, True), (0, 0, False)])
async def test_a_sink_is_not_clean_where_nobody_was_told(tells, told):
    tells(*told)
    said = await run(logs=found, traces=no_such)
    assert (said.metrics, said.database, said.logs, said.traces) == ("unknown", "unknown", "leaked", "absent")


async def test_without_a_key_nothing_is_told(monkeypatch):
    monkeypatch.setattr(telling, "_requests", None)
    assert await telling.told(Settings(), None) == Told()


async def test_a_sink_that_hangs_is_given_up(tells, monkeypatch):
    import asyncio

    async def hangs(_settings, _search, _since):
        await asyncio.sleep(60)

    monkeypatch.setattr(service, "SINK_SECONDS", 0.05)
    tells(10, 10, True)
    assert (await run(sessions=hangs)).sessions == "unknown"


def test_the_alerts_name_metrics_and_outcomes_that_there_are():
    rules = [rule for group in yaml.safe_load((ROOT / "docs/alerts/phi.yaml").read_text())["groups"]
             for rule in group["rules"]]  # fmt: skip
    assert len({rule["alert"] for rule in rules}) == 4
    declared = {f"{one._name}_total" for one in vars(metrics).values() if isinstance(one, metrics.Counter)}
    for rule in rules:
        assert set(re.findall(r"voiceassist_\w+", rule["expr"])) <= declared
        assert set(re.findall(r'outcome="(\w+)"', rule["expr"])) <= set(service.Outcome.__args__)
        assert rule["labels"]["severity"] in {"page", "notify"}
