"""What one filter costs per event, in microseconds: `python tests/bench/filters.py` prints JSON.

Times are this process's own CPU, so a busy machine changes little. Each filter is asked about five events, of which it
lets some through; the best of several rounds counts, as `timeit` has it. Peers in the same run: Python's own engine of
regular expressions for the prefix, and `jsonschema` for the same composite condition as a JSON schema; there is no
engine of CESQL for Python to compare with.
"""

import json
import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema

from events import cesql
from events.broker import filters
from events.envelope import CloudEvent

ROUNDS = 7
SECONDS = 0.2
GOALS = {"exact": 5, "prefix": 5, "suffix": 5, "all_of_10": None, "cesql": 20}
DOCUMENTS = "org.voiceassist.document."
EXPRESSION = f"type LIKE '{DOCUMENTS}%' AND (source = '/x' OR EXISTS ownerid) AND sequence > 3"
SCHEMA = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "pattern": f"^{re.escape(DOCUMENTS)}"},
        "sequence": {"type": "integer", "exclusiveMinimum": 3},
    },
    "required": ["type", "sequence"],
    "anyOf": [{"properties": {"source": {"const": "/x"}}, "required": ["source"]}, {"required": ["ownerid"]}],
}
FILTERS = {
    "exact": {"exact": {"type": f"{DOCUMENTS}uploaded.v1"}},
    "prefix": {"prefix": {"type": DOCUMENTS}},
    "suffix": {"suffix": {"type": "uploaded.v1"}},
    "all_of_10": {
        "all": [
            {"prefix": {"type": DOCUMENTS}},
            {"suffix": {"source": "documents"}},
            *({"not": {"prefix": {"type": f"other{number}."}}} for number in range(8)),
        ]
    },
    "cesql": {"cesql": EXPRESSION},
}

Attributes = dict[str, str | int | bool]
Test = Callable[[Attributes], object]


def events() -> list[CloudEvent]:
    def event(kind: str, source: str, extensions: dict[str, str | int | bool]) -> CloudEvent:
        return CloudEvent(
            id="0199a3c2-8e2f-7b51-8c7f-4e2d3b5c6a78",
            source=source,
            type=kind,
            time="2026-11-24T18:51:00Z",
            datacontenttype="application/json",
            extensions={"tenantid": "01900000-0000-7000-8000-000000000001", **extensions},
        )

    owner = "01900000-0000-7000-8000-0000000000a1"
    return [
        event(f"{DOCUMENTS}uploaded.v1", "/voiceassist/documents", {"ownerid": owner, "sequence": 7}),
        event(f"{DOCUMENTS}uploaded.v1", "/x", {"sequence": 4}),
        event(f"{DOCUMENTS}indexed.v1", "/voiceassist/ingestion", {"ownerid": owner, "sequence": 3}),
        event("org.voiceassist.answer.given.v1", "/voiceassist/retrieval", {"ownerid": owner, "sequence": 9}),
        event(f"{DOCUMENTS}deleted.v1", "/voiceassist/documents", {"ownerid": owner}),
    ]


def microseconds(call: Callable[[], object], per_call: int = 1) -> float:
    """CPU of one call, by the best of the rounds."""
    count = 1
    while True:
        started = time.process_time()
        for _ in range(count):
            call()
        if (spent := time.process_time() - started) > SECONDS / 4:
            break
        count *= 2
    best = spent / count
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(count):
            call()
        best = min(best, (time.process_time() - started) / count)
    return round(best * 1e6 / per_call, 3)


def asked(test: Test, attributes: list[Attributes]) -> float:
    def call() -> None:
        for one in attributes:
            test(one)

    return microseconds(call, len(attributes))


def peers(attributes: list[Attributes]) -> dict[str, float]:
    prefix = re.compile(f"{re.escape(DOCUMENTS)}.*", re.DOTALL)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    schema, ours = validator.is_valid, filters.of_trigger({"filters": [FILTERS["cesql"]]})
    if [schema(one) for one in attributes] != [ours(one) for one in attributes]:
        raise SystemExit("the peer's schema does not say what the expression says")
    return {
        "prefix": asked(lambda event: prefix.fullmatch(str(event["type"])), attributes),
        "cesql": asked(schema, attributes),
    }


def processor() -> str:
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", told.read_text() if told.exists() else "", re.MULTILINE)
    return found.group(1) if found else platform.machine()


def main() -> None:
    known = events()
    attributes = [event.attributes() for event in known]
    beside = peers(attributes)
    results = []
    for name, expression in FILTERS.items():
        test = filters.of_trigger({"filters": [expression]})
        cost, goal, peer = asked(test, attributes), GOALS[name], beside.get(name)
        results.append(
            {
                "filter": name,
                "matching": sum(map(test, attributes)),
                "of": len(attributes),
                "us_per_event": cost,
                "goal_us": goal,
                "reached": None if goal is None else cost <= goal,
                "peer_us": peer,
                "peer_by_ours": None if peer is None else round(peer / cost, 1),
            }
        )
    report = {
        "bench": "filters",
        "machine": {
            "cpus": os.cpu_count(),
            "processor": processor(),
            "python": platform.python_version(),
            "load_1min": round(os.getloadavg()[0], 2),
        },
        "peers": {"prefix": "re.fullmatch", "cesql": "jsonschema, the same condition as a schema"},
        "results": results,
        "attributes_of_an_event_us": microseconds(lambda: [event.attributes() for event in known], len(known)),
        "compiling_the_expression_us": microseconds(lambda: cesql.parse(EXPRESSION)),
    }
    print(json.dumps(report, indent=2))
    if not all(result["reached"] is not False for result in results):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
