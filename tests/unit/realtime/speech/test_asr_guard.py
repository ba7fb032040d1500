"""The guard around the model: what is doubtful is read again, what stays doubtful is not believed."""

import numpy as np
import pytest

from realtime.speech.asr import PADS_S, Recognizer, Transcript, _Reading

GOOD = _Reading("start apixaban", -0.1, 0.01, ran_on=False)
LOOP = _Reading("thank you " * 20, -0.1, 0.01, ran_on=False)
RAN_ON = _Reading("start start", -0.1, 0.01, ran_on=True)
UNSURE = _Reading("star tap", -1.4, 0.01, ran_on=False)
NOT_SPEECH = _Reading("CHA2DS2-VASc", -0.2, 0.6, ran_on=False)


class Scripted(Recognizer):
    """Reads what it was told, each time with more silence behind it, and never oftener than that."""

    def __init__(self, *readings: _Reading) -> None:
        self.left = dict(zip(PADS_S, readings, strict=False))
        self._prompt = lambda _terms: []

    def _read(self, audio: object, prompt: object, pad_s: float) -> _Reading:
        return self.left.pop(pad_s)


def heard(*readings: _Reading) -> Transcript:
    scripted = Scripted(*readings)
    found = scripted.transcribe(np.ones(16_000, np.float32))
    assert not scripted.left
    return found


def test_a_sound_reading_is_taken_at_once() -> None:
    assert heard(GOOD) == Transcript("Start apixaban", -0.1, 0.01, fallback=False)


@pytest.mark.parametrize("doubtful", [LOOP, RAN_ON, UNSURE])
def test_a_doubtful_reading_is_read_again(doubtful: _Reading) -> None:
    assert (
        heard(doubtful, GOOD)
        == heard(doubtful, doubtful, GOOD)
        == Transcript("Start apixaban", -0.1, 0.01, fallback=True)
    )


@pytest.mark.parametrize("still", [LOOP, RAN_ON])
def test_a_loop_that_stays_is_dropped(still: _Reading) -> None:
    assert heard(LOOP, LOOP, still).text == ""


def test_an_unsure_reading_is_given_with_its_doubt() -> None:
    assert heard(UNSURE, UNSURE, UNSURE) == Transcript("Star tap", -1.4, 0.01, fallback=True)


@pytest.mark.req("P4.16")
def test_what_is_no_speech_is_dropped_and_not_read_again() -> None:
    assert heard(NOT_SPEECH) == Transcript("", -0.2, 0.6, fallback=False)
    assert heard(LOOP, NOT_SPEECH).text == ""
