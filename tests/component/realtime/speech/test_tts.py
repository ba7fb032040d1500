"""The voice: prompt, trimmed, repeatable, and understood when it is heard again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from realtime.speech import audio
from realtime.speech.asr import Recognizer
from realtime.speech.tts import CLAUSE_TAIL_S, SENTENCE_TAIL_S, Voice, speech_wav


def silent_ends(samples: audio.Samples) -> tuple[float, float]:
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-50 / 20))
    return loud[0] / audio.VOICE_RATE, (len(samples) - 1 - loud[-1]) / audio.VOICE_RATE


@pytest.mark.parametrize(
    ("text", "tail"),
    [("It is safe.", SENTENCE_TAIL_S), ("In this case,", CLAUSE_TAIL_S), ("It is safe", SENTENCE_TAIL_S)],
)
def test_the_first_sample_is_heard_and_the_pause_is_ours(voice: Voice, text: str, tail: float) -> None:
    lead, end = silent_ends(voice.synthesize(text))
    assert lead <= 0.0101
    assert end == pytest.approx(tail, abs=0.001)


def test_the_same_text_is_the_same_sound(voice: Voice) -> None:
    assert np.array_equal(voice.synthesize("Start apixaban."), voice.synthesize("Start apixaban."))


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.5, 2.0])
def test_speed_changes_the_time_and_not_the_words(voice: Voice, recognizer: Recognizer, speed: float) -> None:
    text = "Check the creatinine before you start metformin."
    plain, changed = voice.synthesize(text), voice.synthesize(text, speed)
    assert len(plain) / len(changed) == pytest.approx(speed, rel=0.15)
    samples = audio.resample(changed, audio.VOICE_RATE, audio.EAR_RATE)
    heard = recognizer.transcribe(samples, ["creatinine", "metformin"])
    assert "creatinine" in heard.text.lower()
    assert "metformin" in heard.text.lower()


def test_fixed_phrases_are_ready_and_nothing_else_is_kept(voice: Voice) -> None:
    assert voice.synthesize("One moment.") is voice.synthesize("One moment.")
    assert voice.synthesize("Start apixaban.") is not voice.synthesize("Start apixaban.")


def test_prepared_phrases_are_spoken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    voice = Voice(phrases=["One moment.", "Okay."])
    voice.prepare()
    ready = [voice.synthesize("One moment."), voice.synthesize("Okay.")]
    monkeypatch.setattr(voice, "_engine", None)
    assert all(voice.synthesize(text) is sound for text, sound in zip(("One moment.", "Okay."), ready, strict=True))
    assert all(len(sound) > audio.VOICE_RATE // 4 for sound in ready)


@pytest.mark.parametrize("text", ["", "   ", "[1]", "**", "…"])
def test_nothing_to_say_is_no_sound(voice: Voice, text: str) -> None:
    assert len(voice.synthesize(text)) == 0


def test_several_threads_do_not_disturb_one_another(voice: Voice) -> None:
    texts = ["Start apixaban.", "Check the creatinine.", "Stop if it bleeds.", "Call back in a week."] * 3
    alone = [voice.synthesize(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(voice.synthesize, texts))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_no_network_is_needed_or_tried(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError

    monkeypatch.setattr("socket.socket.connect", refuse)
    assert len(Voice().synthesize("It is safe.")) > 0


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_a_question_file_has_its_rate_lead_and_tail(voice: Voice, tmp_path: Path, rate: int) -> None:
    path = tmp_path / "question.wav"
    speech_wav(voice, "Is it safe?", path, rate=rate, lead_s=0.5, tail_s=1.0)
    samples, found = audio.read_wav(path)
    assert found == rate
    loud = np.flatnonzero(np.abs(samples) > 0.003)
    assert loud[0] / rate == pytest.approx(0.51, abs=0.02)
    assert (len(samples) - loud[-1]) / rate == pytest.approx(1.25, abs=0.05)


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("The CHA2DS2-VASc score is 3.", "cha2ds2-vasc score is 3"),
        ("The creatinine is 1.8 mg/dL.", "creatinine is 1.8 m"),
        ("Keep the INR at 2-3.", "2 to 3"),
        ("The eGFR is ≥ 60 mL/min/1.73 m².", "at least 60"),
        ("Take 5 mg PO BID.", "by mouth twice daily"),
        ("This is NYHA class III.", "class 3"),
        ("COPD is likely.", "copd is likely"),
    ],
)
def test_notation_is_understood_when_heard(voice: Voice, recognizer: Recognizer, written: str, heard: str) -> None:
    sound = audio.resample(voice.synthesize(written), audio.VOICE_RATE, audio.EAR_RATE)
    text = recognizer.transcribe(sound, ["CHA2DS2-VASc", "COPD", "INR", "eGFR"]).text.lower().replace("three", "3")
    assert heard in text
