"""Rows: the weights of a group of features, summed once, and which rows say what the features of each token say.

No name of a feature is written or looked up for a token: what belongs to a word is found with the word, what belongs to
two words in a table of those that the model knows, and the rest once for a whole stretch. `Rows.laid` says the same as
`Features.of`, which writes the features as names; a test compares the two, and CRFsuite's own reading of the names.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from operator import ne
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from functions.phi.domain.features import Features, lines_begin
from functions.phi.domain.leading import ANNOUNCED, leading, touching
from functions.phi.domain.manner import STYLES, style
from functions.phi.domain.tokens import Tokens, key
from functions.phi.domain.weights import Weights

FIRST = 4_096  # rows of groups, and words
FEW = 256  # kinds of lists
NOTHING = 0  # the row of a group that has no weights
NO_WORD = (0, 0)  # two of them stand before the first word, and two behind the last
UNKNOWN = -1  # no row was looked for
# What is kept of a word: rows of its own and for its neighbours, its places in the tables of pairs, nothing, and rows of
# the lists it is in, by the style of the text.
OWN, NO_RULE, BEFORE, AFTER, BEFORE_TWO, AFTER_TWO, PAIR, PAIRED, ROUGH, ROUGHED, KIND, LISTS, ZERO, OTHERS = range(14)
KEPT = OTHERS + len(STYLES)
# The columns of a token, behind the first six; behind them what the tables of pairs are asked with.
MANNER, STYLE, PAIRS, ROUGHS, LINE, RIGHT, STRETCH, LEAD, INSIDE, RULE_BEFORE, RULE_BEHIND, COLUMNS = range(6, 18)
PAIRING, ROUGHING = slice(COLUMNS, COLUMNS + 2), slice(COLUMNS + 2, COLUMNS + 4)
KINDS, LISTED = COLUMNS + 4, COLUMNS + 5


def sought(style: int) -> NDArray[np.intp]:
    """Of which word, by its distance, each column is taken at first, and which of what is kept of it: places, from the
    word's own on, in what is kept of a row of words.
    """
    own = [(0, OWN), (0, NO_RULE), (-1, BEFORE), (1, AFTER), (-2, BEFORE_TWO), (2, AFTER_TWO), (0, ZERO), (0, style)]
    own += [(0, ZERO)] * (COLUMNS - len(own))
    own += [(-1, PAIR), (0, PAIRED), (-2, ROUGH), (-1, ROUGHED), (0, KIND), (0, LISTS)]
    return np.array([[(len(NO_WORD) + distance) * KEPT + kept] for distance, kept in own], np.intp)


SOUGHT = {manner: sought(at) for at, manner in enumerate(STYLES, OTHERS)}


class Entry(NamedTuple):
    """A word: its number, and what runs and announcements are made of."""

    number: int
    kind: str
    trigger: str
    lists: str


class Pairs:
    """The names that are `prefix`, a first half and a second one, which begins as `second` says: the row of any two stands
    in `table`, at the sum of what `firsts` and `seconds` say of them; 0 where they do not know a half.
    """

    def __init__(self, alone: Mapping[str, int], prefix: str, second: str) -> None:
        divided = re.compile(second)
        found = {
            (name[len(prefix) : at.start()], name[at.start() :]): row
            for name, row in alone.items()
            if name.startswith(prefix)
            for at in divided.finditer(name, len(prefix))  # wherever it can be divided
        }
        firsts, seconds = dict.fromkeys(one for one, _ in found), dict.fromkeys(two for _, two in found)
        wide = len(seconds) + 1
        self.firsts = {half: number * wide for number, half in enumerate(firsts, 1)}
        self.seconds = {half: number for number, half in enumerate(seconds, 1)}
        self.table = np.full((len(firsts) + 1) * wide, NOTHING, np.int32)
        for (one, two), row in found.items():
            self.table[self.firsts[one] + self.seconds[two]] = row


class Words(dict[tuple[str, int], Entry]):
    """By word and what the lists know of it; made when first met."""

    def __init__(self, rows: "Rows") -> None:
        super().__init__()
        self._rows = rows

    def __missing__(self, met: tuple[str, int]) -> Entry:
        made = self[met] = self._rows.entered(len(self) + 1, *met)  # 0 is no word
        return made


class Rows(Features):
    """Makes a row in the place of the names of a group. The first rows are those of the names alone."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._alone = {name: number + 1 for name, number in weights.attributes.items()}
        self._row_of: dict[tuple[int, ...], int] = {}
        self._count = len(self._alone) + 1
        self.table = np.zeros((self._count + FIRST, len(weights.labels)), np.float32)
        self.table[1 : self._count] = weights.scores
        self._pairs, self._roughs = Pairs(self._alone, "-w=", "s="), Pairs(self._alone, "--=", "_")
        self._behind = Pairs(self._alone, "ldk=", r"[a-z]\Z")
        self._lists: dict[str, int] = {}
        self._near_lists = np.full((len(ANNOUNCED), FEW), UNKNOWN, np.int32)
        self._near_lists[0] = NOTHING
        self._words = Words(self)
        self._of_words = np.zeros((FIRST, KEPT), np.intp)
        super().__init__(weights.attributes)

    def __len__(self) -> int:
        """How much is remembered."""
        return max(len(self._row_of), len(self._words))

    def _kept(self, names: Iterable[str]) -> tuple[Any, ...]:
        alone = self._alone
        group = tuple([alone[name] for name in names if name in alone])
        if len(group) < 2:
            return group or (NOTHING,)
        row = self._row_of.get(group)
        if row is None:
            row = self._row_of[group] = self._count
            self._count += 1
            if row == len(self.table):
                self.table = np.concatenate((self.table, np.zeros_like(self.table)))
            self.table[row] = self._weights.scores.take([one - 1 for one in group], 0).sum(axis=0)
        return (row,)

    def entered(self, number: int, word: str, known: int) -> Entry:
        made = self._worded(word, key(word), known)
        if number == len(self._of_words):
            self._of_words = np.concatenate((self._of_words, np.zeros_like(self._of_words)))
        groups = (made.own, self._rule("", made.lists), made.before, made.after, made.before_two, made.after_two)
        lists = self._lists.setdefault(made.lists, len(self._lists))
        if lists == self._near_lists.shape[1]:
            self._near_lists = doubled(self._near_lists, UNKNOWN)
            self._near_lists[0] = NOTHING
        self._of_words[number] = (
            *(int(row) for (row,) in groups),
            self._pairs.firsts.get(made.text, 0),
            self._pairs.seconds.get(made.shape, 0),
            self._roughs.firsts.get(made.rough, 0),
            self._roughs.seconds.get(f"_{made.rough}", 0),
            self._behind.seconds.get(made.kind, 0),
            lists,
            0,
            *(self._alone.get(f"y={manner}{made.lists}", NOTHING) for manner in STYLES),
        )
        return Entry(number, made.kind, made.trigger, made.lists)

    def laid(self, text: str, tokens: Tokens, known: Sequence[int], rules: Sequence[str]) -> NDArray[np.intp]:
        """(rows of a token, tokens): which rows of `table` say what the features of each token say."""
        count, manner, words, one = len(tokens), style(text), self._words, self._one
        met = map(words.__getitem__, zip(tokens.words, known, strict=True))
        numbers, kinds, triggers, lists = zip(*met, strict=True)
        kept = self._of_words.take((*NO_WORD, *numbers, *NO_WORD), 0)
        glued = touching(tokens)
        rows = kept.ravel().take(SOUGHT[manner] + np.arange(0, count * KEPT, KEPT))
        rows[MANNER] = one(manner)[0]
        rows[PAIRS] = self._pairs.table.take(np.add.reduce(rows[PAIRING]))
        rows[ROUGHS] = self._roughs.table.take(np.add.reduce(rows[ROUGHING]))
        touched = np.array(glued)
        np.multiply(touched[:-1], one("gl")[0], rows[LINE])
        np.multiply(touched[1:], one("gr")[0], rows[RIGHT])
        for at in lines_begin(text, tokens):
            if at < count:  # nothing touches the token before it then
                rows[LINE, at] = one("nl")[0]
        rows[LINE, 0] = one("BOT")[0]
        rows[RIGHT, -1] = one("EOT")[0]
        for first, end, (row,) in self._stretches(text, tokens):
            rows[STRETCH, first:end] = row
        near, said, runs = leading(tokens, kinds, triggers, glued)
        rows[LEAD] = self._announcing(near, rows[LISTED], lists)
        for first, end, kind in said:
            rows[LEAD, first:end] = self._said(kind)[0]
        for first, end, around in runs:
            rows[LEAD, first:end] = self._lead(around)[0]
            if behind := self._behind.firsts.get(around[0][0], 0):
                rows[INSIDE, first:end] = self._behind.table.take(rows[KINDS, first:end] + behind)
        for at in compress(range(count), rules):
            rows[NO_RULE, at] = self._rule(rules[at], lists[at])[0]
        for at in compress(range(1, count), map(ne, rules[1:], rules)):
            rows[RULE_BEFORE, at] = one(f"-R={rules[at - 1]}")[0]
            rows[RULE_BEHIND, at - 1] = one(f"+R={rules[at]}")[0]
        return rows[:COLUMNS]

    def _announcing(self, near: Sequence[int], known: NDArray[np.intp], lists: Sequence[str]) -> NDArray[np.int32]:
        """The rows of what was announced, by the lists a word is in (`known`: their numbers)."""
        rows = self._near_lists[near, known]
        for at in (rows == UNKNOWN).nonzero()[0].tolist():
            rows[at] = self._near_lists[near[at], known[at]] = self._near(near[at], lists[at])[0]
        return rows


def doubled(table: NDArray[np.int32], value: int) -> NDArray[np.int32]:
    """The table with as many columns more, all of them `value`."""
    return np.concatenate((table, np.full_like(table, value)), axis=1)
