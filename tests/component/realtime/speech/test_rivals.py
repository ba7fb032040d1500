"""Words that sound alike, said by the voice and weighed by the recogniser."""

import numpy as np
import pytest

from realtime.dialogue.clarify.rivals import closest, rivals
from realtime.engines.local import known_drugs
from realtime.speech import audio, terms

KNOWN = known_drugs()


def weighed(voice, recognizer, text):
    """What was heard, and what that may as well have been."""
    sound = audio.resample(voice.synthesize(text), audio.VOICE_RATE, audio.EAR_RATE)
    turn = np.concatenate([audio.silence(0.3, audio.EAR_RATE), sound])
    heard = recognizer.transcribe(turn, terms.choose())
    others = rivals(heard.text, KNOWN)
    doubt = closest(others, recognizer.margins(heard, heard.text, [one.said for one in others]))
    return heard.text.lower(), doubt.near if doubt else ()


@pytest.mark.req("P4.16")
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("What is the dose of dobutamine for my patient?", "dobutamine"),
        ("How do I treat hypotension?", "hypotension"),
        ("When should I give hypertonic saline?", "hypertonic"),
    ],
)
def test_what_is_heard_as_another_word_is_asked_about(voice, recognizer, text, word):
    said, near = weighed(voice, recognizer, text)
    assert word in said or word in near, said


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("What is the dose of dopamine for my patient?", "dopamine"),
        ("What is the dose of metoprolol for my patient?", "metoprolol"),
        ("How do I treat hypertension?", "hypertension"),
        ("How do I treat hyponatremia?", "hyponatremia"),
    ],
)
def test_what_was_said_clearly_is_taken_as_it_is(voice, recognizer, text, word):
    said, near = weighed(voice, recognizer, text)
    assert (word in said, near) == (True, ()), said


def test_a_turn_that_is_read_in_pieces_is_not_weighed(voice, recognizer):
    sound = audio.resample(voice.synthesize("What is the dose of dopamine?"), audio.VOICE_RATE, audio.EAR_RATE)
    turn = np.concatenate([sound, audio.silence(20.0, audio.EAR_RATE), sound, audio.silence(5.0, audio.EAR_RATE)])
    heard = recognizer.transcribe(turn, terms.choose())
    assert "dopamine" in heard.text
    assert recognizer.margins(heard, "dopamine", ["dobutamine"]) == [-np.inf]
    assert recognizer.margins(heard, "dopamine", []) == []
