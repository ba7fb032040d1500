"""A text as the context recognisers read it: its tokens, what the lists know of each, and how it is written."""

from collections.abc import Callable
from functools import cached_property, lru_cache

from functions.phi.domain.lists import (
    COMMON,
    COMMON_RANK,
    DRUG,
    EPONYM,
    GIVEN,
    GIVEN_RANK,
    MEDICAL,
    SURNAME,
    SURNAME_RANK,
    Lists,
    rank,
)
from functions.phi.domain.memory import remembered
from functions.phi.domain.model import Entity
from functions.phi.domain.tokens import tokenise

# How a token is written.
NO_WORD, LOWER, TITLE, UPPER, INITIAL, MIXED = range(6)
SPEECH_CAPITALS = 0.02  # speech recognisers write (almost) no capitals
SPEECH_WORDS = 4
AROUND = ("",) * 64  # no rule looks farther before a text or behind it
MACHINES = '={}[]"<>'  # signs that nobody says


@remembered
def shape(word: str) -> int:
    if not word.replace("'", "").replace("’", "").isalpha():
        return MIXED if word[0].isalnum() else NO_WORD
    if word.islower():
        return LOWER
    if len(word) == 1:
        return INITIAL
    if word.isupper():
        return UPPER
    # A capital first, perhaps another inside (McDonald, O'Brien); a name has no capital at its end.
    return TITLE if word[0].isupper() and word[-1].islower() else MIXED


ENDINGS = (
    "ectomy", "ectomies", "otomy", "ostomy", "oscopy", "oscopic", "oscopically", "plasty", "pexy", "rrhaphy", "desis", "tripsy", "tripsies", "centesis", "cautery", "graphy",
    "graphic", "gram", "itis", "osis", "oses", "iasis", "emia", "aemia", "uria", "pathy", "opathy", "algia", "plegia", "paresis", "phagia", "phasia",
    "pnea", "rrhea", "rrhage", "megaly", "oma", "omas", "ology", "ologist", "iatrician", "iatrist", "ological", "ologic", "tomy", "ae", "oid", "eal", "genic", "lytic", "lysis",
    "statin", "pril", "sartan", "olol", "azole", "mycin", "cillin", "floxacin", "cycline", "vir", "mab", "nib", "pine", "zine", "pam", "lam", "oxetine",
    "triptan", "gliptin", "gliflozin", "glutide", "parin", "xaban", "caine", "profen", "phylline", "terol", "sone", "solone", "onide", "tidine", "prazole",
    "therapy", "iatrics", "iatric", "setron", "platin", "rubicin", "taxel", "bine", "feron", "kinra", "cept", "stigmine", "curonium", "barbital", "semide", "thiazide", "lactone", "dipine",
)  # fmt: skip
LEAST_ENDING = 7  # letters of a word that is judged by its ending


@lru_cache(maxsize=65_536)
def clinical(key: str) -> bool:
    """Made as medicine makes its words: `tonsillectomy`, `uvulopalatopharyngoplasty`, `conjunctivae`."""
    return len(key) >= LEAST_ENDING and key.endswith(ENDINGS)


@lru_cache(maxsize=8_192)
def ordinary(flags: int) -> bool:
    if not flags & (COMMON | MEDICAL | DRUG):
        return False
    borne = max(rank(flags, GIVEN_RANK), rank(flags, SURNAME_RANK))
    return rank(flags, COMMON_RANK) >= borne or not flags & (GIVEN | SURNAME)


class Document:
    def __init__(self, text: str, lists: Lists, *, speech: bool | None = None) -> None:
        """`speech`: whether a speech recogniser wrote it; None: judged by how it is written."""
        self._speech = speech
        self.text = text
        self.lists = lists
        self.tokens = tokens = tokenise(text)
        self.words, self.keys, self.starts, self.ends = tokens.words, tokens.keys, tokens.starts, tokens.ends
        self.flags = list(map(lists.flags, self.keys))
        self.shapes = list(map(shape, self.words))
        # The key of a token, or nothing before the first and behind the last: a list's own method is the quickest.
        self.key: Callable[[int], str] = [*self.keys, *AROUND].__getitem__

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def speech(self) -> bool:
        """Lower case without figures: written by a speech recogniser, or by somebody in a hurry."""
        if self._speech is not None:
            return self._speech
        words = len(self.shapes) - self.shapes.count(NO_WORD)
        capitals = sum(map(self.shapes.count, (TITLE, UPPER, INITIAL)))
        figures = self.shapes.count(MIXED)
        spoken = words >= SPEECH_WORDS and capitals <= words * SPEECH_CAPITALS and figures * 2 <= words
        return spoken and not any(map(self.text.__contains__, MACHINES))

    def touching(self, index: int) -> bool:
        """No space stands between this token and the one before it."""
        return index > 0 and self.starts[index] == self.ends[index - 1]

    def new_line(self, index: int) -> bool:
        """A line begins with this token."""
        return index == 0 or "\n" in self.text[self.ends[index - 1] : self.starts[index]]

    def parted(self, index: int) -> bool:
        """Another line, or another field of the same line, begins with this token."""
        gap = self.text[self.ends[index - 1] : self.starts[index]] if index else "\n"
        return len(gap) > 1 or gap in "\n\t" if gap else False

    def new_sentence(self, index: int) -> bool:
        return self.new_line(index) or self.words[index - 1] in '.?!:;•|"“'

    def entity(self, first: int, end: int, label: str, score: float, source: str) -> Entity:
        """A finding from token `first` up to, not including, token `end`."""
        last = self.ends[end - 1]
        owner = label == "NAME" or (label == "GEO" and end == first + 1)
        if owner and self.words[end - 1][-2:] in {"'s", "’s"}:  # of a possessive only the name
            last -= 2
        return Entity(self.starts[first], last, label, score, source)

    def listed_name(self, index: int) -> bool:
        return bool(self.flags[index] & (GIVEN | SURNAME))

    def medical(self, index: int) -> bool:
        """A word of medicine and not first of all a name."""
        flags = self.flags[index]
        if flags & (DRUG | MEDICAL) == 0:
            return not flags & (GIVEN | SURNAME) and clinical(self.keys[index])
        return not (flags & GIVEN and rank(flags, GIVEN_RANK) >= 5 and not flags & (DRUG | COMMON))

    def common(self, index: int) -> bool:
        return bool(self.flags[index] & COMMON)

    def ordinary(self, index: int) -> bool:
        """Much more often a word than a name: `will` and `may` are, `baxter` is not."""
        return ordinary(self.flags[index])

    def eponym(self, index: int) -> bool:
        return bool(self.flags[index] & EPONYM)
