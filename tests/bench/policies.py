"""Microseconds of a decision of the packaged policy, by regorus and by rego-cpp in one run, and what a start costs.

    python tests/bench/policies.py [--rounds 5] [--calls 2000]

Both engines get the same requests in turns: every role with every action of the policy. Processor time of the thread is
measured as well as the clock, because only the first can be compared on a machine with other work. Their answers are
compared, too: a difference would make the figures worthless.
"""

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from functions.policies import domain
from voiceassist.adapters.rego.cpp import RegoCppEngine
from voiceassist.adapters.rego.rust import RegorusEngine
from voiceassist.ports.policy import Decision
from voiceassist.runtime.access import bundles

GOAL_P99_MS = 1.0  # N46


def resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def started(make: Callable[[Any], Any]) -> tuple[Any, dict[str, float]]:
    """An engine with its import and its bundle; milliseconds of processor time and growth of the process."""
    memory, began = resident_mb(), time.process_time()
    engine = make(bundles.packaged())
    told = {"cpu_ms": round((time.process_time() - began) * 1000, 1), "rss_mb": round(resident_mb() - memory, 1)}
    return engine, told


def timed(decide: Callable[[Mapping[str, Any]], Decision], requests: list[dict[str, Any]]) -> list[tuple[float, float]]:
    taken = []
    for request in requests:
        wall, own = time.perf_counter(), time.thread_time()
        decide(request)
        taken.append((time.perf_counter() - wall, time.thread_time() - own))
    return taken


def figures(taken: list[tuple[float, float]]) -> dict[str, float]:
    told = {}
    for name, values in (("wall", [one[0] for one in taken]), ("cpu", [one[1] for one in taken])):
        ordered = sorted(values)
        for share in (50, 99):
            told[f"{name}_p{share}_us"] = round(ordered[len(ordered) * share // 100] * 1e6, 1)
    return told


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--calls", type=int, default=2000)
    chosen = options.parse_args()
    bundle = bundles.packaged()
    requests = list(islice(domain.samples(bundle), 0, None, 3))[: chosen.calls]
    ours, ours_start = started(RegorusEngine)
    peer, peer_start = started(RegoCppEngine)
    differences = sum(ours.decide_now(one) != peer.decide_now(one) for one in requests)
    taken: dict[str, list[tuple[float, float]]] = {"regorus": [], "rego_cpp": []}
    for _ in range(chosen.rounds):
        taken["regorus"] += timed(ours.decide_now, requests)
        taken["rego_cpp"] += timed(peer.decide_now, requests)
    told = {name: figures(values) for name, values in taken.items()}
    report = {
        "benchmark": "policies",
        "requests": len(requests),
        "rounds": chosen.rounds,
        "differences": differences,
        "regorus": told["regorus"] | {"start": ours_start},
        "rego_cpp": told["rego_cpp"] | {"start": peer_start},
        "peer_ratio_cpu_p50": round(told["rego_cpp"]["cpu_p50_us"] / told["regorus"]["cpu_p50_us"], 2),
        "goal_p99_ms": GOAL_P99_MS,
        "goal_met_cpu": told["regorus"]["cpu_p99_us"] <= GOAL_P99_MS * 1000,
        "goal_met_wall": told["regorus"]["wall_p99_us"] <= GOAL_P99_MS * 1000,
        "load": [round(one, 1) for one in os.getloadavg()],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
