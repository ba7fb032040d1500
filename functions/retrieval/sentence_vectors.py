"""Vectors of sentences that were embedded before: most answers quote from the same few hundred sentences.

Embedding two dozen sentences takes twenty times as long as everything else about an answer. Names are hashes, so no
text of a document is kept.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from voiceassist.ports.embedding import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 8_192  # 12 MB at 384 dimensions


class SentenceVectors:
    """One instance may serve several threads; the one not used for longest goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, embedder: Embedder, texts: Sequence[str]) -> "NDArray[np.float32]":
        """As `embedder.embed_passages`."""
        import numpy as np

        names = [hashlib.blake2b(f"{embedder.model_id}\x1f{text}".encode(), digest_size=16).digest() for text in texts]
        with self._lock:
            known = {name: self._kept[name] for name in names if name in self._kept}
        new = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
        if new:
            known.update(zip(new, embedder.embed_passages(list(new.values())), strict=True))
        with self._lock:
            for name in names:
                self._kept[name] = known[name]
                self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        if not names:
            return np.zeros((0, embedder.dimension), dtype=np.float32)
        return np.stack([known[name] for name in names])
