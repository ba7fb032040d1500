"""Loading a model with transformers from a folder of this machine, and from nowhere else.

torch and transformers come with requirements/models.txt and take seconds to import, so the first use imports them.
Folders of both generations work: model.safetensors with tokenizer.json, pytorch_model.bin with vocab.txt.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from voiceassist.ports.embedding import ModelError

THREADS = 2
# English of any vocabulary; a tokenizer that knows neither was made from no vocabulary at all.
KNOWN_WORDS = "the patient"


class ModelFolder:
    """Raises ModelError, whose sentences name no path: it is in the settings."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    def config(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.path / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ModelError("A configured model folder holds no readable config.json.") from None
        return found

    def digest(self) -> str:
        """SHA-256 over the weights, however many files they are in."""
        files = sorted(self.path.glob("*.safetensors")) or sorted(self.path.glob("pytorch_model*.bin"))
        if not files:
            raise ModelError("A configured model folder holds no weights (safetensors or pytorch_model.bin).")
        whole = hashlib.sha256()
        for file in files:
            with file.open("rb") as opened:
                whole.update(hashlib.file_digest(opened, "sha256").digest())
        return whole.hexdigest()

    def longest(self, wanted: int) -> int:
        """Tokens that the position table has room for, at most `wanted`."""
        config = self.config()
        # RoBERTa counts its positions from behind the padding's own.
        reserved = int(config.get("pad_token_id") or 0) + 1 if config.get("model_type") == "roberta" else 0
        return min(wanted, int(config.get("max_position_embeddings", wanted)) - reserved)

    def tokenizer(self) -> Any:
        """ModelError also for one that reads everything as unknown: transformers 5 makes such without a word."""
        tokenizer = self._loaded("AutoTokenizer")
        ids = tokenizer(KNOWN_WORDS, add_special_tokens=False)["input_ids"]
        if not ids or tokenizer.unk_token_id in ids:
            raise ModelError("The tokenizer in a configured model folder knows no English words.")
        return tokenizer

    def model(self, kind: str) -> Any:
        """`kind` is the transformers class, e.g. AutoModel; float32, ready to run."""
        import torch

        torch.set_num_threads(THREADS)
        return self._loaded(kind, dtype=torch.float32).eval()

    def _loaded(self, kind: str, **options: Any) -> Any:
        self.config()
        try:
            import huggingface_hub.constants
            import transformers
            from safetensors import SafetensorError
        except ImportError:
            raise ModelError(
                "Models from a folder need torch and transformers: install requirements/models.txt."
            ) from None
        huggingface_hub.constants.HF_HUB_OFFLINE = True  # as the variable of this name, which is read at import
        transformers.utils.logging.disable_progress_bar()
        transformers.utils.logging.set_verbosity_error()
        try:
            return getattr(transformers, kind).from_pretrained(
                str(self.path), local_files_only=True, trust_remote_code=False, **options
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError, UnpicklingError):
            raise ModelError("A configured model folder could not be loaded.") from None
