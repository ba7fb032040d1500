"""Speed of the PHI room's scan: `python tests/bench/phi.py [--rounds 5]` prints JSON.

A query and a note as they are sent; then lines of one and two MiB that begin a candidate everywhere, whose time must
grow with their length and no faster. The peer is Python's own `re` with the very same patterns and checks.
"""

import argparse
import json
import re
import statistics
import time
from collections.abc import Callable

from common.product import machine

from functions.phi.domain import scan
from functions.phi.domain.patterns import RECOGNISERS

MIB = 1_048_576
QUERY = "Is apixaban 5 mg right for a 93-year-old with MRN 00-12-34, seen 3/7/2024, phone (212) 555-0142?"
NOTE = (
    "MRN: 134-98-98 DOB: 06/05/83. Seen March 7, 2024; BP 120/80, potassium 4.5, Xarelto 12.5-25 mg. "
    "Call (212) 555-0142 or write to j.doe@example.org. Member ID: XYZ123456789. Boston, MA 02115.\n"
)
LINES = {
    "notes": NOTE,
    "one letter": "a",
    "figures": "1",
    "words that announce a number": "mrn ",
    "numbers that are none": "000-00-0000 ",
    "dots": "1.1.",
    "colons": "a:",
    "at signs": "a@",
    "addresses of the net": "http://",
}
GOALS = {"query p50_ms": 2, "query p99_ms": 10, "note_ms": 20, "growth": 2.5}  # SPEC N29; twice the length


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def line(unit: str, mib: int) -> str:
    return (unit * (mib * MIB // len(unit) + 1))[: mib * MIB]


def growth(unit: str, rounds: int) -> dict[str, float]:
    one, two = (statistics.median(timed(lambda size=size: scan.detect(line(unit, size)), rounds)) for size in (1, 2))
    return {"one_mib_ms": round(one), "two_mib_ms": round(two), "growth": round(two / one, 2)}


def peer(text: str, rounds: int) -> float:
    """The same scan by `re`."""
    compiled = [re.compile(one.pattern) for one in RECOGNISERS]

    def work() -> None:
        for recogniser, pattern in zip(RECOGNISERS, compiled, strict=True):
            for match in pattern.finditer(text):
                start, end = match.span(1)
                if scan.whole(text, start, end) and recogniser.check is not None:
                    recogniser.check(text[start:end])

    return statistics.median(timed(work, rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    where = machine()
    note = (NOTE * 20)[:3000]
    scan.detect(note)  # compiles the patterns
    query = timed(lambda: scan.detect(QUERY), 500)
    text = line(NOTE, 1)[: MIB // 8]
    ours = statistics.median(timed(lambda: scan.detect(text), options.rounds))
    theirs = peer(text, options.rounds)
    figures = {
        "query": {"p50_ms": round(query[250], 3), "p99_ms": round(query[495], 3)},
        "note of 3 kB": {"p50_ms": round(statistics.median(timed(lambda: scan.detect(note), 100)), 2)},
        "lines": {name: growth(unit, options.rounds) for name, unit in LINES.items()},
        "peer (re), 128 KiB of notes": {
            "ours_ms": round(ours, 1), "peer_ms": round(theirs, 1), "ratio": round(theirs / ours, 2)
        },
    }  # fmt: skip
    print(json.dumps({"bench": "phi", "machine": where, "goals": GOALS} | figures, indent=2))


if __name__ == "__main__":
    main()
