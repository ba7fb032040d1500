"""Judging passages against a question one by one: slower than comparing vectors, and better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Reranker(Protocol):
    @property
    def model_id(self) -> str: ...

    def scores(self, query: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """How well each passage answers, 0 to 1, shape (len(passages),), in their order."""
        ...
