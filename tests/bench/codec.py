"""Microseconds to put an event of the house into HTTP and to read it back, beside both lines of the CloudEvents SDK.

    python tests/bench/codec.py [--rounds 7] [--calls 3000]

Every codec gets the same event and the same request. The codecs take turns in every round, each direction's best round
counts. The peers parse the JSON of the data and we leave it bytes, so what it costs us to read the data into its typed
payload, which the peers do not do, is told beside it.
"""

import argparse
import base64
import json
import os
import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent as SdkEvent
from cloudevents.http import from_http

from events import catalog
from events.envelope import decode, decode_batch, encode_batch, encode_binary, encode_structured
from voiceassist.runtime import outbox

GOAL_MICROSECONDS = 30
ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".make/sdk2/bin/python"
PEER = ROOT / "tests/component/events/sdk2_peer.py"
# What a client's request carries besides the event.
OTHERS = {"host": "127.0.0.1:9000", "accept": "*/*", "user-agent": "bench", "authorization": "Bearer " + "x" * 200}
BATCH = 20

EXAMPLE = catalog.EVENT_TYPES[catalog.DocumentUploaded.TYPE].example
KEY = "0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69"
EVENT = outbox.event_of("documents", catalog.DocumentUploaded.TYPE, EXAMPLE, subject=KEY, key=KEY)
ENCODE = {"binary": encode_binary, "structured": encode_structured}
REQUESTS = {mode: (headers | OTHERS, body) for mode, encode in ENCODE.items() for headers, body in [encode(EVENT)]}


def seconds(work: Callable[[], object], calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - began) / calls


def ours() -> dict[str, Callable[[], object]]:
    found: dict[str, Callable[[], object]] = {}
    for mode, (headers, body) in REQUESTS.items():
        asgi = [(name.encode(), value.encode()) for name, value in headers.items()]
        found[f"{mode} out"] = lambda encode=ENCODE[mode]: encode(EVENT)
        found[f"{mode} in"] = lambda asgi=asgi, body=body: decode(asgi, body)
    return found


def first_line() -> dict[str, Callable[[], object]]:
    event = SdkEvent(dict(EVENT.attributes()), json.loads(EVENT.data))
    encode = {"binary": to_binary, "structured": to_structured}
    found: dict[str, Callable[[], object]] = {}
    for mode, (headers, body) in REQUESTS.items():
        found[f"{mode} out"] = lambda encode=encode[mode]: encode(event)
        found[f"{mode} in"] = lambda headers=headers, body=body: from_http(headers, body)
    return found


class SecondLine:
    """Measures itself, in its own process and environment."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([PYTHON, PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def microseconds(self, what: str, calls: int) -> float:
        mode, _, direction = what.partition(" ")
        headers, body = REQUESTS[mode]
        order = {"way": "measure", "rounds": 1, "calls": calls}
        if direction == "out":
            order |= {"mode": mode, "attributes": EVENT.attributes(), "data": json.loads(EVENT.data)}
        else:
            order |= {"headers": headers, "body": base64.b64encode(body).decode()}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())["microseconds"]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)


def measured(rounds: int, calls: int) -> dict[str, dict[str, float]]:
    """Direction to codec to microseconds."""
    us, first, second = ours(), first_line(), SecondLine()
    best: dict[str, dict[str, float]] = {what: {} for what in us}
    for _ in range(rounds):
        for what, least in best.items():
            found = {
                "ours": seconds(us[what], calls) * 1e6,
                "sdk 1.12": seconds(first[what], calls) * 1e6,
                "sdk 2": second.microseconds(what, calls),
            }
            least.update({name: min(value, least.get(name, value)) for name, value in found.items()})
    second.close()
    return best


def beside(rounds: int, calls: int) -> dict[str, float]:
    """What no peer does: a batch (for each of its events), and the data read into its typed payload."""
    headers, body = encode_batch([EVENT] * BATCH)
    work = {
        "batch out": (lambda: encode_batch([EVENT] * BATCH), BATCH),
        "batch in": (lambda: decode_batch(headers, body), BATCH),
        "payload read": (lambda: catalog.read(catalog.DocumentUploaded, EVENT.data), 1),
        "payload checked": (lambda: catalog.check(EVENT.type, EVENT.data), 1),
    }
    return {
        name: round(min(seconds(one, max(calls // count, 1)) for _ in range(rounds)) / count * 1e6, 1)
        for name, (one, count) in work.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=3000)
    options = parser.parse_args()
    if not PYTHON.exists():
        sys.exit("The SDK's second line is not installed; run make install-dev.")
    warnings.simplefilter("ignore", DeprecationWarning)
    figures = {
        what: {name: round(value, 1) for name, value in found.items()}
        | {f"{peer} / ours": round(found[peer] / found["ours"], 1) for peer in ("sdk 1.12", "sdk 2")}
        for what, found in measured(options.rounds, options.calls).items()
    }
    machine = {
        "cpus": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }
    reached = all(found["ours"] <= GOAL_MICROSECONDS for found in figures.values())
    report = {
        "bench": "codec",
        "unit": "microseconds for one event",
        "machine": machine,
        "goal": {"microseconds": GOAL_MICROSECONDS, "reached": reached},
        "figures": figures,
        "beside": beside(options.rounds, options.calls),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
