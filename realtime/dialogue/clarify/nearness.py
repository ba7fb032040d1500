"""How near two names are to the ear: 0 is the same sound, 1 nothing alike. Pure; no model and no dictionary.

A name is spelt as it sounds (`sounds`), and the edits between two such spellings are weighed by how easily they are
misheard: one vowel for another costs little, p for b half, a consonant that is missing all.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from string import ascii_lowercase

import numpy as np

# In this order; what stands behind a rule sees what the rules before it have written.
_SPELT = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"^x", "z"),
        (r"^ps|^pt", "s"),
        (r"ph", "f"),
        (r"gh(?=[aeiouy])", "g"),
        (r"sch|sh|ch(?=i?[aeiouy]n)", "s"),
        (r"tch|ch|ck|q", "k"),
        (r"ti(?=on)", "s"),
        (r"th", "t"),
        (r"dg|g(?=[eiy])", "j"),
        (r"sc(?=[eiy])|c(?=[eiy])|z", "s"),
        (r"c", "k"),
        (r"x", "ks"),
        (r"wr", "r"),
        (r"(?<=[a-z])h", ""),
        (r"ae|oe|ea|ee|ei|ie|y", "i"),
        (r"oo|ou|ew", "u"),
        (r"au|aw", "o"),
        (r"ai", "a"),
        (r"(?<=[^aeiou])e$", ""),
        (r"(.)\1+", r"\1"),
    )
)
VOWELS = frozenset("aeiou")
_ALIKE = tuple(map(frozenset, ("bp", "dt", "gk", "fv", "sj", "mn", "lr", "gj", "vb", "fp", "kj", "ts")))
_VOWEL_FOR_VOWEL = 0.25
_VOWEL_MORE = 0.5
_ALIKE_CONSONANTS = 0.5
_WEAK_MORE = 0.6
_WEAK = frozenset("hrwn")


def _instead(letter: str, other: str) -> float:
    if letter == other:
        return 0.0
    if letter in VOWELS and other in VOWELS:
        return _VOWEL_FOR_VOWEL
    return _ALIKE_CONSONANTS if frozenset((letter, other)) in _ALIKE else 1.0


def _more(letter: str) -> float:
    if letter in VOWELS:
        return _VOWEL_MORE
    return _WEAK_MORE if letter in _WEAK else 1.0


_NONE = len(ascii_lowercase)  # behind the end of a shorter name
_MORE = np.array([*map(_more, ascii_lowercase), 0.0])
_INSTEAD = np.array([[*(_instead(one, other) for other in ascii_lowercase), 0.0] for one in ascii_lowercase])


@lru_cache(maxsize=8192)
def sounds(name: str) -> str:
    """`name` spelt by its sounds: "enoxaparin" is "enoksaparin", "phenytoin" "fenitoin"."""
    spelt = name.lower()
    for pattern, sound in _SPELT:
        spelt = pattern.sub(sound, spelt)
    return spelt


class Sounds:
    """The sounds of many names, to which one that was heard is compared at once."""

    def __init__(self, names: Sequence[str]) -> None:
        spelt = [sounds(name) for name in names]
        self._lengths = np.array([len(one) for one in spelt], dtype=np.intp)
        widest = int(self._lengths.max(initial=0))
        self._letters = np.array([[*map(_place, one), *[_NONE] * (widest - len(one))] for one in spelt], dtype=np.intp)
        self._letters = self._letters.reshape(len(spelt), widest)
        # What the letters of a name cost until each of its places, where all of them are missing.
        self._missing = np.pad(np.cumsum(_MORE[self._letters], axis=1), ((0, 0), (1, 0)))

    def distances(self, heard: str) -> list[float]:
        """For each name the weighed edits that turn `heard` into it, per letter of the longer one: 0 to 1."""
        said = sounds(heard)
        row = self._missing
        for letter in map(_place, said):
            # The last letter of both changed or kept, or this one too much; then letters of the name missing.
            ends = np.minimum(row[:, :-1] + _INSTEAD[letter][self._letters], row[:, 1:] + _MORE[letter])
            ends = np.concatenate([row[:, :1] + _MORE[letter], ends], axis=1)
            row = self._missing + np.minimum.accumulate(ends - self._missing, axis=1)
        edits = row[np.arange(len(row)), self._lengths]
        found: list[float] = np.round(edits / np.maximum(self._lengths, max(len(said), 1)), 4).tolist()
        return found


def _place(letter: str) -> int:
    return ascii_lowercase.index(letter)
