"""The spectrogram: shape, range, and energy in the right band."""

import numpy as np

from realtime.speech.features import BANDS, _filters, log_mel


def test_ten_milliseconds_a_frame() -> None:
    assert log_mel(np.zeros(16_000, np.float32)).shape == (BANDS, 100)
    assert log_mel(np.zeros(16_159, np.float32)).shape == (BANDS, 100)


def test_silence_is_the_floor_everywhere() -> None:
    mel = log_mel(np.zeros(16_000, np.float32))
    assert np.allclose(mel, (-10 + 4) / 4)


def test_the_range_is_eight_decades_below_the_peak() -> None:
    mel = log_mel(np.random.default_rng(1).standard_normal(16_000).astype(np.float32) * 0.1)
    assert mel.max() - mel.min() <= 2.0 + 1e-6


def test_a_tone_lies_in_its_band() -> None:
    times = np.arange(16_000) / 16_000
    for hertz in (300, 1_000, 3_000, 6_000):
        mel = log_mel(np.sin(2 * np.pi * hertz * times).astype(np.float32))
        band = int(mel.mean(axis=1).argmax())
        bins = np.fft.rfftfreq(400, 1 / 16_000)
        nearest = int(_filters()[:, int(np.argmin(np.abs(bins - hertz)))].argmax())
        assert band == nearest


def test_the_filters_have_equal_area() -> None:
    # Slaney's normalisation: each triangle integrates to one over hertz (40 Hz a bin); the narrow low ones
    # are only sampled roughly.
    areas = _filters()[44:].sum(axis=1) * 40
    assert np.allclose(areas, 1.0, atol=0.05)
