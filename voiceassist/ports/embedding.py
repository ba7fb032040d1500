"""Turning text into vectors: what every embedder offers, whichever model stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from voiceassist.core.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

Pooling = Literal["mean", "cls", "remote"]


class ModelError(UnavailableError):
    """The model's files are not there, not whole or not what they should be."""

    code = "MODEL_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Model:
    """What an index keeps about the model of its vectors.

    `weights` is the SHA-256 of the weights, empty where another machine holds them; `max_tokens` is where a text is
    cut; `quantisation` is how the numbers of the model are kept, e.g. int8-channel.
    """

    name: str
    weights: str
    dimension: int
    pooling: Pooling
    max_tokens: int
    quantisation: str = "float32"

    @property
    def id(self) -> str:
        """Vectors with the same id can be compared, others never. Where a text is cut is no part of it: what is read of
        it lies in the same space."""
        parts = [self.name, self.quantisation, self.pooling, self.weights[:8] or str(self.dimension)]
        return "/".join(parts)


class Embedder(Protocol):
    """An index remembers `model`: vectors of two models are never compared."""

    @property
    def model(self) -> Model: ...

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
        """How many pieces the model's tokenizer makes of `text`, also of what it would not read; rare words take
        several."""
        ...
