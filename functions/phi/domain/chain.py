"""A linear chain: how sure each label of each token is, given every score and every move between labels (`marginals`), and
the labels that are likeliest together (`path`).

The same sums as CRFsuite's. A long chain is cut into strips that are read side by side. With what strength a strip begins
is what the one before it ends with: so the strips are read again until no beginning changes any more. A strip forgets
what stood before it after a few tokens, so two readings mostly do; where it does not, each reading settles one strip more,
and the last one is that of reading token by token.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
STRIP = 12  # tokens
RANGE = 16  # tokens; so few that no product leaves the range of a double
ALONE = 72  # a chain no longer than that is read token by token, which is quicker
SETTLED = 1e-12  # of a strength, by which a beginning may still change


def steps(moves: Array) -> Array:
    """The strength of each move, (from, to), of its logarithm: forward, and behind it in both directions backward."""
    strength: Array = np.exp(moves - moves.max())
    none = np.zeros_like(strength)
    return np.block([[strength, none], [none, strength.T]])


def marginals(scores: Array, step: Array) -> Array:
    """`scores`: (tokens, labels), logarithms; `step`: of `steps`. Gives (tokens, labels), each row's sum is 1."""
    seen = np.exp(scores - np.maximum.reduce(scores, 1, keepdims=True))
    both = single(seen, step) if len(seen) <= ALONE else stripped(seen, step)
    both /= np.add.reduce(both, 1, keepdims=True)
    return both


def single(seen: Array, step: Array) -> Array:
    """Beside the chain stands the chain from its end, so that one product serves both ways."""
    labels = seen.shape[1]
    both = np.concatenate((seen, seen[::-1]), 1)
    told = np.empty_like(both)  # how strong each label of each token is by what was seen before it
    every = list(told)  # the method `dot` is quicker than the function by a third
    now = every[0]
    now[:] = 1
    for at, one in enumerate(both[:-1], 1):
        now = (now * one).dot(step, every[at])
        if not at % RANGE:
            ways = now.reshape(2, labels)
            ways /= np.add.reduce(ways, 1, keepdims=True)
    seen *= told[:, :labels]
    seen *= told[::-1, labels:]
    return seen


def stripped(seen: Array, step: Array) -> Array:
    count, labels = seen.shape
    strips = -(-count // STRIP)
    rest = count - STRIP * (strips - 1)  # tokens of the last strip; behind them nothing is seen and nobody moves
    padded = np.ones((strips * STRIP, labels))
    padded[:count] = seen
    seen = np.ascontiguousarray(
        padded.reshape(strips, STRIP, labels).swapaxes(0, 1)
    )  # place in its strip, strip, label
    forward = ahead(seen, step[:labels, :labels])
    forward *= back(seen, step[labels:, labels:], rest)
    return forward.swapaxes(0, 1).reshape(strips * STRIP, labels)[:count]


def ahead(seen: Array, step: Array) -> Array:
    """How strong each label of each token is by what was seen up to it."""
    told = np.empty_like(seen)
    begins = np.ones(seen.shape[1:])  # the strength of each label at the first token, without what is seen there
    each, every = list(seen), list(told)
    for _ in each[0]:
        now = every[0]
        np.multiply(begins, each[0], now)
        for one, next_one in zip(each[1:], every[1:], strict=True):
            now = now.dot(step, next_one)
            now *= one
        if settled(begins[1:], now[:-1].dot(step)):
            break
    return told


def back(seen: Array, step: Array, rest: int) -> Array:
    """The same by what is seen behind it."""
    told = np.empty_like(seen)
    ends = np.ones(seen.shape[1:])  # at the last token
    each, every = list(seen), list(told)
    for _ in each[0]:
        now = every[-1]
        now[:] = ends
        for at in range(STRIP - 2, -1, -1):
            now = (now * each[at + 1]).dot(step, every[at])
            if at >= rest - 1:
                now[-1] = 1
        if settled(ends[:-1], (now[1:] * each[0][1:]).dot(step)):
            break
    return told


def settled(strengths: Array, found: Array) -> bool:
    """Whether they are what was found; if not, they become it."""
    found /= np.add.reduce(found, 1, keepdims=True)
    same = bool((np.abs(found - strengths) <= SETTLED * found).all())
    strengths[:] = found
    return same


def path(scores: Array, moves: Array) -> list[int]:
    """The label of each token in the likeliest row of labels (Viterbi)."""
    best = scores[0]
    came = []
    turned = np.ascontiguousarray(moves.T)
    for seen in scores[1:]:
        ways = turned + best
        came.append(ways.argmax(1))
        best = np.maximum.reduce(ways, 1) + seen
    at = int(best.argmax())
    labels = [at]
    for way in reversed(came):
        at = int(way[at])
        labels.append(at)
    return labels[::-1]
