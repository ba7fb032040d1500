"""Melody tells whether somebody is done; without the model the words alone must do."""

from pathlib import Path

import numpy as np
import pytest

from realtime.engines.local import LocalEngine, Models
from realtime.speech import audio, models
from realtime.speech.asr import Recognizer
from realtime.speech.tts import Voice, trim
from realtime.speech.turn_end import TurnEndDetector
from realtime.speech.vad import SpeechDetector
from realtime.turns import FINAL
from voiceassist.core.identity import DEFAULT_TENANT, Principal

pytestmark = pytest.mark.req("P4.15")
PAUSE_S = 0.128
CLINICIAN = Principal("clinician", DEFAULT_TENANT, "user")


@pytest.fixture(scope="module")
def turn_end() -> TurnEndDetector:
    return TurnEndDetector()


def said(voice: Voice, words: str) -> audio.Samples:
    """Spoken, and the pause after which the session asks."""
    spoken = audio.resample(trim(voice.synthesize(words)), audio.VOICE_RATE, audio.EAR_RATE)
    return np.concatenate([spoken, audio.silence(PAUSE_S, audio.EAR_RATE)])


@pytest.mark.parametrize("words", ["How do I treat atrial fibrillation?", "The creatinine is one point four."])
def test_a_whole_sentence_sounds_final(voice: Voice, turn_end: TurnEndDetector, words: str) -> None:
    assert turn_end.probability(said(voice, words)) >= FINAL


@pytest.mark.parametrize("words", ["I have a patient with", "So, um,"])
def test_an_open_one_does_not(voice: Voice, turn_end: TurnEndDetector, words: str) -> None:
    assert turn_end.probability(said(voice, words)) < 0.5


def test_only_the_last_eight_seconds_count_and_nothing_is_no_error(voice: Voice, turn_end: TurnEndDetector) -> None:
    question = said(voice, "How do I treat atrial fibrillation?")
    short = np.concatenate([audio.silence(10, audio.EAR_RATE), question])[-8 * audio.EAR_RATE :]
    long = np.concatenate([question, audio.silence(20, audio.EAR_RATE), short])
    assert turn_end.probability(long) == pytest.approx(turn_end.probability(short), abs=1e-6)
    assert 0 <= turn_end.probability(np.zeros(0, dtype=np.float32)) <= 1


async def test_words_come_with_how_final_they_sound_where_that_is_asked_for(
    voice: Voice, recognizer: Recognizer, detector: SpeechDetector, turn_end: TurnEndDetector
) -> None:
    question = said(voice, "How do I treat atrial fibrillation?")
    for judge in (turn_end, None):
        engine = LocalEngine(Models(detector, recognizer, voice, judge), rooms=lambda _: None)
        session = engine.open(CLINICIAN)
        judged = await session.transcribe(question, audio.EAR_RATE, judged=True)
        plain = await session.transcribe(question, audio.EAR_RATE)
        engine.close()
        assert judged.text == plain.text != ""
        assert plain.final is None
        assert (judged.final is not None and judged.final >= FINAL) if judge else judged.final is None


def test_a_changed_model_is_not_loaded_and_the_service_speaks_without_it(tmp_path: Path) -> None:
    changed = tmp_path / "smart-turn/smart-turn-v3.2-cpu.onnx"
    changed.parent.mkdir()
    changed.write_bytes(b"something else")
    with pytest.raises(models.ModelDigestError):
        TurnEndDetector(tmp_path)
    loaded = Models.load(tmp_path, 1)
    assert loaded.turn_end is None
    assert any("smart-turn" in problem for problem in models.problems(tmp_path))
