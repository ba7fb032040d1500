"""What the gates of a log line cost: `python tests/bench/logs.py [--lines 20000]` prints JSON.

Lines as the doors write them go through the whole chain into a buffer. Peer: the same chain with the allow-list of keys
alone, no value looked at. Then lines whose one value is a free text that the engine searches, and lines of a library.
Figures are microseconds of processor time a line, the best of several rounds taken in turns, so that a busy machine
hits both alike.
"""

import argparse
import io
import json
import logging as library
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from common.product import machine

from voiceassist.runtime import logging
from voiceassist.runtime.log_fields import ALLOWED, FIELDS

GOAL = {"overhead": 0.10}
ROUNDS = 7
DOCUMENT = "0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69"


def keys_alone(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in [key for key in fields if key not in ALLOWED]:
        del fields[key]
    return fields


def with_fields(processor: Callable[..., Any], stream: io.StringIO) -> None:
    chain = structlog.get_config()["processors"]
    swapped = [processor if each in (FIELDS, keys_alone) else each for each in chain]
    structlog.configure(processors=swapped, logger_factory=lambda *_names: logging.Lines(stream))


def lines(count: int) -> None:
    log = logging.get_logger("bench")
    for number in range(count):
        log.info("room.answered", room="phi", method="POST", route="/api/v1/phi/detect", status=200, duration_ms=1.25)
        log.info("ingestion.indexed", document_id=DOCUMENT, chunks=number)


def texts(count: int) -> None:
    log = logging.get_logger("bench")
    for number in range(count):
        log.warning("sink.refused", reason=f"no answer {number} from the sink that was named", attempt=3)


def messages(count: int) -> None:
    log = library.getLogger("bench")
    for number in range(count):
        log.warning("nothing of %s is told", number)


def best(work: Callable[[int], None], count: int, *processors: Callable[..., Any]) -> list[float]:
    """Microseconds a line for each processor, in turns."""
    stream, least = io.StringIO(), [float("inf")] * len(processors)
    for _ in range(ROUNDS):
        for at, processor in enumerate(processors):
            with_fields(processor, stream)
            began = time.process_time()
            work(count)
            least[at] = min(least[at], (time.process_time() - began) * 1e6 / count)
            stream.seek(0)
            stream.truncate()
    return least


def measured(count: int) -> dict[str, object]:
    logging.configure("bench")
    peer, ours = (figure / 2 for figure in best(lines, count, keys_alone, FIELDS))
    unsearched, searched = best(texts, count // 5, keys_alone, FIELDS)
    (message,) = best(messages, count, FIELDS)
    return {
        "line": {"figure_us": round(ours, 2), "peer_us": round(peer, 2), "ratio": round(ours / peer, 3)},
        "overhead": round(ours / peer - 1, 3),
        "line with a free text": {
            "figure_us": round(searched, 2), "peer_us": round(unsearched, 2), "ratio": round(searched / unsearched, 3)
        },
        "line of a library": {"figure_us": round(message, 2)},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=5_000)
    options = parser.parse_args()
    where = machine()
    print(json.dumps({"bench": "logs", "machine": where, "goals": GOAL} | measured(options.lines), indent=2))


if __name__ == "__main__":
    main()
