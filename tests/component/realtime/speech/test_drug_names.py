"""Drugs said by the voice and heard by the recogniser, with the usual terms: never another drug than was said."""

import numpy as np
import pytest

from functions.calculators import service
from realtime.dialogue.clarify import drugs
from realtime.engines.local import known_drugs
from realtime.speech import audio, terms
from voiceassist.contracts.calculations import InterpretRequest

# Of the 111 of tests/bench/drugnames.py, pairs that are confused in practice.
DRUGS = (
    "hydroxyzine hydralazine clonidine clonazepam metformin metronidazole prednisone prednisolone enoxaparin edoxaban"
).split()


def heard(voice, recognizer, text):
    sound = audio.resample(voice.synthesize(text), audio.VOICE_RATE, audio.EAR_RATE)
    silence = audio.silence(0.3, audio.EAR_RATE)
    return recognizer.transcribe(np.concatenate([silence, sound]), terms.choose()).text


@pytest.mark.req("P4.16")
def test_each_is_taken_right_or_asked_about(voice, recognizer):
    known = known_drugs()
    found = {drug: heard(voice, recognizer, f"What is the dose of {drug} for my patient?") for drug in DRUGS}
    doubts = {drug: drugs.doubt(text, known) for drug, text in found.items()}
    taken = {drug: drugs.named(text, known) for drug, text in found.items() if doubts[drug] is None}
    assert all(set(names) <= {drug} for drug, names in taken.items()), taken
    offered = [drug for drug, doubt in doubts.items() if doubt and drug in doubt.near]
    assert len(offered) + sum(map(bool, taken.values())) >= 9, found


@pytest.mark.parametrize("text", ["Calculate the CIWA-Ar.", "Calculate the CIWA.", "Calculate the see-wah."])
def test_the_alcohol_withdrawal_scale_is_known_by_its_sound(voice, recognizer, text):
    said = heard(voice, recognizer, text)
    assert service.interpreted(InterpretRequest(text=said)).calculator_id == "ciwa_ar", said
