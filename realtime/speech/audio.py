"""Samples in and out: pcm16, G.711, rates, WAV files.

Inside the product audio is mono float32 in -1..1; the wire carries 16-bit little-endian PCM at 24 kHz
or G.711 at 8 kHz, the ears want 16 kHz, the voice gives 24 kHz.
"""

from __future__ import annotations

import math
import wave
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
WireFormat = Literal["audio/pcm", "audio/pcmu", "audio/pcma"]

EAR_RATE = 16_000
VOICE_RATE = 24_000
G711_RATE = 8_000

_MULAW_BIAS = 132


def from_pcm16(data: bytes) -> Samples:
    """16-bit little-endian PCM to float32; a last odd byte is dropped."""
    whole = len(data) - len(data) % 2
    return np.frombuffer(data[:whole], dtype="<i2").astype(np.float32) / np.float32(32_768)


@dataclass(frozen=True, slots=True)
class Sound:
    """As it came, `rate` samples a second: float32 is two or four times as large, and not everybody needs it."""

    data: bytes = field(default=b"", repr=False)
    wire: WireFormat = "audio/pcm"
    rate: int = VOICE_RATE

    @property
    def seconds(self) -> float:
        return len(self.data) / bytes_per_sample(self.wire) / self.rate

    def pcm16(self, rate: int) -> bytes:
        if self.wire == "audio/pcm" and self.rate == rate:
            return self.data[: len(self.data) & ~1]
        return to_pcm16(resample(samples_of(self), self.rate, rate))


def samples_of(sound: Samples | Sound) -> Samples:
    """At the rate it has."""
    return decode(sound.data, sound.wire) if isinstance(sound, Sound) else sound


def to_pcm16(samples: Samples) -> bytes:
    """Float32 to 16-bit little-endian PCM, clipped; what is not a number becomes silence."""
    scaled = np.asarray(samples, dtype=np.float32) * np.float32(32_768)
    np.clip(scaled, -32_768, 32_767, out=scaled)
    if np.isnan(scaled).any():
        np.nan_to_num(scaled, copy=False, nan=0.0)
    pcm: bytes = np.rint(scaled, out=scaled).astype("<i2").tobytes()
    return pcm


def decode(data: bytes, wire: WireFormat) -> Samples:
    """What arrived in the wire format, as float32 at `wire_rate(wire)`."""
    if wire == "audio/pcm":
        return from_pcm16(data)
    table = _mulaw_levels() if wire == "audio/pcmu" else _alaw_levels()
    return table[np.frombuffer(data, dtype=np.uint8)].astype(np.float32) / np.float32(32_768)


def encode(samples: Samples, wire: WireFormat) -> bytes:
    """Float32 at `wire_rate(wire)` as bytes for the wire."""
    pcm = to_pcm16(samples)
    if wire == "audio/pcm":
        return pcm
    table = _mulaw_codes() if wire == "audio/pcmu" else _alaw_codes()
    codes: bytes = table[np.frombuffer(pcm, dtype="<u2")].tobytes()
    return codes


def wire_rate(wire: WireFormat) -> int:
    """Samples per second of a wire format."""
    return VOICE_RATE if wire == "audio/pcm" else G711_RATE


def bytes_per_sample(wire: WireFormat) -> int:
    return 2 if wire == "audio/pcm" else 1


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """A whole recording at another rate (soxr, high quality)."""
    if rate_in == rate_out or not len(samples):
        return np.ascontiguousarray(samples, dtype=np.float32)
    import soxr

    result: Samples = soxr.resample(np.asarray(samples, dtype=np.float32), rate_in, rate_out, quality="HQ")
    return result


