"""Speed of the detection engine: `voiceassist bench phi [--rounds 3]` prints JSON.

A query and a note of 3 kB, as they are sent; log lines, none like another (common/loglines.py), with a share of lines
that hold identifiers, first by an engine that has seen none of them (`cold`), then other ones (`warm`): machines write
the same sentences again, and what was found in a sentence is remembered; the start and memory of a process that has the
engine; the overhead of a line of our own logs (logs.py); then lines of half a MiB and of one that begin a candidate
everywhere, whose time must grow with their length and no faster. Our times are processor time. On the same labelled
texts: a scanner of plain regular expressions, and Presidio with spaCy's small model (installed once into
.make/bench-phi; where that cannot be done its figures are left out and said to be), which is slow and therefore reads
every fifth text of each genre; beside its figures are ours on those. Recall and precision of tokens are those of
functions/phi/training/measure.py; on development data ours are no release figures.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import venv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from common import labelled, loglines
from common.product import machine
from logs import measured as logging_overhead
from peers import plain_re
from peers.presidio import ROUNDS

from functions.phi.domain.engine import Engine
from functions.phi.domain.model import Entity
from functions.phi.training import measure
from voiceassist.runtime.deidentification import BUILT, engine
from voiceassist.runtime.wiring import ROOT

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
    "one long word": "pneumonoultramicroscopic",
    "nothing to see": "\u200ba",
    "escapes": "%2541",
    "hexadecimal": "a1b2",
    "fields": '{"name":"a",',
    "figures and words": "figures 1 ",
}
SHARES = (0.0, 0.01, 0.05)  # of log lines, those that hold identifiers
GOALS = {
    "query p50_ms": 1, "query p99_ms": 5, "note_ms": 10, "log_mb_per_s": 5, "presidio_ratio": 20, "line_1_mib_s": 1,
    "growth": 2.5, "start_ms": 600, "rss_mib": 120, "logging_overhead": 0.1,
}  # fmt: skip
SAMPLE = 5  # Presidio reads one of so many texts
PRESIDIO = ROOT / ".make/bench-phi"
LOADING = """
import time; began = time.perf_counter()
import psutil
from voiceassist.runtime.deidentification import engine
engine().find("Nobody is named here.")
print((time.perf_counter() - began) * 1000, psutil.Process().memory_info().rss / 1048576)
"""


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1000)
    return sorted(times)


def line(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def growth(unit: str, rounds: int) -> dict[str, float]:
    find = engine().find
    half, one = (min(timed(lambda size=size: find(line(unit, size)), rounds)) for size in (MIB // 2, MIB))
    return {"half_mib_ms": round(half), "1_mib_ms": round(one), "growth": round(one / half, 2)}


def log_path(named: Sequence[str], count: int) -> dict[str, object]:
    """MB a second by the share of lines with identifiers; `all`: the labelled ones alone, one after the other."""
    figures: dict[str, object] = {}
    for share in SHARES:
        find = Engine.load(BUILT).find
        figures[f"{share:.0%} with identifiers"] = {
            state: log_speed(find, list(loglines.mixed(loglines.lines(count, seed), named, share, seed)))
            for seed, state in enumerate(("cold", "warm"))
        }
    return {"lines": count, **figures, "all": log_speed(Engine.load(BUILT).find, named)}


def log_speed(find: Callable[..., object], lines: Sequence[str]) -> float:
    began = time.process_time()
    for one in lines:
        find(one, kind="log")
    return round(sum(map(len, lines)) / (time.process_time() - began) / 1e6, 2)


def quality(texts: Sequence[labelled.Text], spans: Sequence[Sequence[Sequence[int]]]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for text, found in zip(texts, spans, strict=True):
        counts.update(measure.counted(text, [Entity(one[0], one[1], "NAME", 1.0, "") for one in found]))
    return {name: measure.figures(counts)[name] for name in ("token_recall", "token_precision", "leak_rate")}


def scanned(find: Callable[[str], Sequence[Sequence[int]]], texts: Sequence[labelled.Text]) -> tuple[list, list[float]]:
    """Findings, and the fewest seconds of processor time of so many ROUNDS for each text, as the peer tells them."""
    spans, seconds = [], []
    for text in texts:
        times = []
        for _ in range(ROUNDS):
            began = time.process_time()
            found = find(text.text)
            times.append(time.process_time() - began)
        seconds.append(min(times))
        spans.append(found)
    return spans, seconds


def presidio(texts: Sequence[labelled.Text]) -> dict[str, object] | str:
    """What the peer's process tells, or why there is none."""
    python = PRESIDIO / "bin/python"
    if not (PRESIDIO / "ready").exists():
        venv.create(PRESIDIO, clear=True, with_pip=True)
        locked = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements/bench-phi.txt")]
        done = subprocess.run([python, "-m", "pip", "install", "-q", *locked], capture_output=True, check=False)
        if done.returncode:
            return "not measured: it could not be installed here"
        (PRESIDIO / "ready").touch()
    script = Path(__file__).parent / "peers/presidio.py"
    told = json.dumps([one.text for one in texts])
    done = subprocess.run([python, str(script)], input=told, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if not done.returncode else "not measured: " + done.stderr.strip()[-200:]


def speed(texts: Sequence[labelled.Text], seconds: Sequence[float]) -> float:
    return round(sum(len(one.text.encode()) for one in texts) / sum(seconds) / 1e6, 4)


def compared(texts: Sequence[labelled.Text]) -> dict[str, object]:
    find = engine().find
    finders = {"ours": lambda text: [(one.start, one.end) for one in find(text)], "plain re": plain_re.find}
    figures = {name: figured(texts, *scanned(each, texts)) for name, each in finders.items()}
    figures["plain re"]["ratio"] = round(figures["ours"]["mb_per_s"] / figures["plain re"]["mb_per_s"], 2)
    sample = texts[::SAMPLE]  # they stand genre by genre
    told = presidio(sample)
    if isinstance(told, str):
        return figures | {"presidio": told}
    theirs = figured(sample, told["spans"], told["seconds"])
    ours = figured(sample, *scanned(finders["ours"], sample))
    theirs |= {"start_ms": round(told["start_s"] * 1000), "rss_mib": round(told["rss"] / MIB)}
    theirs["ratio"] = round(ours["mb_per_s"] / theirs["mb_per_s"], 2)
    return figures | {"presidio": theirs | {"texts": len(sample), "ours on these": ours}}


def figured(texts: Sequence[labelled.Text], spans: list, seconds: list[float]) -> dict[str, object]:
    return {"mb_per_s": speed(texts, seconds)} | quality(texts, spans)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--lines", type=int, default=20_000)
    options = parser.parse_args()
    where, find = machine(), engine().find
    note = (NOTE * 20)[:3000]
    find(note)  # loads the tagger
    query = timed(lambda: find(QUERY), 500)
    source, texts = labelled.texts()
    logs = [one.text for one in texts if one.genre == "log"]
    loading = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True, cwd=ROOT)
    start, rss = map(float, loading.stdout.split())
    figures = {
        "query": {"p50_ms": round(query[250], 3), "p99_ms": round(query[495], 3)},
        "note of 3 kB": {"p50_ms": round(statistics.median(timed(lambda: find(note), 50)), 2)},
        "log lines, MB/s": log_path(logs, options.lines),
        "a process with the engine": {"start_ms": round(start), "rss_mib": round(rss)},
        "texts": {"source": source, "count": len(texts)} | compared(texts),
        "lines": {name: growth(unit, options.rounds) for name, unit in LINES.items()},
        "logging": logging_overhead(5_000),
        "see also": "bench coldstart (start of the room)",
    }
    print(json.dumps({"bench": "phi", "machine": where, "goals": GOALS} | figures, indent=2))


if __name__ == "__main__":
    main()
