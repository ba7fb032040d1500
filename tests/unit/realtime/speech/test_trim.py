"""What the voice returns begins with sound."""

import numpy as np

from realtime.speech.tts import trim


def test_silence_around_the_words_is_cut_but_for_ten_milliseconds() -> None:
    sound = np.zeros(24_000, np.float32)
    sound[10_000:12_000] = 0.2
    trimmed = trim(sound)
    assert len(trimmed) == 2_000 + 240
    assert not trimmed[:240].any()
    assert trimmed[240] == trimmed[-1] == np.float32(0.2)


def test_sound_at_the_very_start_is_kept() -> None:
    assert len(trim(np.full(100, 0.5, np.float32))) == 100


def test_faint_hiss_is_nothing() -> None:
    assert len(trim(np.full(1000, 0.002, np.float32))) == 0
