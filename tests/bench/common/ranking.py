"""How well passages are ranked for the evaluation questions: by our recipe, by words alone and by meaning alone.

All three see the same passages, the same word index (titles and other names weigh more) and the same vectors. nDCG has
gains of 2^grade - 1 over the first ten; a passage is relevant from grade 1 on, for consumer questions from grade 2 on.
"""

import asyncio
import math
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from voiceassist.adapters.vectors.memory import MemoryIndex
from voiceassist.cli.evals import ranking, rows
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.vectors import Query

DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
CLINICAL = DATA / "clinical"
NIH, PUBMED = "nih_corpus.jsonl.gz", "pubmedqa_docs.jsonl.gz"
TERMS = "doid_terms.jsonl.gz"
DEPTH = 10
# Name of the questions, their file, which of its sets, the field that is asked, and the goals.
GOALS = {
    "template": {"ndcg": 0.82, "recall": 0.945},
    "synonym": {"ndcg": 0.28, "recall": 0.42},
    "liveqa": {"ndcg": 0.58},
    "liveqa_raw": {"ndcg": 0.55},
    "pubmedqa": {"recall": 0.99},
}

Ranked = Mapping[str, Sequence[str]]


def quality(embedder: Embedder) -> dict[str, object]:
    """Figures for each set of questions; says so where the data is not there."""
    if not (CLINICAL / NIH).exists():
        return {"not_measured": "no evaluation data: set VOICEASSIST_EVAL_DATA to the folder that holds clinical/"}
    nih, pubmed = (ranking.indexed(ranking.passages(rows.read([CLINICAL / one])), embedder) for one in (NIH, PUBMED))
    queries = rows.read([CLINICAL / "retrieval_queries.jsonl.gz"])
    live = rows.read([CLINICAL / "liveqa_queries.jsonl.gz"])
    sets = {
        "template": (nih, [one for one in queries if one["set"] == "template"], "text"),
        "synonym": (nih, [one for one in queries if one["set"] == "synonym"], "text"),
        "liveqa": (nih, live, "text"),
        "liveqa_raw": (nih, live, "original"),
        "pubmedqa": (pubmed, rows.read([CLINICAL / "pubmedqa_queries.jsonl.gz"]), "text"),
    }
    return {name: measured(name, *one, embedder) for name, one in sets.items()}


def measured(
    name: str, index: MemoryIndex, questions: Sequence[rows.Row], field: str, embedder: Embedder
) -> dict[str, object]:
    asked = [(one["id"], one[field]) for one in questions]
    means = ranking.service.Means(names=ranking.load_names(CLINICAL / TERMS))
    ours = {one["id"]: one["ranked"] for one in asyncio.run(ranking.ranked(asked, index, embedder, means))}
    words, meaning = alone(asked, index, embedder)
    figures = {
        kind: scored(questions, ranked, 2 if name.startswith("liveqa") else 1)
        for kind, ranked in (("ours", ours), ("words_alone", words), ("meaning_alone", meaning))
    }
    goal = GOALS[name]
    reached = all(figures["ours"][figure] >= least for figure, least in goal.items())
    return {"questions": len(asked), **figures, "goal": goal, "reached": reached}


def alone(
    asked: Sequence[tuple[str, str]], index: MemoryIndex, embedder: Embedder
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    words, meaning = {}, {}
    for identity, text in asked:
        found = asyncio.run(index.search(Query(text, embedder.embed_query(text), DEPTH)))
        words[identity] = [hit.chunk.chunk_id for hit in found.by_words]
        meaning[identity] = [hit.chunk.chunk_id for hit in found.by_meaning]
    return words, meaning


def scored(questions: Sequence[rows.Row], ranked: Ranked, lowest: int) -> dict[str, float]:
    totals: dict[str, list[float]] = defaultdict(list)
    for question in questions:
        grades: dict[str, int] = question["qrels"]
        relevant = {one for one, grade in grades.items() if grade >= lowest}
        if not relevant:
            continue
        first = ranked[question["id"]][:DEPTH]
        best = gain(sorted(grades.values(), reverse=True)[:DEPTH])
        totals["ndcg"].append(gain([grades.get(one, 0) for one in first]) / best)
        totals["recall"].append(len(relevant.intersection(first)) / len(relevant))
    return {name: round(sum(values) / len(values), 4) for name, values in totals.items()}


def gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))
