"""What the model says of each token: its weights summed, then the marginals of the chain.

Features come in groups that belong to a word, to two beside each other, to a run of figures, and groups come again. So
the weights of a group are summed once, as a row of a table, and a token is a handful of rows (rows.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from functions.phi.domain.chain import marginals, path, steps
from functions.phi.domain.rows import Rows
from functions.phi.domain.tokens import Tokens
from functions.phi.domain.weights import Weights

MOST = 32_768  # with more rows of groups a text begins with an empty table
CERTAIN = 0.999
CLEAR = 0.9  # the likeliest label of a token is in the likeliest row, too


class Reader:
    """`outside` is the label of no identifier."""

    def __init__(self, weights: Weights, outside: str) -> None:
        self._weights = weights
        self._outside = weights.labels.index(outside)
        self._rows = Rows(weights)
        self._step = steps(weights.moves)
        self._lock = Lock()  # the rows are everybody's, and long texts are read in threads

    def read(
        self,
        text: str,
        tokens: Tokens,
        known: Sequence[int],
        rules: Sequence[str],
        stretches: Iterable[tuple[int, int]],
    ) -> Iterator["Read"]:
        """One stretch of the tokens after the other."""
        if not len(tokens):
            return
        with self._lock:
            if len(self._rows) > MOST:
                self._rows = Rows(self._weights)
            rows = self._rows.laid(text, tokens, known, rules)
            table = self._rows.table
        for start, end in stretches:
            scores = np.add.reduce(table.take(rows[:, start:end], 0), 0, dtype=np.float64)
            yield Read(scores, self._weights, self._step, self._outside)


class Read:
    """`outside`: how sure it is of each token that it is no identifier."""

    def __init__(self, scores: NDArray[Any], weights: Weights, step: NDArray[Any], outside: int) -> None:
        self._scores = scores
        self._weights = weights
        self._sure = marginals(scores, step)
        self._outside = outside
        self.outside: list[float] = self._sure[:, outside].tolist()
        self._path: dict[int, int] = {}

    @cached_property
    def _others(self) -> tuple[list[int], list[float]]:
        """The likeliest of the other labels of each token, and how sure it is."""
        sure = self._sure.copy()
        sure[:, self._outside] = 0.0
        return sure.argmax(1).tolist(), np.maximum.reduce(sure, 1).tolist()

    def other(self, at: int) -> str:
        """The likeliest label of a token that is to have one."""
        return self._weights.labels[self._others[0][at]]

    def together(self, at: int) -> str:
        """The label of a token in the likeliest row of labels."""
        if self._others[1][at] > CLEAR:
            return self.other(at)
        if at not in self._path:
            outside = self.outside  # the row is looked for between tokens about which there is no doubt
            first = next((one for one in range(at, 0, -1) if outside[one] > CERTAIN), 0)
            last = next((one for one in range(at, len(outside)) if outside[one] > CERTAIN), len(outside) - 1)
            self._path.update(enumerate(path(self._scores[first : last + 1], self._weights.moves), first))
        return self._weights.labels[self._path[at]]
