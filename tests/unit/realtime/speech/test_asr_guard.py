"""The guard around the model: what is doubtful is read again, what stays doubtful is not believed."""

import numpy as np
import pytest

from realtime.speech.asr import Recognizer, Transcript, _Reading

GOOD = _Reading("start apixaban", -0.1, 0.01, ran_on=False)
LOOP = _Reading("thank you " * 20, -0.1, 0.01, ran_on=False)
RAN_ON = _Reading("start start", -0.1, 0.01, ran_on=True)
UNSURE = _Reading("star tap", -1.4, 0.01, ran_on=False)
NOT_SPEECH = _Reading("CHA2DS2-VASc", -0.2, 0.6, ran_on=False)


class Scripted(Recognizer):
    """Reads what it was told: first with the short window, then with the full one."""

    def __init__(self, short: _Reading, full: _Reading | None = None) -> None:
        self._readings = {False: short, True: full}
        self._prompt = lambda _terms: []

    def _read(self, audio: object, prompt: object, *, full: bool) -> _Reading:
        reading = self._readings[full]
        assert reading is not None, "the full window was not needed"
        return reading


def heard(short: _Reading, full: _Reading | None = None) -> Transcript:
    return Scripted(short, full).transcribe(np.ones(16_000, np.float32))


def test_a_sound_reading_is_taken_at_once() -> None:
    assert heard(GOOD) == Transcript("Start apixaban", -0.1, 0.01, fallback=False)


@pytest.mark.parametrize("doubtful", [LOOP, RAN_ON, UNSURE])
def test_a_doubtful_reading_is_read_again(doubtful: _Reading) -> None:
    assert heard(doubtful, GOOD) == Transcript("Start apixaban", -0.1, 0.01, fallback=True)


@pytest.mark.parametrize("still", [LOOP, RAN_ON])
def test_a_loop_that_stays_is_dropped(still: _Reading) -> None:
    assert heard(LOOP, still).text == ""


def test_an_unsure_reading_is_given_with_its_doubt() -> None:
    assert heard(UNSURE, UNSURE) == Transcript("Star tap", -1.4, 0.01, fallback=True)


@pytest.mark.req("P4.16")
def test_what_is_no_speech_is_dropped_and_not_read_again() -> None:
    assert heard(NOT_SPEECH) == Transcript("", -0.2, 0.6, fallback=False)
    assert heard(LOOP, NOT_SPEECH).text == ""
