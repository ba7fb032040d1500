"""Samples in and out: exact where a standard says so, faithful where a filter is at work."""

import wave
from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from realtime.speech import audio

ALL_PCM = np.arange(65_536, dtype=np.uint16).astype("<u2").tobytes()


def tones(rate: int, seconds: float = 1.0) -> audio.Samples:
    times = np.arange(round(rate * seconds)) / rate
    return np.asarray(sum(np.sin(2 * np.pi * hz * times + hz) for hz in (180, 900, 1700, 2500, 3100)) / 8, np.float32)


def in_chunks(resampler: audio.Resampler, samples: audio.Samples, sizes: list[int]) -> audio.Samples:
    parts, start = [], 0
    while start < len(samples):
        size = sizes[len(parts) % len(sizes)]
        parts.append(resampler.feed(samples[start : start + size]))
        start += size
    return np.concatenate([*parts, resampler.flush()])


def test_every_16_bit_value_survives_the_way_to_float_and_back() -> None:
    assert audio.to_pcm16(audio.from_pcm16(ALL_PCM)) == ALL_PCM


def test_what_is_too_loud_is_clipped_and_what_is_no_number_is_silent() -> None:
    odd = np.array([2.0, -2.0, np.nan, np.inf, -np.inf], np.float32)
    assert np.frombuffer(audio.to_pcm16(odd), "<i2").tolist() == [32_767, -32_768, 0, 32_767, -32_768]


def test_half_a_sample_at_the_end_is_dropped() -> None:
    assert len(audio.from_pcm16(b"\x00\x10\x7f")) == 1
    assert len(audio.from_pcm16(b"")) == 0


@pytest.mark.parametrize(("wire", "law"), [("audio/pcmu", "ulaw"), ("audio/pcma", "alaw")])
def test_g711_is_the_standard_for_every_value(wire: audio.WireFormat, law: str) -> None:
    oracle = pytest.importorskip("audioop")
    assert audio.encode(audio.from_pcm16(ALL_PCM), wire) == getattr(oracle, f"lin2{law}")(ALL_PCM, 2)
    codes = bytes(range(256))
    assert audio.to_pcm16(audio.decode(codes, wire)) == getattr(oracle, f"{law}2lin")(codes, 2)


def test_the_wire_formats_say_their_rate_and_size() -> None:
    assert (audio.wire_rate("audio/pcm"), audio.bytes_per_sample("audio/pcm")) == (24_000, 2)
    assert (audio.wire_rate("audio/pcma"), audio.bytes_per_sample("audio/pcmu")) == (8_000, 1)


@pytest.mark.parametrize(("rate_in", "rate_out"), [(24_000, 16_000), (8_000, 16_000), (24_000, 8_000), (8_000, 24_000)])
def test_a_stream_sounds_like_soxr_and_keeps_the_time(rate_in: int, rate_out: int) -> None:
    samples = tones(rate_in)
    reference = soxr.resample(samples, rate_in, rate_out, quality="VHQ")
    result = in_chunks(audio.Resampler(rate_in, rate_out), samples, [480, 1, 333])
    assert len(result) == len(reference)
    error = (result - reference)[200:-200]
    assert np.sqrt(np.mean(error**2)) < 1e-3 * np.sqrt(np.mean(reference**2))


@given(st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_a_stream_does_not_depend_on_how_it_is_cut(sizes: list[int]) -> None:
    samples = tones(24_000, 0.1)
    whole = in_chunks(audio.Resampler(24_000, 16_000), samples, [len(samples)])
    assert np.allclose(in_chunks(audio.Resampler(24_000, 16_000), samples, sizes), whole, atol=1e-6)


def test_a_stream_holds_back_two_milliseconds_at_most() -> None:
    resampler, given_back = audio.Resampler(24_000, 16_000), 0
    for chunk in range(1, 51):
        given_back += len(resampler.feed(np.zeros(480, np.float32)))
        assert chunk * 0.020 - given_back / 16_000 <= 0.0021


def test_frequencies_above_the_new_limit_are_removed() -> None:
    times = np.arange(24_000) / 24_000
    heard = audio.Resampler(24_000, 16_000).feed(np.sin(2 * np.pi * 9_500 * times).astype(np.float32))
    assert audio.level_dbfs(heard[200:-200]) < -60


def test_a_flushed_stream_begins_anew() -> None:
    resampler = audio.Resampler(24_000, 16_000)
    first = in_chunks(resampler, tones(24_000, 0.2), [500])
    assert np.array_equal(in_chunks(resampler, tones(24_000, 0.2), [500]), first)


def test_equal_rates_pass_through() -> None:
    samples = tones(16_000, 0.05)
    assert np.array_equal(audio.Resampler(16_000, 16_000).feed(samples), samples)
    assert len(audio.Resampler(16_000, 16_000).flush()) == 0
    assert np.array_equal(audio.resample(samples, 16_000, 16_000), samples)


def test_levels() -> None:
    assert audio.level_dbfs(np.zeros(100, np.float32)) == -120
    assert audio.level_dbfs(np.zeros(0, np.float32)) == -120
    assert audio.level_dbfs(np.full(100, 0.1, np.float32)) == pytest.approx(-20, abs=0.01)


def test_a_wav_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    audio.write_wav(path, tones(24_000, 0.1), 24_000)
    samples, rate = audio.read_wav(path)
    assert rate == 24_000
    assert np.allclose(samples, tones(24_000, 0.1), atol=1 / 32_768)


def test_two_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(np.array([1000, 3000] * 10, "<i2").tobytes())
    samples, _ = audio.read_wav(path)
    assert np.allclose(samples * 32_768, 2000)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.wav"
    path.write_bytes(b"this is not audio")
    with pytest.raises(wave.Error):
        audio.read_wav(path)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8_000)
        file.writeframes(b"\x80" * 8)
    with pytest.raises(wave.Error):
        audio.read_wav(path)
