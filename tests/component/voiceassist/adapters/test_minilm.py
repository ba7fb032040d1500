"""The real embedder: converted from the packaged weights, run by onnxruntime."""

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from voiceassist.adapters import minilm, minilm_graph

pytestmark = pytest.mark.req("P5.5")

PASSAGES = [
    "Oral anticoagulation is recommended in atrial fibrillation with a high stroke risk.",
    "Bread is baked for forty minutes.",
    "Chronic kidney disease is staged by eGFR and albuminuria.",
    "A much longer passage. " * 60,
]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def embedder(models):
    return minilm.MiniLm(models)


def test_vectors_have_unit_length_and_the_order_of_their_texts(embedder):
    vectors = embedder.embed_passages(PASSAGES)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    alone = np.stack([embedder.embed_query(text) for text in PASSAGES])
    assert np.einsum("ij,ij->i", vectors, alone).min() > 0.98


def test_meaning_is_near_and_other_meaning_far(embedder):
    question = embedder.embed_query("how is stroke prevented in atrial fibrillation?")
    likeness = embedder.embed_passages(PASSAGES[:3]) @ question
    assert likeness.argmax() == 0
    assert likeness[0] > 0.5
    assert likeness[1] < 0.2


def test_the_int8_model_stays_close_to_the_float_one(embedder, models, tmp_path):
    """Per channel the cosine to float was .995 (min .991) when measured; per tensor .949."""
    import onnxruntime

    whole = tmp_path / "float.onnx"
    minilm_graph.build(minilm.package_folder() / "model.safetensors", whole)
    exact = minilm.MiniLm(models)
    exact.__dict__["_session"] = onnxruntime.InferenceSession(str(whole), providers=["CPUExecutionProvider"])
    likeness = np.einsum("ij,ij->i", exact.embed_passages(PASSAGES), embedder.embed_passages(PASSAGES))
    assert likeness.min() > 0.985


def test_nothing_embedded_is_an_empty_matrix_and_an_empty_text_still_a_vector(embedder):
    assert embedder.embed_passages([]).shape == (0, 384)
    assert np.isfinite(embedder.embed_query("")).all()


def test_a_text_longer_than_the_model_takes_is_cut(embedder):
    assert embedder.count_tokens("word " * 2000) == 2000
    read = "word " * (minilm.MAX_TOKENS - 2)  # and the two marks around it
    assert np.array_equal(embedder.embed_query(read + "fever cough"), embedder.embed_query(read))
    assert not np.array_equal(embedder.embed_query(read[:-15] + "fever cough"), embedder.embed_query(read))


def test_rare_names_take_several_pieces_and_known_words_one(embedder):
    assert embedder.count_tokens("patient") == 1
    assert embedder.count_tokens("flurbozamab") >= 3


def test_several_threads_may_ask_at_once(embedder):
    expected = embedder.embed_query(PASSAGES[0])
    with ThreadPoolExecutor(4) as pool:
        for vector in pool.map(embedder.embed_query, [PASSAGES[0]] * 16):
            assert np.array_equal(vector, expected)


def test_a_damaged_or_half_written_model_is_converted_again(tmp_path):
    target = minilm.prepare(tmp_path)
    whole = target.read_bytes()
    assert len(whole) < 30_000_000
    target.write_bytes(whole[:1000])
    assert minilm.prepare(tmp_path) == target
    assert target.stat().st_size == len(whole)
    note = target.with_suffix(".json")
    assert json.loads(note.read_text())["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    note.unlink()
    assert minilm.prepare(tmp_path) == target
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([target.name, note.name])


def test_foreign_weights_are_refused(tmp_path, monkeypatch):
    foreign = tmp_path / "package"
    foreign.mkdir()
    (foreign / "model.safetensors").write_bytes(b"not the weights")
    monkeypatch.setattr(minilm, "package_folder", lambda: foreign)
    with pytest.raises(minilm.ModelError):
        minilm.prepare(tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_importing_the_adapter_loads_nothing_heavy():
    program = "import sys, voiceassist.adapters.minilm; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"onnxruntime", "onnx", "numpy", "tokenizers", "safetensors"} & set(loaded)


def test_a_batch_is_bounded_by_its_padded_tokens_and_every_row_is_in_one():
    lengths = [3, 512, 40, 40, 500, 7, 7, 7, 120]
    batches = list(minilm._batches(lengths))
    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    assert all(len(rows) * max(lengths[row] for row in rows) <= minilm.BATCH_TOKENS for rows in batches)
    assert list(minilm._batches([600])) == [[0]]
    assert list(minilm._batches([])) == []


def test_long_passages_leave_no_memory_behind(models, embedder):
    embedder.embed_query("warm the model folder")
    program = f"""
import psutil
from pathlib import Path
from voiceassist.adapters.minilm import MiniLm

embedder = MiniLm(Path({str(models)!r}))
embedder.embed_query("first")
before = psutil.Process().memory_info().rss
embedder.embed_passages(["a much longer passage " * 200] * 20)
print(psutil.Process().memory_info().rss - before)
"""
    grown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert int(grown) < 50_000_000
