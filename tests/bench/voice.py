"""Voice to voice: `python tests/bench/voice.py [--data DIR] [--limit N]` prints JSON. Speech is synthetic, one voice.

What is measured is what a person waits: from the last voiced sample of the question to the first audible sample (above
-50 dBFS) of the answer. Questions are fed frame by frame in real time, each in a session of its own, in an order by the
seed. "canned": the voice service with an answer that lies ready, no gateway and no record. "real": the whole product
(the one running in DIR, else one of its own) through its gateway with TLS, audit, dialogue, calculators and library.
Beside it how often the same rules cut in on a set with pauses (tests/bench/turns.py), for one is bought with the other.
"""

import argparse
import asyncio
import contextlib
import json
import random
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy
import turns as pauses
from common.product import machine, product, settle
from common.utterances import UTTERANCES

from realtime.engines.local import LocalEngine, Models
from realtime.seats import SEATS_OF_ONE
from realtime.speech import audio
from realtime.speech.tts import trim
from voiceassist.adapters.postgres import Database
from voiceassist.cli.evals import standing
from voiceassist.cli.evals.speaking import Door, Turn, side_by_side
from voiceassist.core import identity
from voiceassist.runtime.engines import secrets, state
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import inherited

SEED = 7
SPEAKERS = 4
DETECTION = {"type": "semantic_vad", "eagerness": "auto"}
GOALS = {
    "canned_ms": {"p50": 350, "p95": 600},
    "real_ms": {"p50": 600, "p95": 1000},
    "four_at_once_ms": {"p95": 1200},
    "false_cut_ins": 0.2,
    "memory_mb": 450,
    "ready_s": 3.0,
}
STAGES = ("eou_ms", "transcription_ms", "answer_ms", "first_audio_ms")
Spoken = list[tuple[str, audio.Samples]]


@contextlib.contextmanager
def canned() -> Iterator[tuple[Door, psutil.Process]]:
    with standing.service([str(Path(__file__).parent / "common" / "canned.py")]) as (url, process):
        yield Door(url), psutil.Process(process.pid)


def doors(layout: Layout, *, others: bool) -> list[Door]:
    """One for each speaker; a person has two seats, so for four there are two people (not in somebody's product)."""
    running = state.read(layout)
    if running is None:
        sys.exit("error: start the product first: voiceassist up")
    url, ca = running.url.replace("http", "ws", 1), str(layout.ca)
    keys = [secrets.read(layout).cli_api_key, *([another_key(layout)] if others else [])]
    return [Door(url, key, ca) for key in keys for _ in range(SEATS_OF_ONE)]


def another_key(layout: Layout) -> str:
    """Of the seeded administrator, who is made a clinician for it: the benchmark's product is thrown away."""
    asyncio.run(_let_talk(layout))
    command = [sys.executable, "-m", "voiceassist.cli.main", "keys", "create", "--data", str(layout.data)]
    command += ["--user", "admin", "--name", "bench", "--scope", "voice:talk", "--days", "1", "--json"]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    return str(json.loads(made.stdout)["key"])


async def _let_talk(layout: Layout) -> None:
    database = Database(running_settings(layout, inherited()).postgres.dsn, pool_size=1)
    async with database.transaction(identity.service("bench")) as connection:
        told = "update users set role = 'user', profile = 'clinician' where email like 'admin@%'"
        await connection.execute(sqlalchemy.text(told))
    await database.close()


def service(layout: Layout) -> psutil.Process:
    running = state.read(layout)
    record = running.processes["realtime"].record if running else None
    if record is None:
        sys.exit("error: the voice service does not run")
    return psutil.Process(record.pid)


def ready_s(process: psutil.Process) -> float:
    """Until a second service with the same settings answers that it is ready, the best of three."""
    found = []
    for _ in range(3):
        port = standing.free_port()
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "realtime"],
            env=process.environ() | {"VOICEASSIST_REALTIME__PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as second:
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                    break
                time.sleep(0.02)
            found.append(time.perf_counter() - began)
            second.send_signal(signal.SIGTERM)
            second.wait(30)
    return round(min(found), 2)


def report(turns: list[Turn]) -> dict[str, Any]:
    answered = [turn for turn in turns if turn.audible]
    ends = [turn for turn in answered if not turn.cut_in]
    told = {name: [turn.metrics[name] for turn in ends if turn.metrics.get(name) is not None] for name in STAGES}
    return {
        "utterances": len(turns),
        "voice_to_voice_ms": spread([turn.waited_ms for turn in ends]),
        "server_stages_p50_ms": {name: round(statistics.median(found), 1) for name, found in told.items() if found},
        "cut_off": sum(turn.cut_in for turn in turns),
        "unanswered": len(turns) - len(answered),
    }


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {}
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(p95, 1), "max": round(ordered[-1], 1)}


def used_ms(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2]) * 1000


def measured(where: list[Door], process: psutil.Process, spoken: Spoken) -> dict[str, Any]:
    before = used_ms(process)
    turns = asyncio.run(side_by_side(where, spoken, DETECTION))
    told = report(turns) | {"cpu_ms_of_the_service_an_utterance": round((used_ms(process) - before) / len(turns), 1)}
    print(json.dumps(told), file=sys.stderr, flush=True)  # a run takes a quarter of an hour
    return told


def cut_ins(models: Models, limit: int | None) -> dict[str, Any]:
    found = pauses.cuts(models.voice, pauses.WordTimes(models.recognizer))[:limit]
    return asyncio.run(pauses.measure(LocalEngine(models, rooms=lambda _: None), found))  # type: ignore[arg-type,return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--limit", type=int, help="so many utterances and cuts instead of all")
    parser.add_argument("--only", choices=("canned", "real", "pauses"), action="append")
    options = parser.parse_args()
    wanted = options.only or ["canned", "real", "pauses"]
    models = Models.load(None, 2)
    questions = list(UTTERANCES)
    random.Random(SEED).shuffle(questions)
    spoken = [(one, trim(models.voice.synthesize(one))) for one in questions[: options.limit]]
    found: dict[str, Any] = {}
    if "canned" in wanted:
        with canned() as (door, process):
            found["canned"] = measured([door], process, spoken)
            found["canned_four_at_once"] = measured([door] * SPEAKERS, process, spoken)
    if "real" in wanted:
        with contextlib.nullcontext(Layout(options.data)) if options.data else product() as layout:
            process, where = service(layout), doors(layout, others=not options.data)
            if not options.data:
                settle([process.parent() or process])
            found["real"] = measured(where[:1], process, spoken)
            found["real_at_once"] = measured(where, process, spoken) | {"speakers": len(where)}
            found["memory_mb"] = round(process.memory_info().rss / 2**20)
            found["ready_s"] = ready_s(process)
    if "pauses" in wanted:
        found["pauses"] = cut_ins(models, options.limit)
    head = {"bench": "voice", "speech": "synthetic, one voice", "seed": SEED, "machine": machine(), "goals": GOALS}
    print(json.dumps(head | found, indent=2))


if __name__ == "__main__":
    main()
