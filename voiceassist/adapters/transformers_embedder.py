"""Embedding models out of a folder: PubMedBERT and its like, and MedCPT with one encoder a side.

A folder with `query` and `article` in it is read as such a pair. How the tokens of a text become one vector says the
setting, else the folder (Sentence-Transformers' `1_Pooling/config.json`); a pair pools by its first token, as MedCPT
was trained, anything else by the mean. PubMedBERT as published is a masked language model and retrieves badly: take a
variant that was trained to retrieve.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceassist.adapters.transformers_folder import ModelFolder
from voiceassist.ports.embedding import Model, ModelError, Pooling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_TOKENS = 512
# Padded tokens that run at once.
BATCH_TOKENS = 4096


class TransformersEmbedder:
    """Knows what it is without torch: the folder's config and the digest of its weights are enough."""

    def __init__(self, folder: Path, *, pooling: Pooling | None = None, max_tokens: int = MAX_TOKENS) -> None:
        self._name = folder.name
        pair = [folder / "query", folder / "article"]
        self._pair = all(part.is_dir() for part in pair)
        self._folders = [ModelFolder(part) for part in (pair if self._pair else [folder])]
        self._pooling = pooling
        self._max_tokens = max_tokens
        self._lock = threading.Lock()

    @cached_property
    def model(self) -> Model:
        sizes = {int(folder.config().get("hidden_size", 0)) for folder in self._folders}
        if len(sizes) != 1 or 0 in sizes:
            raise ModelError("A configured model folder is not that of a text encoder.")
        longest = min(folder.longest(self._max_tokens) for folder in self._folders)
        weights = "".join(folder.digest()[:32] for folder in self._folders)
        if not self._pair:
            weights = self._folders[0].digest()
        return Model(self._name, weights, sizes.pop(), self._pooling or self._found_pooling(), longest)

    @property
    def model_id(self) -> str:
        return self.model.id

    @property
    def dimension(self) -> int:
        return self.model.dimension

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        tokenizer, encoder = self._encoders[-1]
        # One by one: a batch would be padded to its longest member, which we choose ourselves.
        ids = [self._ids(tokenizer, text) for text in texts]
        for rows in batches([len(one) for one in ids], BATCH_TOKENS):
            vectors[rows] = self._run(tokenizer, encoder, [ids[row] for row in rows])
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        tokenizer, encoder = self._encoders[0]
        vector: NDArray[np.float32] = self._run(tokenizer, encoder, [self._ids(tokenizer, text)])[0]
        return vector

    def count_tokens(self, text: str) -> int:
        tokenizer, _ = self._encoders[-1]
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])  # no word on its length

    def _ids(self, tokenizer: Any, text: str) -> list[int]:
        ids: list[int] = tokenizer(text, truncation=True, max_length=self.model.max_tokens)["input_ids"]
        return ids

    def _run(self, tokenizer: Any, encoder: Any, ids: list[list[int]]) -> NDArray[np.float32]:
        import torch

        padded = tokenizer.pad({"input_ids": ids}, return_tensors="pt")
        with torch.inference_mode():
            states = encoder(**padded).last_hidden_state
            if self.model.pooling == "cls":
                pooled = states[:, 0]
            else:
                mask = padded["attention_mask"].unsqueeze(-1).to(states.dtype)
                pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1.0)
            vectors: NDArray[np.float32] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        return vectors

    @cached_property
    def _loaded(self) -> list[tuple[Any, Any]]:
        return [(folder.tokenizer(), folder.model("AutoModel")) for folder in self._folders]

    @property
    def _encoders(self) -> list[tuple[Any, Any]]:
        """Of the question first, of the passages last; once, whoever asks first."""
        with self._lock:
            return self._loaded

    def _found_pooling(self) -> Pooling:
        try:
            told = json.loads((self._folders[0].path / "1_Pooling/config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return "cls" if self._pair else "mean"
        return "cls" if told.get("pooling_mode_cls_token") else "mean"


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Row numbers in groups of similar length of at most `most` padded tokens; a row is never left out."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if rows and (len(rows) + 1) * lengths[row] > most:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows
