"""Long turns are cut where it is quiet, and no sample is lost."""

import numpy as np

from realtime.speech.asr import PIECE_S, _loops, pieces


def test_a_short_turn_is_one_piece() -> None:
    audio = np.ones(16_000 * 5, np.float32)
    assert [len(piece) for piece in pieces(audio)] == [len(audio)]


def test_no_word_fits_into_a_twentieth_of_a_second() -> None:
    assert pieces(np.ones(800, np.float32)) == []
    assert pieces(np.zeros(0, np.float32)) == []


def test_a_long_turn_is_cut_in_its_pause() -> None:
    audio = np.random.default_rng(2).standard_normal(16_000 * 60).astype(np.float32)
    audio[16_000 * 20 : 16_000 * 21] = 0
    cut = pieces(audio)
    assert 20 * 16_000 <= len(cut[0]) <= 21 * 16_000
    assert max(map(len, cut)) <= PIECE_S * 16_000
    assert np.array_equal(np.concatenate(cut), audio)


def test_a_loop_is_seen() -> None:
    assert _loops("thank you " * 20)
    assert not _loops("What is the dose of apixaban when the creatinine is high?")
    assert not _loops("")
