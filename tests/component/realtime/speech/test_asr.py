"""Spoken by the voice, heard by the recogniser: medical questions, and what is not speech at all.

All speech is synthetic (one voice): these figures say that the parts fit, not how they hear people.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import jiwer
import numpy as np
import pytest

from realtime.speech import audio, terms
from realtime.speech.asr import NO_SPEECH_LIMIT, Recognizer
from realtime.speech.tts import Voice

STROKE_SCORE = "what is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes"
TREATMENT = "how do I treat atrial fibrillation with a high stroke risk"

QUESTIONS = (
    STROKE_SCORE,
    TREATMENT,
    "What is the HAS-BLED score for a 75 year old woman on aspirin?",
    "Calculate eGFR by CKD-EPI for a 60 year old woman with a creatinine of 1.2",
    "When should I start a statin in diabetes?",
    "Which antibiotics for community acquired pneumonia?",
    "What is the dose of apixaban in chronic kidney disease?",
    "How long should a patient with a deep vein thrombosis take rivaroxaban?",
    "Is metformin safe when the eGFR is 28?",
    "What are the first steps in sepsis?",
    "What is the CURB-65 score of an 80 year old with confusion?",
    "How do I treat an acute exacerbation of COPD?",
    "Which drugs improve survival in heart failure with reduced ejection fraction?",
    "What is the INR target for a mechanical mitral valve?",
    "How do I correct hyponatremia safely?",
    "What is the first line treatment of hypertension in a patient with chronic kidney disease?",
    "Should I stop warfarin before surgery?",
    "What is the qSOFA score?",
    "How do I treat a pulmonary embolism?",
    "What is the target blood pressure after a stroke?",
    "Is the potassium too high?",
)


def plain(text: str) -> str:
    text = text.lower().replace("-", " ").replace("hemoglobin a1c", "hba1c")
    return " ".join(re.sub(r"[^a-z0-9. ]|\.(?=\s|$)", " ", text).split())


@cache
def heard(voice: Voice, recognizer: Recognizer, text: str) -> str:
    return recognizer.transcribe(ears(voice, text), terms.choose()).text


def ears(voice: Voice, text: str) -> audio.Samples:
    """As the detector hands a turn over: some room before and after the words."""
    sound = audio.resample(voice.synthesize(text), audio.VOICE_RATE, audio.EAR_RATE)
    return np.concatenate([audio.silence(0.3, audio.EAR_RATE), sound])


@pytest.mark.req("P4.6")
@pytest.mark.parametrize("question", [STROKE_SCORE, TREATMENT])
def test_the_two_questions_are_heard_to_the_word(voice: Voice, recognizer: Recognizer, question: str) -> None:
    assert plain(heard(voice, recognizer, question)) == plain(question)


@pytest.mark.req("N10")
def test_few_words_are_wrong(voice: Voice, recognizer: Recognizer) -> None:
    spoken = [plain(question) for question in QUESTIONS]
    written = [plain(heard(voice, recognizer, question)) for question in QUESTIONS]
    assert jiwer.wer(spoken, written) <= 0.04


def test_the_terms_are_what_makes_names_come_out_right(voice: Voice, recognizer: Recognizer) -> None:
    sound = ears(voice, "How long should a patient take rivaroxaban?")
    assert "rivaroxaban" in recognizer.transcribe(sound, ["rivaroxaban"]).text.lower()
    assert "rivaroxaban" not in recognizer.transcribe(sound).text.lower()


@pytest.mark.req("P4.16")
@pytest.mark.parametrize("name", ["silence", "faint noise", "noise", "hum", "clicks", "tone", "nothing"])
def test_no_words_come_from_what_is_not_speech(recognizer: Recognizer, name: str) -> None:
    rate, dice = audio.EAR_RATE, np.random.default_rng(4)
    times = np.arange(2 * rate) / rate
    clicks = np.zeros(2 * rate, np.float32)
    clicks[:: rate // 3] = 0.9
    sounds = {
        "silence": np.zeros(2 * rate),
        "faint noise": dice.standard_normal(2 * rate) * 0.001,
        "noise": dice.standard_normal(3 * rate) * 0.05,
        "hum": np.sin(2 * np.pi * 50 * times) * 0.3,
        "clicks": clicks,
        "tone": np.sin(2 * np.pi * 440 * times) * 0.2,
        "nothing": np.zeros(0),
    }
    result = recognizer.transcribe(np.asarray(sounds[name], np.float32), terms.choose())
    assert result.text == ""
    assert result.no_speech > NO_SPEECH_LIMIT


def test_short_words_are_heard(voice: Voice, recognizer: Recognizer) -> None:
    for word in ("yes", "no", "stop"):
        assert plain(recognizer.transcribe(ears(voice, f"{word.capitalize()}."), terms.choose()).text) == word


def test_a_turn_longer_than_the_window_is_heard_to_its_end(voice: Voice, recognizer: Recognizer) -> None:
    sound = np.concatenate([ears(voice, question) for question in (*QUESTIONS[2:12], TREATMENT)])
    assert len(sound) > 30 * audio.EAR_RATE
    text = plain(recognizer.transcribe(sound, terms.choose()).text)
    assert plain(TREATMENT) in text
    assert "steps in sepsis" in text


def test_several_threads_hear_what_one_hears(voice: Voice, recognizer: Recognizer) -> None:
    questions = QUESTIONS[:6]
    with ThreadPoolExecutor(3) as pool:
        texts = list(pool.map(lambda one: recognizer.transcribe(ears(voice, one), terms.choose()).text, questions))
    assert texts == [heard(voice, recognizer, question) for question in questions]


def test_more_terms_than_fit_are_cut_at_the_end(recognizer: Recognizer) -> None:
    prompt = recognizer._encode_prompt(tuple(f"spironolactone {number}" for number in range(100)))
    assert len(prompt) <= 226
    assert recognizer._encode_prompt(()) == prompt[-2:]
    text = recognizer._tokenizer.decode(prompt, skip_special_tokens=True)
    assert text.endswith("spironolactone 0.")
