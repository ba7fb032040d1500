"""Ears of several sessions are judged in one go, and each gets what is its own."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from realtime.speech.ears import FEW, Ear, Ears

WINDOW = 768  # 32 ms at 24 kHz


class Detector:
    """Says how loud each window is; `batches` are how many were judged together."""

    def __init__(self):
        self.batches, self.broken, self.threads = [], False, []

    def feed_many(self, streams, chunks):
        if self.broken:
            raise RuntimeError
        self.batches.append(len(streams))
        self.threads.append(threading.current_thread() is threading.main_thread())
        return [[round(float(np.median(chunk)), 1)] for chunk in chunks]


@pytest.fixture
def heard():
    detector = Detector()
    with ThreadPoolExecutor(1) as thread:
        ears = Ears(thread)
        mine = [Ear(detector, 24_000) for _ in range(2 * FEW)]

        async def listen(number, level):
            return await ears.listen(detector, mine[number], np.full(WINDOW, level, np.float32))

        yield detector, listen


async def test_who_speaks_at_the_same_time_is_judged_together_and_apart(heard):
    detector, listen = heard
    assert await asyncio.gather(listen(0, 0.2), listen(1, 0.5), listen(2, 0.8)) == [[0.2], [0.5], [0.8]]
    assert await listen(1, 0.5) == [0.5]
    assert detector.batches == [3, 1]


async def test_many_are_judged_in_a_thread_so_that_nobody_else_waits_for_them(heard):
    detector, listen = heard
    levels = [round(0.01 * number, 1) for number in range(2 * FEW)]
    assert await asyncio.gather(*(listen(number, level) for number, level in enumerate(levels))) == [
        [level] for level in levels
    ]
    assert await listen(0, 0.5) == [0.5]
    assert detector.batches == [2 * FEW, 1]
    assert detector.threads == [False, True]


@pytest.mark.parametrize("rate", [24_000, 16_000, 8_000])
@pytest.mark.parametrize("frame", [1, 160, 480, 1_000, 3_000])
def test_the_ears_are_asked_as_soon_as_a_window_is_complete_and_not_before(rate, frame):
    class Counting:
        def feed_many(self, streams, chunks):
            return [self.feed(stream, chunk) for stream, chunk in zip(streams, chunks, strict=True)]

        def feed(self, stream, chunk):
            stream.push(chunk)
            found = []
            while stream.is_ready:
                found.append(float(stream.window()[-1]))
                stream.advance(0.0, stream.state)
            return found

    every, gathering = Ear(Counting(), rate), Ear(Counting(), rate)
    sound = np.sin(np.arange(rate // 4, dtype=np.float32) / 10)
    for start in range(0, len(sound), frame):
        piece = sound[start : start + frame]
        gathered = gathering.gathered(piece)
        found = every.feed(piece)
        assert (gathered is not None) == bool(found)
        if gathered is not None:
            assert gathering.feed(gathered) == pytest.approx(found, abs=1e-5)


async def test_a_fault_is_told_to_all_who_wait_and_the_next_are_heard(heard):
    detector, listen = heard
    detector.broken = True
    told = await asyncio.gather(listen(0, 0.2), listen(1, 0.5), return_exceptions=True)
    assert [type(one) for one in told] == [RuntimeError, RuntimeError]
    detector.broken = False
    assert await listen(2, 0.8) == [0.8]


async def test_who_goes_away_meanwhile_keeps_nobody_waiting(heard):
    _, listen = heard
    gone = asyncio.create_task(listen(0, 0.2))
    stays = asyncio.create_task(listen(1, 0.5))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == [0.5]
