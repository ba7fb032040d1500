"""Large JSON objects of which few entries are ever asked for, kept as the text they are.

As dictionaries, what the voice reads by takes 90 MB, as text with an index 14: of 263,000 entries an answer needs some
hundred. An entry is found by the hash of its key (64 bits) and decoded when it is asked for.
"""

from __future__ import annotations

import gzip
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

# As json.dumps writes without spaces; values are strings without escapes, flat objects or null.
_KEY, _VALUE = rb'"([^"\\]*(?:\\.[^"\\]*)*)":', rb'"[^"\\]*"|\{[^{}]*\}|null'
_ENTRY = re.compile(rb"%b(%b)" % (_KEY, _VALUE))
_KEYS = re.compile(rb"%b(?:%b)" % (_KEY, _VALUE))
_QUOTED = 4  # bytes around key and value: two quotes, a colon, a comma or the last brace


class Table:
    """The object that is all of `text`, UTF-8; raises ValueError where it is not written as expected."""

    def __init__(self, text: bytes) -> None:
        entries = _ENTRY.findall(text)
        lengths = np.array([len(key) + len(value) + _QUOTED for key, value in entries], dtype=np.int64)
        if not text.startswith(b"{") or not text.endswith(b"}") or max(lengths.sum() + 1, 2) != len(text):
            raise ValueError("not a flat JSON object without spaces")
        hashes, order = np.unique(_hashes(key for key, _ in entries), return_index=True)
        if len(order) != len(entries):
            raise ValueError("a key occurs twice")
        # An array of the standard library is searched without making an object of numpy for each step.
        self._hashes = array("q", hashes.tobytes())
        self._starts = array("q", (np.cumsum(lengths) - lengths + 1)[order].tobytes())
        self._text = text

    def __len__(self) -> int:
        return len(self._hashes)

    def get(self, key: str) -> Any:
        """The value of `key`, a new object each time; None where there is none."""
        try:
            written = msgspec.json.encode(key)
        except UnicodeEncodeError:  # half of a surrogate pair: no key either
            return None
        place = _place(self._hashes, hash(written[1:-1]))
        if place is None:
            return None
        start = self._starts[place]
        entry = _ENTRY.match(self._text, start)
        return msgspec.json.decode(entry[2]) if entry and self._text.startswith(written, start) else None


class Words:
    """Which words there are, and nothing about them: eight bytes a word."""

    def __init__(self, words: Iterable[str]) -> None:
        self._hashes = _ordered(_hashes(words))

    def __or__(self, more: Iterable[str]) -> Words:
        both = Words(())
        both._hashes = _ordered(np.concatenate([np.asarray(self._hashes), _hashes(more)]))
        return both

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, word: object) -> bool:
        return _place(self._hashes, hash(word)) is not None


class Coming:
    """Words that are still being read; whoever asks in the meantime waits."""

    def __init__(self, words: Future[Words]) -> None:
        self._words = words

    def __contains__(self, word: object) -> bool:
        return word in self._words.result()


def read(path: Path) -> bytes:
    """What was packed with gzip."""
    return gzip.decompress(path.read_bytes())


def keys(text: bytes) -> list[str]:
    """Those of a text that may be a `Table`."""
    found = _KEYS.findall(text)
    return msgspec.json.decode(b'["%b"]' % b'","'.join(found), type=list[str]) if found else []


def _hashes(values: Iterable[object]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, values), dtype=np.int64)


def _ordered(hashes: NDArray[np.int64]) -> array[int]:
    """Each once. (numpy's `unique` is fifteen times slower.)"""
    ordered = np.sort(hashes)
    first = np.append(np.ones(min(1, len(ordered)), dtype=bool), ordered[1:] != ordered[:-1])
    return array("q", ordered[first].tobytes())


def _place(hashes: array[int], value: int) -> int | None:
    place = bisect_left(hashes, value)
    return place if place < len(hashes) and hashes[place] == value else None
