"""`voiceassist eval retrieval`: the search of the room over a corpus in memory, whose vectors are kept."""

import json
from zlib import crc32

import numpy as np
import pytest
from click.testing import CliRunner

from functions.retrieval import service
from voiceassist.cli.evals import ranking, vectors
from voiceassist.cli.main import group
from voiceassist.core.text import terms
from voiceassist.ports.embedding import Model
from voiceassist.runtime import providers

CORPUS = [
    {
        "id": "s1",
        "url": "u1",
        "title": "Kidney stones",
        "text": "Symptoms are pain. Also called renal colic.",
    },
    {"id": "s2", "url": "u1", "title": "Kidney stones", "text": "Treatment is water and rest."},
    {"id": "g1", "url": "u2", "title": "Gout", "text": "Treatment is rest."},
    {"id": "n1", "text": "An abstract without a title, on zebras."},
]
GOLD = [
    {"id": "q1", "text": "how are kidney stones treated"},
    {"id": "q2", "text": "treatment of stone sickness", "original": "my uncle has gout"},
    {"id": "q3", "text": "zebras"},
]
PACK = [{"id": "1", "name": "kidney stones", "syn": ["stone sickness"]}]


class Words:
    """Counts terms; counts how often it was asked to embed passages."""

    model_id, dimension = "words", 64
    model = Model("words", "", 64, "mean", 256)

    def __init__(self):
        self.embedded = 0

    def embed_passages(self, texts):
        self.embedded += len(texts)
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                rows[row, crc32(term.encode()) % self.dimension] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

    def embed_query(self, text):
        self.embedded -= 1
        return self.embed_passages([text])[0]


@pytest.fixture
def embedder(monkeypatch):
    words = Words()
    monkeypatch.setattr(providers, "embedder", lambda: words)
    return words


@pytest.fixture
def run(tmp_path, embedder):
    for name, content in (("gold", GOLD), ("corpus", CORPUS), ("pack", PACK)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in content))

    def evaluate(*options):
        out = tmp_path / "out.jsonl"
        files = ["--gold", tmp_path / "gold.jsonl", "--corpus", tmp_path / "corpus.jsonl", "--out", out]
        told = CliRunner().invoke(
            group, ["eval", "retrieval", *map(str, files), "--cache", str(tmp_path / "cache"), *options]
        )
        assert told.exit_code == 0, told.output
        return {row["id"]: row["ranked"] for row in map(json.loads, out.read_text().splitlines())}

    return evaluate


def test_passages_are_ranked_by_the_rooms_search(run, tmp_path):
    found = run("--terminology", str(tmp_path / "pack.jsonl"))
    assert found["q1"][0] == "s2"  # the passage on what is asked
    assert found["q2"][0] == "s2"  # under its other name
    assert found["q3"][0] == "n1"
    assert all(len(ranked) == len(set(ranked)) <= service.KEPT for ranked in found.values())


def test_another_field_is_asked_and_questions_without_it_are_left_out(run):
    found = run("--field", "original")
    assert list(found) == ["q2"]
    assert found["q2"][0] == "g1"


def test_a_second_run_embeds_nothing(run, embedder, tmp_path):
    first = run()
    assert embedder.embedded == len(CORPUS)
    assert run() == first
    assert embedder.embedded == len(CORPUS)
    broken = next((tmp_path / "cache").glob("*/*.npz"))
    broken.write_bytes(b"half a file")
    assert run() == first
    assert embedder.embedded == 2 * len(CORPUS)


def test_vectors_of_another_model_are_not_used(tmp_path, embedder):
    told = []
    vectors.embedded(["gout"], embedder, lambda *done: told.append(done), tmp_path)
    embedder.model_id = "other words"
    vectors.embedded(["gout", "flu", "gout"], embedder, lambda *done: told.append(done), tmp_path)
    embedder.model = Model("words", "", 64, "mean", 512)  # read to another place
    vectors.embedded(["gout"], embedder, lambda *done: told.append(done), tmp_path)
    assert told == [(1, 1), (2, 2), (1, 1)]
    assert vectors.embedded([], embedder, lambda *_: None, tmp_path).shape == (0, 64)


def test_parts_of_a_document_share_the_names_that_one_of_them_mentions():
    chunks = {chunk.chunk_id: chunk for chunk in ranking.passages(CORPUS)}
    assert chunks["s1"].mined == chunks["s2"].mined == ("renal colic",)
    assert chunks["n1"].mined == ()
