"""One natural sentence for each of the later scores: which calculator, what it states, and only what is missing."""

import pytest

from functions.calculators.domain.interpret import interpret
from functions.calculators.domain.model import YesNo
from functions.calculators.domain.registry import calculators

# sentence -> calculator, the inputs it states (units where they are not the canonical ones), what is asked for
SENTENCES = {
    "GRACE score for a 67 year old man heart rate 95 blood pressure 125 over 70 creatinine 1.3 mg/dl killip class 2 "
    "with st depression and raised troponin no cardiac arrest": (
        "grace",
        {"age": 67, "systolic": 125, "heart_rate": 95, "creatinine": 1.3, "killip": "II", "st_deviation": True,
         "elevated_markers": True, "arrest": False},
        [],
    ),
    "GRACE score of a 67 year old with a pulse of 95 and st depression": (
        "grace", {"age": 67, "heart_rate": 95, "st_deviation": True}, ["systolic", "creatinine", "killip"],
    ),
    "calculate the TIMI score for NSTEMI, 70 year old on aspirin with st depression and elevated troponin": (
        "timi_ua_nstemi", {"age": 70, "aspirin": True, "st_deviation": True, "elevated_markers": True}, [],
    ),
    "TIMI STEMI 76 year old bp 95 over 60 heart rate 110 killip 1 weight 60 kg anterior infarct": (
        "timi_stemi",
        {"age": 76, "systolic": 95, "heart_rate": 110, "weight": 60, "killip": "I", "anterior": True},
        [],
    ),
    "calculate the NIHSS, consciousness 0, questions 1, commands 0, gaze 1, visual 0, facial palsy 2, left arm 4, "
    "right arm 0, left leg 3, right leg 0, ataxia 0, sensory 1, language 0, dysarthria 1, neglect 0": (
        "nihss",
        {"consciousness": "0", "questions": "1", "commands": "0", "gaze": "1", "visual_fields": "0",
         "facial_palsy": "2", "left_arm": "4", "right_arm": "0", "left_leg": "3", "right_leg": "0", "ataxia": "0",
         "sensory": "1", "language": "0", "dysarthria": "1", "neglect": "0"},
        [],
    ),
    "NIH stroke scale alert both correct questions both commands left arm drift gaze normal": (
        "nihss",
        {"questions": "0", "commands": "0", "left_arm": "1", "gaze": "0"},
        ["consciousness", "visual_fields", "facial_palsy", "right_arm", "left_leg", "right_leg", "ataxia", "sensory",
         "language", "dysarthria", "neglect"],
    ),
    "ABCD2 score 72 year old bp 150 over 85 with unilateral weakness lasting 30 minutes no diabetes": (
        "abcd2",
        {"age": 72, "systolic": 150, "diastolic": 85, "features": "2", "duration": "10 to 59 min", "diabetes": False},
        [],
    ),
    "PHQ-9: interest 2, mood 3, sleep 2, energy 3, appetite 0, self esteem 1, concentration 1, restlessness 0, "
    "suicidal thoughts not at all": (
        "phq_9",
        {"interest": "2", "mood": "3", "sleep": "2", "energy": "3", "appetite": "0", "self_worth": "1",
         "concentration": "1", "movement": "0", "self_harm": "0"},
        [],
    ),
    "GAD 7 nervousness nearly every day, control 2, worrying 2, relaxing 1, restlessness 0, irritable 1, afraid 0": (
        "gad_7",
        {"nervous": "3", "control": "2", "worry": "2", "relaxing": "1", "restless": "0", "irritable": "1",
         "afraid": "0"},
        [],
    ),
    "padua score for a 75 year old with active cancer and reduced mobility": (
        "padua", {"age": 75, "cancer": True, "reduced_mobility": True}, [],
    ),
    "revised geneva score 70 year old heart rate 98 with hemoptysis and previous dvt": (
        "revised_geneva", {"age": 70, "heart_rate": 98, "haemoptysis": True, "previous_vte": True}, [],
    ),
    "calculate the four Ts, thrombocytopenia 2, timing 2, thrombosis 0, other causes 1": (
        "four_ts", {"thrombocytopenia": "2", "timing": "2", "thrombosis": "0", "other_causes": "1"}, [],
    ),
    "pre-endoscopy Rockall score for an 81 year old bp 95 over 60 pulse 120 with heart failure": (
        "rockall_pre", {"age": 81, "systolic": 95, "heart_rate": 120, "major_comorbidity": True}, [],
    ),
    "full rockall score 65 year old bp 120 over 80 pulse 90 no heart failure diagnosis ulcer stigmata visible vessel": (
        "rockall",
        {"age": 65, "systolic": 120, "heart_rate": 90, "major_comorbidity": False, "diagnosis": "other",
         "stigmata": "1"},
        [],
    ),
    "AKI stage baseline creatinine 0.9 mg/dl creatinine 2.1 mg/dl no dialysis": (
        "kdigo_aki", {"baseline_creatinine": 0.9, "creatinine": 2.1, "replacement": False}, [],
    ),
    "calculate the CIWA nausea 1 tremor 4 sweating 4 anxiety 4 agitation 1 tactile 0 auditory 0 visual 0 headache 2": (
        "ciwa_ar",
        {"nausea": "1", "tremor": "4", "sweats": "4", "anxiety": "4", "agitation": "1", "tactile": "0",
         "auditory": "0", "visual": "0", "headache": "2"},
        ["orientation"],
    ),
    "apgar score heart rate above 100 breathing crying tone active reflex grimace colour pink": (
        "apgar", {"heart_rate_sign": "2", "breathing": "2", "tone": "2", "reflex": "1", "colour": "2"}, [],
    ),
    "calculate the bisap for a 65 year old, urea nitrogen 30 mg/dl, alert, sirs, pleural effusion": (
        "bisap",
        {"age": 65, "urea_nitrogen": 30, "altered_mentation": False, "sirs": True, "effusion": True},
        [],
    ),
    "braden scale perception 3 moisture 3 activity 1 mobility 2 nutrition 3 friction 1": (
        "braden",
        {"perception": "3", "moisture": "3", "activity": "1", "mobility": "2", "nutrition": "3", "friction": "1"},
        [],
    ),
    "calculate audit c for a woman, frequency 3, amount 1, binges 0": (
        "audit_c", {"sex": "female", "frequency": "3", "amount": "1", "binges": "0"}, [],
    ),
    "cage questionnaire guilty about drinking and morning drinking, not annoyed, never cut down": (
        "cage", {"guilty": True, "eye_opener": True, "annoyed": False, "cut_down": False}, [],
    ),
    "NEWS2 respiratory rate 22 oxygen saturation 94 percent scale 1 on oxygen bp 105 over 60 pulse 112 alert "
    "temperature 38.5": (
        "news2",
        {"respiratory_rate": 22, "oxygen_saturation": 94, "oxygen_scale": "1", "supplemental_oxygen": True,
         "systolic": 105, "heart_rate": 112, "alertness": "alert", "temperature": 38.5},
        [],
    ),
    "calculate news 2 for respirations 18, sats 97, room air, bp 120 over 80, heart rate 80, responds to voice": (
        "news2",
        {"respiratory_rate": 18, "oxygen_saturation": 97, "supplemental_oxygen": False, "systolic": 120,
         "heart_rate": 80, "alertness": "voice"},
        ["oxygen_scale", "temperature"],
    ),
    "prevent score for a 50 year old woman total cholesterol 200 hdl 45 blood pressure 160 over 90 egfr 90 with "
    "diabetes on blood pressure medication no statin non smoker": (
        "prevent",
        {"age": 50, "sex": "female", "total_cholesterol": 200, "hdl": 45, "systolic": 160, "egfr": 90,
         "diabetes": True, "antihypertensives": True, "statin": False, "smoking": False},
        [],
    ),
    "ASCVD risk 55 year old white man total cholesterol 213 hdl 50 systolic 120 untreated no diabetes non smoker": (
        "ascvd_pce",
        {"age": 55, "sex": "male", "race": "white", "total_cholesterol": 213, "hdl": 50, "systolic": 120,
         "antihypertensives": False, "diabetes": False, "smoking": False},
        [],
    ),
    "simplified PESI 82 year old heart rate 115 bp 95 over 60 sats 88 percent with cancer": (
        "spesi", {"age": 82, "heart_rate": 115, "systolic": 95, "oxygen_saturation": 88, "cancer": True}, [],
    ),
    "calculate ranson's criteria 60 year old white count 18 glucose 220 ldh 400 ast 300 calcium 7.5 base deficit 6": (
        "ranson",
        {"age": 60, "white_cells": 18, "glucose": 220, "ldh": 400, "ast": 300, "calcium": 7.5, "base_deficit": True},
        ["arterial_oxygen"],
    ),
    "calculate light's criteria pleural protein 3.5 serum protein 6 pleural ldh 300 serum ldh 200": (
        "lights_criteria",
        {"fluid_protein": 3.5, "serum_protein": 6, "fluid_ldh": 300, "serum_ldh": 200},
        ["ldh_limit"],
    ),
    "winter's formula for a bicarb of 12 and a pco2 of 30": (
        "winters", {"bicarbonate": 12, "arterial_carbon_dioxide": 30}, [],
    ),
    "what is the a-a gradient on room air with a po2 of 60 and a pco2 of 40 in a 40 year old": (
        "aa_gradient", {"age": 40, "inspired_oxygen": 21, "arterial_oxygen": 60, "arterial_carbon_dioxide": 40}, [],
    ),
}  # fmt: skip
# Everyday words and questions for the library that hold the name of a score.
NOT_ASKED = """
what is the GRACE score
he fell from grace
when should I use the NIHSS
how is the PHQ-9 scored
what does a CIWA of 12 mean
she was found in a cage
tell me about the apgar score
is the padua score validated
does aspirin prevent strokes
how do I prevent cardiovascular disease
what does a NEWS2 of 7 mean
what are the Ranson criteria
management of alcohol withdrawal with a CIWA of 22
""".strip().splitlines()


