"""Answers on our own questions: `python tests/bench/answers.py [--rounds 2]` prints JSON.

Quality on both halves of the questions, and the time of an extractive answer in this process, search included, with the
index in memory. The peer quotes the first sentences of the passage that BM25 puts first and never abstains.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from common import answering
from common.product import machine

from functions.retrieval import service
from functions.retrieval.domain import wording
from functions.retrieval.sentence_vectors import MOST, SentenceVectors
from voiceassist.adapters.minilm import MiniLm
from voiceassist.contracts.answers import Answer
from voiceassist.core.support import Said
from voiceassist.core.text import sentences

HALVES = ("tuning", "held_out")
GOALS = {
    "citation_recall": 0.98,
    "citation_precision": 0.90,
    "pages_exact": 1.0,
    "abstains": 0.95,
    "answers": 0.90,
}
PEER_SENTENCES = 2


class Peer(answering.Bench):
    """The first sentences of the passage that shares most words."""

    async def ask(self, text: str) -> Answer:
        current = [hit.chunk for hit in self.index.by_words(text, 5) if not hit.chunk.superseded]
        if not current:
            return wording.refusal([], all_searched=True)
        said = [Said(one, current[0], one) for one in sentences(current[0].text)[:PEER_SENTENCES]]
        return wording.assembled("partial", said, all_searched=True)


def times(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "n": len(ordered),
        "p50_ms": round(median(ordered) * 1000, 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
    }


async def quality(bench: answering.Bench) -> dict[str, dict[str, float]]:
    asked = answering.questions()
    return {
        half: (await answering.scored(bench, [one for one in asked if one.half == half])).figures() for half in HALVES
    }


async def speed(bench: answering.Bench, rounds: int, remember: int = MOST) -> dict[str, float]:
    """`remember` 0: every sentence is embedded anew, as for a document that nobody asked about before."""
    service.vectors = SentenceVectors(remember)
    seconds = []
    for turn in range(rounds + 1):
        for expected in answering.questions()[::4]:
            began = time.perf_counter()
            await bench.ask(expected.question)
            if turn:  # the first round loads the model and meets the sentences
                seconds.append(time.perf_counter() - began)
    return times(seconds)


async def measured(rounds: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="va-bench-") as folder:
        embedder = MiniLm(Path(folder))
        bench, peer = answering.Bench(embedder), Peer(embedder)
        return {
            "questions": len(answering.questions()),
            "passages": len(bench.chunks),
            "quality": await quality(bench),
            "answer": await speed(bench, rounds),
            "answer_of_new_sentences": await speed(bench, 1, remember=0),
            "peer": {"name": "BM25, first passage, first sentences", "quality": await quality(peer)},
            "goal": GOALS,
            "machine": machine(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    print(json.dumps({"answers": asyncio.run(measured(parser.parse_args().rounds))}, indent=2))


if __name__ == "__main__":
    main()
