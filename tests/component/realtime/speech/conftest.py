"""The real models, loaded once."""

import pytest

from realtime.speech.asr import Recognizer
from realtime.speech.tts import Voice
from realtime.speech.vad import SpeechDetector


@pytest.fixture(scope="session")
def detector() -> SpeechDetector:
    return SpeechDetector()


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    recognizer = Recognizer()
    recognizer.warm_up()
    return recognizer


@pytest.fixture(scope="session")
def voice() -> Voice:
    voice = Voice(phrases=["One moment."])
    voice.warm_up()
    return voice