class Resampler:
    """A running stream at another rate; one per stream and direction, used by one thread at a time.

    A polyphase low-pass of 4 ms, so only 2 ms stay behind; soxr's streams hold back 12 to 117 ms
    in uneven blocks, which would come on top of every end of turn. Both keep the time of the samples:
    output sample m lies at m / rate_out of the input.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        common = math.gcd(rate_in, rate_out)
        self._up, self._down = rate_out // common, rate_in // common
        self._half, self._kernel = _kernel(rate_in, rate_out)
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far and begin a new one."""
        self._held: Samples = np.zeros(self._half - 1, dtype=np.float32)  # the filter looks to both sides
        self._fed = self._given = 0

    def coming(self, count: int) -> int:
        """How many output samples `feed` would give for so many."""
        if self._up == self._down:
            return count
        return max(0, (len(self._held) + count - len(self._kernel)) // self._down + 1) * self._up

    def feed(self, samples: Samples) -> Samples:
        """The output samples that are settled now: whole blocks, after `down` samples of input each."""
        if self._up == self._down:
            return np.ascontiguousarray(samples, dtype=np.float32)
        held = np.concatenate([self._held, np.asarray(samples, dtype=np.float32)])
        self._fed += len(samples)
        taps = len(self._kernel)
        blocks = max(0, (len(held) - taps) // self._down + 1)
        step = held.itemsize
        looked_at = np.ndarray((blocks, taps), held.dtype, held, 0, (self._down * step, step))
        self._held = held[blocks * self._down :]
        self._given += blocks * self._up
        result: Samples = (looked_at @ self._kernel).reshape(-1)
        return result

    def flush(self) -> Samples:
        """The end of the stream, which the filter still held; a new stream begins."""
        if self._up == self._down:
            return np.zeros(0, dtype=np.float32)
        rest = -(-self._fed * self._up // self._down) - self._given
        tail = self.feed(np.zeros(2 * self._half, dtype=np.float32))[:rest]
        self.reset()
        return tail


@lru_cache(maxsize=8)
def _kernel(rate_in: int, rate_out: int) -> tuple[int, Samples]:
    """Half the length of the filter, and what makes a block of outputs of the inputs that it looks at: [taps, up]."""
    common = math.gcd(rate_in, rate_out)
    up, down = rate_out // common, rate_in // common
    bank = _phases(rate_in, rate_out)
    length = bank.shape[1]
    kernel = np.zeros((length + (up - 1) * down // up, up), dtype=np.float32)
    for output in range(up):
        start = output * down // up
        kernel[start : start + length, output] = bank[output * down % up]
    return length // 2, kernel


def _phases(rate_in: int, rate_out: int) -> Samples:
    """The taps of each phase, shape [up, 4 ms of input]: a sinc under a Kaiser window, about 60 dB."""
    up = rate_out // math.gcd(rate_in, rate_out)
    half = rate_in // 500
    offsets = np.arange(1 - half, half + 1)
    times = (np.arange(up)[:, None] / up - offsets[None, :]) / rate_in
    band = 0.94 * min(rate_in, rate_out)
    window = np.i0(6.0 * np.sqrt(np.maximum(0.0, 1.0 - np.square(times * rate_in / half)))) / np.i0(6.0)
    taps = np.sinc(band * times) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), dtype=np.float32)


def level_dbfs(samples: Samples) -> float:
    """Root mean square of the samples in dB below full scale; -120 for silence."""
    if not len(samples):
        return -120.0
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(-120.0, 10.0 * float(np.log10(power))) if power > 0 else -120.0


def silence(seconds: float, rate: int) -> Samples:
    return np.zeros(round(seconds * rate), dtype=np.float32)


def write_wav(path: Path, samples: Samples, rate: int) -> None:
    """Mono, 16 bit."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(to_pcm16(samples))


def read_wav(path: Path) -> tuple[Samples, int]:
    """A 16-bit WAV file and its rate; several channels are averaged.

    Raises wave.Error for anything that is not such a file.
    """
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise wave.Error("only 16-bit WAV files are read")
        channels, rate = file.getnchannels(), file.getframerate()
        samples = from_pcm16(file.readframes(file.getnframes()))
    whole = len(samples) - len(samples) % channels
    return samples[:whole].reshape(-1, channels).mean(axis=1, dtype=np.float32), rate


def to_mulaw(pcm: bytes) -> bytes:
    """pcm16 as the codes of G.711, one byte a sample, at any rate."""
    codes: bytes = _mulaw_codes()[np.frombuffer(pcm, dtype="<u2")].tobytes()
    return codes


def from_mulaw(codes: bytes) -> bytes:
    """The pcm16 of such codes."""
    pcm: bytes = _mulaw_levels()[np.frombuffer(codes, dtype=np.uint8)].astype("<i2", copy=False).tobytes()
    return pcm


# G.711 (ITU-T, 1988). The tables are computed once from the definition: 256 levels to read, 65,536 codes to write.


@lru_cache(maxsize=1)
def _mulaw_levels() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = (((mantissa << 3) + _MULAW_BIAS) << exponent) - _MULAW_BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


@lru_cache(maxsize=1)
def _mulaw_codes() -> NDArray[np.uint8]:
    pcm = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2  # the law is defined on 14 bits
    magnitude = np.minimum(np.abs(pcm), 8_158) + (_MULAW_BIAS >> 2)
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    mantissa = (magnitude >> (exponent + 1)) & 15
    sign = np.where(pcm < 0, 0x80, 0)
    codes: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


@lru_cache(maxsize=1)
def _alaw_levels() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    linear = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, linear, (linear + 0x100) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


@lru_cache(maxsize=1)
def _alaw_codes() -> NDArray[np.uint8]:
    pcm = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 3  # the law is defined on 13 bits
    magnitude = np.where(pcm < 0, -pcm - 1, pcm)
    exponent = np.where(magnitude < 32, 0, np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4)
    mantissa = (magnitude >> np.maximum(exponent, 1)) & 15
    sign = np.where(pcm < 0, 0, 0x80)
    codes: NDArray[np.uint8] = ((sign | (exponent << 4) | mantissa) ^ 0x55).astype(np.uint8)
    return codes
