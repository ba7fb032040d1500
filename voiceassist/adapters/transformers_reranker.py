"""A cross-encoder out of a folder (MedCPT's, or any sequence classifier with one or two labels)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceassist.adapters.transformers_embedder import BATCH_TOKENS, MAX_TOKENS, batches
from voiceassist.adapters.transformers_folder import ModelFolder
from voiceassist.ports.embedding import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TransformersReranker:
    """Reads question and passage together, the passage cut where both do not fit."""

    def __init__(self, folder: Path, *, max_tokens: int = MAX_TOKENS) -> None:
        self._folder = ModelFolder(folder)
        self._max_tokens = max_tokens
        self._lock = threading.Lock()

    @cached_property
    def model_id(self) -> str:
        return f"{self._folder.name}/{self._folder.digest()[:8]}"

    def scores(self, query: str, passages: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np
        import torch

        found = np.zeros(len(passages), dtype=np.float32)
        if not passages:
            return found
        tokenizer, classifier = self._pair
        longest = self._folder.longest(self._max_tokens)
        encoded = [
            dict(tokenizer(query, passage, truncation="only_second", max_length=longest)) for passage in passages
        ]
        for rows in batches([len(one["input_ids"]) for one in encoded], BATCH_TOKENS):
            fields = {name: [encoded[row][name] for row in rows] for name in encoded[rows[0]]}
            with torch.inference_mode():
                logits = classifier(**tokenizer.pad(fields, return_tensors="pt")).logits
                # One label: the chance of "answers"; two: that of the second against the first.
                relevance = logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
                found[rows] = torch.sigmoid(relevance).numpy()
        return found

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        classifier = self._folder.model("AutoModelForSequenceClassification")
        if classifier.config.num_labels not in {1, 2}:
            raise ModelError("The configured reranker has neither one label nor two.")
        return self._folder.tokenizer(), classifier

    @property
    def _pair(self) -> tuple[Any, Any]:
        with self._lock:
            return self._loaded
