"""Vectors of texts, kept on disk by model and by the hash of the text: a corpus is embedded once."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from voiceassist.ports.embedding import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CACHE = Path.home() / ".cache" / "voiceassist" / "vectors"
# Written after so many texts, so that a run that was ended is not lost.
BATCH = 512

Progress = Callable[[int, int], None]


def embedded(
    texts: Sequence[str], embedder: Embedder, progress: Progress, cache: Path = CACHE
) -> "NDArray[np.float32]":
    """Shape (len(texts), dimension). `progress` is told how many of the texts that had to be embedded are done."""
    import numpy as np

    read_by = f"{embedder.model_id} {embedder.model.max_tokens}"  # where a text is cut changes its vector, too
    folder = cache / hashlib.sha256(read_by.encode()).hexdigest()[:16]
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    known = _read(folder, embedder.dimension)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    todo = sorted(missing, key=lambda key: len(missing[key]))  # alike lengths make full batches
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        rows = embedder.embed_passages([missing[key] for key in batch])
        _write(folder, batch, rows)
        known.update(zip(batch, rows, strict=True))
        progress(start + len(batch), len(todo))
    return np.stack([known[key] for key in keys]) if keys else np.zeros((0, embedder.dimension), dtype=np.float32)


def _read(folder: Path, dimension: int) -> "dict[str, NDArray[np.float32]]":
    import numpy as np

    known: dict[str, NDArray[np.float32]] = {}
    for path in sorted(folder.glob("*.npz")):
        try:
            with np.load(path, allow_pickle=False) as part:
                keys, rows = part["keys"], part["rows"]
        except (OSError, ValueError, KeyError, EOFError):
            continue  # half a file: its texts are embedded anew
        if rows.ndim == 2 and rows.shape == (len(keys), dimension):
            known.update(zip(map(str, keys), rows, strict=True))
    return known


def _write(folder: Path, keys: Sequence[str], rows: "NDArray[np.float32]") -> None:
    """A file of its own for each batch, complete or not there: runs beside each other do not meet."""
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
        np.savez(file, keys=np.array(keys), rows=rows)
    Path(file.name).replace(Path(file.name).with_suffix(".npz"))
