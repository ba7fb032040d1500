"""Turning text into vectors: what every embedder offers, whichever model stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """An index remembers `model_id` and `dimension`: vectors of two models are never compared."""

    @property
    def model_id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension), in the order of `texts`."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """One unit vector, shape (dimension,)."""
        ...

    def count_tokens(self, text: str) -> int:
        """How many pieces the model reads `text` as (no more than it takes); rare words take several."""
        ...
