"""The log-mel spectrogram Whisper was trained on, in numpy.

Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", section 2.2;
the filters are Slaney's (Auditory Toolbox, 1998).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from realtime.speech.audio import EAR_RATE, Samples

BANDS = 80
HOP = 160
SPAN = 400
FRAMES_PER_SECOND = EAR_RATE // HOP


def log_mel(samples: Samples) -> Samples:
    """16 kHz samples to [80, len // 160] float32, 10 ms a frame, roughly in -1..1."""
    padded = np.pad(np.asarray(samples, dtype=np.float32), SPAN // 2, mode="reflect")
    count = len(samples) // HOP
    frames = np.lib.stride_tricks.sliding_window_view(padded, SPAN)[::HOP][:count]
    spectrum = np.fft.rfft(frames * _window(), axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    mel = np.log10(np.maximum(_banded(np.ascontiguousarray(power.T, dtype=np.float32)), 1e-10))
    mel = np.maximum(mel, mel.max(initial=-10.0) - 8.0)
    return np.ascontiguousarray((mel + 4.0) / 4.0, dtype=np.float32)


def _banded(power: Samples) -> Samples:
    """Energy in each band: [201, frames] to [80, frames].

    Band by band on the few bins each one holds: as quick as one matrix product, but without the threads of
    the linear algebra library, which spin on the other cores long after such a small product is done.
    """
    bands = np.empty((BANDS, power.shape[1]), dtype=np.float32)
    for band, weights in enumerate(_filters()):
        bins = np.flatnonzero(weights)
        first, last = bins[0], bins[-1] + 1
        np.einsum("k,kt->t", weights[first:last], power[first:last], out=bands[band])
    return bands


@lru_cache(maxsize=1)
def _window() -> Samples:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SPAN) / SPAN), dtype=np.float32)


@lru_cache(maxsize=1)
def _filters() -> Samples:
    """Triangles of equal area, [80, 201]."""
    frequencies = np.fft.rfftfreq(SPAN, 1 / EAR_RATE)
    corners = _hertz(np.linspace(0.0, _mels(EAR_RATE / 2), BANDS + 2))
    rising = (frequencies - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - frequencies) / np.diff(corners)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (corners[2:] - corners[:-2]))[:, None], dtype=np.float32)


# Slaney's scale: 15 mels a kilohertz up to 1 kHz, then 27 mels for each factor of 6.4.


def _mels(hertz: float) -> float:
    return hertz * 0.015 if hertz < 1000 else 15.0 + 27.0 * float(np.log(hertz / 1000) / np.log(6.4))


def _hertz(mels: np.ndarray) -> np.ndarray:
    return np.where(mels < 15.0, mels / 0.015, 1000.0 * np.power(6.4, (mels - 15.0) / 27.0))
