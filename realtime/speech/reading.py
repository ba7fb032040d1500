"""hibari as it is used here: its code for reading and sounding, our own sessions and small tables (tables.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hibari import Hibari
from hibari.g2p import ASSETS, G2P
from hibari.g2p.lexicon import Lexicon
from hibari.g2p.tagger import Tagger
from hibari.g2p.tokenize import Tokenizer

from realtime.speech.tables import Table, read

_WEIGHTS = b'"weights":'


class Engine(Hibari):  # type: ignore[misc]
    """`session` as `models.opened` gives it: the package's own would keep what the longest sentence took."""

    def __init__(self, session: Any, reader: Reader) -> None:
        """In place of the package's own, which loads the model itself and, by its name, a voice from elsewhere."""
        self.sess = session
        self.vocab = json.loads((Path(ASSETS) / "vocab.json").read_bytes())
        self._g2p = reader


class Reader(G2P):  # type: ignore[misc]
    """American English. `oov` gives the phonemes of a word that stands in no table."""

    def __init__(self, oov: Any) -> None:
        """In place of the package's own, which makes dictionaries of everything."""
        folder = Path(ASSETS)
        gold, silver = (Table(read(folder / f"lexicon_us_{name}.json.gz")) for name in ("gold", "silver"))
        self.lexicon = Lexicon(gold, silver)
        self.tokenizer = Tokenizer(json.loads((folder / "tokenizer_exceptions.json").read_bytes()))
        self.tagger = Tagger(tagging(read(folder / "tagger.json.gz")))
        self._oov, self.unk, self.british = oov, "", False


def tagging(text: bytes) -> dict[str, Any]:
    """The model of the tagger, its weights as a table; they must stand last."""
    head, _, weights = text.partition(_WEIGHTS)
    model: dict[str, Any] = json.loads(head.rstrip(b",") + b"}")
    return model | {"weights": Table(weights.removesuffix(b"}"))}