def stated(found):
    """Inputs that were said, with the unit only where it is not the canonical one."""
    values = {}
    for name, said in found.inputs.items():
        if not isinstance(said, dict):
            values[name] = said
        elif not said.get("assumed"):
            canonical = getattr(found.calculator.input(name), "unit", None)
            values[name] = said["value"] if said["unit"] == canonical else (said["value"], said["unit"])
    return values


@pytest.mark.req("N14")
@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda one: one[:50])
def test_a_sentence_reaches_its_score_and_only_what_is_missing_is_asked_for(sentence):
    calculator_id, inputs, missing = SENTENCES[sentence]
    found = interpret(sentence)
    assert found.calculator is not None
    assert found.calculator.id == calculator_id
    assert stated(found) == inputs
    assert [one.name for one in found.missing if not criteria_of(one)] == missing
    criteria = {one.name for one in found.calculator.inputs if isinstance(one, YesNo) and one.required}
    assert {name for one in found.missing for name in criteria_of(one)} == criteria - inputs.keys()
    assert found.confidence >= 0.75


def criteria_of(asked):
    """The criteria a question stands for; they are all that nobody mentioned."""
    return asked.members or ((asked.name,) if asked.options == ("yes", "no") else ())


@pytest.mark.parametrize("sentence", NOT_ASKED)
def test_a_name_alone_asks_for_nothing(sentence):
    found = interpret(sentence)
    assert (found.calculator, found.choices) == (None, ())


@pytest.mark.parametrize(
    ("sentence", "reply", "calculator_id"),
    [
        ("calculate the timi score", "the one for nstemi", "timi_ua_nstemi"),
        ("calculate the timi score", "stemi", "timi_stemi"),
        ("calculate the rockall score", "the full one", "rockall"),
        ("calculate the rockall score", "before endoscopy", "rockall_pre"),
    ],
)
def test_a_name_of_two_scores_asks_which(sentence, reply, calculator_id):
    asked = interpret(sentence)
    assert asked.calculator is None
    assert calculators()[calculator_id].title in asked.choices
    assert asked.question
    assert interpret(f"{sentence}. {reply}").calculator == calculators()[calculator_id]


def test_a_number_before_the_next_item_belongs_to_the_item_before_it():
    found = interpret("nihss left arm 1 gaze 2 facial palsy normal visual fields partial")
    assert stated(found) == {"left_arm": "1", "gaze": "2", "facial_palsy": "0", "visual_fields": "1"}
