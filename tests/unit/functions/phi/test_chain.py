"""Chains: the sums over all rows of labels, compared with the sums made one row after the other."""

from itertools import product

import numpy as np
import pytest

from functions.phi.domain import chain


def drawn(count, labels, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 6, (count, labels)), rng.normal(1, 3, (labels, labels))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_row_of_labels_counts(count):
    scores, moves = drawn(count, 3, count)
    strength = {
        row: sum(scores[at, label] for at, label in enumerate(row))
        + sum(moves[row[at - 1], row[at]] for at in range(1, count))
        for row in product(range(3), repeat=count)
    }
    told = np.zeros((count, 3))
    for row, one in strength.items():
        told[range(count), row] += np.exp(one)
    assert chain.marginals(scores, chain.steps(moves)) == pytest.approx(told / told.sum(axis=1, keepdims=True))
    assert tuple(chain.path(scores, moves)) == max(strength, key=strength.__getitem__)


def read_in_turn(scores, moves):
    """The same sums, token by token, in logarithms."""
    forward, backward = [scores[0]], [np.zeros(scores.shape[1])]
    for at in range(1, len(scores)):
        forward.append(np.logaddexp.reduce(forward[-1][:, None] + moves, axis=0) + scores[at])
        backward.append(np.logaddexp.reduce(moves + scores[-at] + backward[-1], axis=1))
    both = np.array(forward) + np.array(backward[::-1])
    return np.exp(both - np.logaddexp.reduce(both, axis=1)[:, None])


@pytest.mark.parametrize("count", [11, 12, 13, 47, 48, 49, 60, 61, 64, 79, 80, 81, 400, 1000])
def test_however_a_chain_is_cut_it_says_the_same(count):
    scores, moves = drawn(count, 21, count)
    told = chain.marginals(scores, chain.steps(moves))
    assert np.abs(told - read_in_turn(scores, moves)).max() < 1e-9


@pytest.mark.parametrize("stay", [3, 9, 20])
def test_a_chain_that_forgets_nothing_is_read_until_nothing_changes(stay):
    scores = np.random.default_rng(stay).normal(0, 0.3, (200, 5))
    scores[0, 2] += 4
    moves = np.eye(5) * stay
    told = chain.marginals(scores, chain.steps(moves))
    assert np.abs(told - read_in_turn(scores, moves)).max() < 1e-9
