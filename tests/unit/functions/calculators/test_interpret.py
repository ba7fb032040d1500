"""Sentences, typed and heard, both ways: what is a request to a calculator and what is a question for the library."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.calculators.domain.compute import Computed, compute
from functions.calculators.domain.interpret import CRITERIA, interpret
from functions.calculators.domain.model import spoken
from functions.calculators.domain.registry import calculators
from functions.calculators.domain.wording import normalise

# What a reader of the starter library asks: nothing of it may start a calculator.
QUESTIONS = """
how do I treat atrial fibrillation with a high stroke risk
what is CHA2DS2-VASc?
what is the cha2ds2 vasc score
what does CHA2DS2-VASc stand for
how is the CHA2DS2-VASc score calculated
is a CHA2DS2-VASc of 2 an indication for anticoagulation
what is the stroke risk with a CHA2DS2-VASc score of 4
68 year old with a CHA2DS2-VASc of 3, start apixaban?
female sex in CHA2DS2-VASc does it matter
CHA2DS2-VASc versus CHADS2
tell me what the CHA2DS2-VASc score is used for
when should I use the Wells score
which patients need a Wells score
tell me the Wells criteria
what are the components of CURB-65
what does a curb sixty five score of three mean
how accurate is the CURB-65
what is the mortality with curb-65 of 4
explain the Child-Pugh score
what is the MELD score used for
MELD 25 prognosis
what is the normal anion gap
causes of high anion gap metabolic acidosis
how do I evaluate a high anion gap
how to calculate the anion gap
which drugs prolong the QTc
QTc of 520 what should I do
what is a normal BMI
does a patient with BMI 42 qualify for bariatric surgery
what MAP should I target in sepsis
map target in septic shock
give me a map
change vascular access in a 70 year old man with diabetes
a chance of vasculitis in a 60 year old woman
is the patient well
her bmi is 42
creatinine clearance 25 ml/min dabigatran
calculate the dose of vancomycin
map
what is the difference between CKD-EPI and Cockcroft-Gault
what is the best way to estimate gfr
metformin dose with egfr of 25
anticoagulant dosing in renal impairment with egfr 30
apixaban dose in a 80 year old man with creatinine 1.6 and weight 58 kg
do you recommend the HAS-BLED score
the patient has bled on warfarin what do I do
patient who has bled with aspirin and is 70 years old
what are the stages of CKD
what are the stages of chronic kidney disease
how is stage 3 chronic kidney disease managed
how do I manage acute kidney injury
initial treatment of pulmonary embolism
how is deep vein thrombosis diagnosed
first line drugs for heart failure with reduced ejection fraction
management of acute coronary syndrome
sepsis first hour bundle
antibiotics for community acquired pneumonia
when to admit a patient with pneumonia
copd exacerbation steroids
asthma exacerbation in adults
type 2 diabetes first line treatment
type 1 diabetes sick day rules
hypertension target blood pressure
what is the target blood pressure in a 68 year old man with diabetes
thrombolysis window in stroke
blood pressure after ischemic stroke
apixaban in renal impairment
should a 70 year old woman with hypertension and diabetes take aspirin
does kidney function decline with age
bleeding risk on anticoagulation
weather tomorrow
stop
thank you
70 year old man with chest pain and blood pressure 90 over 60
""".strip().splitlines()

# sentence -> calculator and the inputs it states (assumed ones left out; units as said)
REQUESTS = {
    "what is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True, "diabetes": True}),
    "What's the CHA₂DS₂-VASc score of a sixty-eight-year-old man with hypertension and diabetes?": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True, "diabetes": True}),
    "what is the chad two d s two vasc score of a 68 year old man with hypertension and diabetes": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True, "diabetes": True}),
    "chads vasc for a seventy two year old woman with heart failure no diabetes": (
        "cha2ds2_vasc", {"age": 72, "sex": "female", "heart_failure": True, "diabetes": False}),
    "calculate chad's vasc 75 yo female htn chf prior stroke": (
        "cha2ds2_vasc", {"age": 75, "sex": "female", "hypertension": True, "heart_failure": True, "stroke": True}),
    "CHADS-2-VASc of a 66-year-old male with no heart failure, stroke, or diabetes": (
        "cha2ds2_vasc", {"age": 66, "sex": "male", "heart_failure": False, "stroke": False, "diabetes": False}),
    "68M htn dm CHA2DS2-VASc?": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True, "diabetes": True}),
    "cha to ds to vasc score for a 80 year old woman": ("cha2ds2_vasc", {"age": 80, "sex": "female"}),
    "chat's vask score sixty eight year old man hypertension": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True}),
    "chads vasc stroke risk of a 70 year old man": ("cha2ds2_vasc", {"age": 70, "sex": "male"}),
    "chads vasc 68 year old man never had a stroke on dialysis has diabetes": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "stroke": False, "diabetes": True}),
    "chads vasc 70 year old female without heart failure or vascular disease but with hypertension": (
        "cha2ds2_vasc", {"age": 70, "sex": "female", "heart_failure": False, "vascular_disease": False,
                         "hypertension": True}),
    "chads vasc age 70 sex female hypertension yes diabetes no stroke no": (
        "cha2ds2_vasc", {"age": 70, "sex": "female", "hypertension": True, "diabetes": False, "stroke": False}),
    "CHA2DS2-VASc: 71 years old, female, hypertension: yes, diabetes: no, heart failure: absent": (
        "cha2ds2_vasc", {"age": 71, "sex": "female", "hypertension": True, "diabetes": False, "heart_failure": False}),
    "HAS-BLED 70 year old on aspirin with cirrhosis": (
        "has_bled", {"age": 70, "drugs": True, "liver_disease": True}),
    "has bled score for 71 year old bp 170 over 90 not taking nsaids drinks 10 drinks a week": (
        "has_bled", {"age": 71, "uncontrolled_hypertension": True, "drugs": False, "alcohol": True}),
    "calculate hasbled age 66 controlled hypertension labile inr": (
        "has_bled", {"age": 66, "uncontrolled_hypertension": False, "labile_inr": True}),
    "egfr for 68 year old man creatinine one point two": (
        "ckd_epi_2021", {"age": 68, "sex": "male", "creatinine": 1.2}),
    "calculate ckd epi sixty year old lady creatinine one hundred and ten micromoles per litre": (
        "ckd_epi_2021", {"age": 60, "sex": "female", "creatinine": (110, "µmol/L")}),
    "creatinine clearance for a 70 year old woman weight 60 kg height 160 cm creatinine 1.1 mg/dl": (
        "cockcroft_gault", {"age": 70, "sex": "female", "weight": 60, "height": 160, "creatinine": 1.1}),
    "cockroft galt eighty year old male seventy kilograms five foot ten creatinine 120 micromoles per liter": (
        "cockcroft_gault", {"age": 80, "sex": "male", "weight": 70, "height": (70, "in"),
                            "creatinine": (120, "µmol/L")}),
    "how do I calculate creatinine clearance for a 70 year old woman weighing 60 kg with creatinine 1.1": (
        "cockcroft_gault", {"age": 70, "sex": "female", "weight": 60, "creatinine": 1.1}),
    "wells dvt active cancer calf swelling no alternative diagnosis": (
        "wells_dvt", {"cancer": True, "calf_swelling": True, "alternative_diagnosis": False}),
    "Wells score for deep vein thrombosis: entire leg swollen, pitting oedema, previous DVT": (
        "wells_dvt", {"leg_swollen": True, "pitting_edema": True, "previous_dvt": True}),
    "Wells score for pulmonary embolism heart rate 110 hemoptysis and prior dvt pe is the most likely diagnosis": (
        "wells_pe", {"heart_rate": 110, "haemoptysis": True, "previous_vte": True, "pe_most_likely": True}),
    "wells p e pulse one oh five recent surgery no hemoptysis an alternative diagnosis is more likely": (
        "wells_pe", {"heart_rate": 105, "immobilisation_or_surgery": True, "haemoptysis": False,
                     "pe_most_likely": False}),
    "curb 65 72 year old not confused bun 30 respiratory rate 24 bp 110 over 70": (
        "curb_65", {"age": 72, "confusion": False, "urea_nitrogen": 30, "respiratory_rate": 24, "systolic": 110,
                    "diastolic": 70}),
    "curb sixty five for a 72 year old alert and oriented urea 8.2 mmol/L RR 24 BP 110/70": (
        "curb_65", {"age": 72, "confusion": False, "urea_nitrogen": (8.2, "mmol/L"), "respiratory_rate": 24,
                    "systolic": 110, "diastolic": 70}),
    "q sofa respiratory rate twenty four systolic ninety five gcs fourteen": (
        "qsofa", {"respiratory_rate": 24, "systolic": 95, "altered_mentation": True}),
    "quick sofa RR 18 BP 120/80 alert": (
        "qsofa", {"respiratory_rate": 18, "systolic": 120, "altered_mentation": False}),
    "bmi 80 kilos 175 centimeters": ("bmi", {"weight": 80, "height": 175}),
    "what is the bmi of a man weighing eighty kilos and five foot ten": (
        "bmi", {"weight": 80, "height": (70, "in")}),
    "body mass index weight 176 pounds height 1.75": (
        "bmi", {"weight": (176, "lb"), "height": (1.75, "m")}),
    "BMI of an 80 kg woman 5'6\" tall": ("bmi", {"weight": 80, "height": (66, "in")}),
    "calculate map for bp one twenty over eighty": ("map", {"systolic": 120, "diastolic": 80}),
    "what's the map for 120/80": ("map", {"systolic": 120, "diastolic": 80}),
    "mean arterial pressure systolic one hundred ten diastolic sixty five": (
        "map", {"systolic": 110, "diastolic": 65}),
    "qtc fridericia qt 420 ms heart rate 80 beats per minute": ("qtc_fridericia", {"qt": 420, "heart_rate": 80}),
    "calculate the corrected QT by Bazett QT four hundred rate seventy five": (
        "qtc_bazett", {"qt": 400, "heart_rate": 75}),
    "anion gap sodium 140 chloride 104 bicarb 24": (
        "anion_gap", {"sodium": 140, "chloride": 104, "bicarbonate": 24}),
    "what is the albumin corrected anion gap na 130 cl 92 hco3 22 albumin 25 g/l": (
        "anion_gap_albumin", {"sodium": 130, "chloride": 92, "bicarbonate": 22, "albumin": (25, "g/L")}),
    "corrected calcium for calcium 8.0 and albumin 2.0": ("corrected_calcium", {"calcium": 8, "albumin": 2}),
    "corrected calcium eight point one with albumin of two": ("corrected_calcium", {"calcium": 8.1, "albumin": 2}),
    "meld score bilirubin 3 inr 1.5 creatinine 1.4 sodium 133 albumin 2.9 male not on dialysis": (
        "meld_3", {"bilirubin": 3, "inr": 1.5, "creatinine": 1.4, "sodium": 133, "albumin": 2.9, "sex": "male",
                   "dialysis": False}),
    "meld sodium bilirubin fifty one micromoles per liter inr two creatinine one sodium 130": (
        "meld_na", {"bilirubin": (51, "µmol/L"), "inr": 2, "creatinine": 1, "sodium": 130}),
    "child pugh bilirubin 2.5 albumin 3 inr 1.8 mild ascites no encephalopathy": (
        "child_pugh", {"bilirubin": 2.5, "albumin": 3, "inr": 1.8, "ascites": "slight", "encephalopathy": "none"}),
    "child's pugh bilirubin 4 albumin 2.5 inr 2 without ascites or encephalopathy": (
        "child_pugh", {"bilirubin": 4, "albumin": 2.5, "inr": 2, "ascites": "absent", "encephalopathy": "none"}),
    "child pugh class with tense ascites grade 2 encephalopathy inr 2.4 bilirubin 5 albumin 2.1": (
        "child_pugh", {"bilirubin": 5, "albumin": 2.1, "inr": 2.4, "ascites": "moderate",
                       "encephalopathy": "grade 1-2"}),
    "fib four for 60 year old ast 80 alt 64 platelets one hundred fifty thousand": (
        "fib_4", {"age": 60, "ast": 80, "alt": 64, "platelets": (150000, "/µL")}),
    "what ckd stage is an egfr of 45": ("ckd_stage", {"egfr": 45}),
    "ckd staging egfr 25 acr 30 mg/mmol": ("ckd_stage", {"egfr": 25, "acr": (30, "mg/mmol")}),
}  # fmt: skip


HEARD = (
    """
CHADSVASC; Chad's 2 VASc; CHA2-DS2-VASc; chads to vasc; chad's bask; Chads-Vask; cha2ds2vasc; C-H-A-2-D-S-2-V-A-S-C;
chad vas; CHADSvas; shads vasc; CHADS two VASc; chads-2-vask; chads 2 vas; Cha2DS2 VAS; chads2 vasc; chad's vast;
chad to d s to vasc; Chad 2DS 2VASC; CHAD-S2-VASC; CHA-2 DS-2 VASc; chaz vasc; Chadds Vasc; cha two d s two vas c;
chads bass; CHADS-VAS-C; chads2ds2 vasc; cha2ds to vasc; chads vasc; chad two d s two vasc
""".replace("\n", " ")
    .strip()
    .split(";")
)


@pytest.mark.parametrize("heard", [one.strip() for one in HEARD])
def test_the_score_with_the_hardest_name_is_recognised_as_heard(heard):
    found = interpret(f"what is the {heard} score of a 68 year old man with hypertension and diabetes")
    assert found.calculator is not None
    assert found.calculator.id == "cha2ds2_vasc"
    assert compute(found.calculator, found.inputs).value == 3


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
@pytest.mark.parametrize("sentence", QUESTIONS)
def test_a_question_is_not_a_request(sentence):
    found = interpret(sentence)
    assert found.calculator is None
    assert found.choices == ()
    assert found.confidence == 0


@pytest.mark.req("N14")
@pytest.mark.parametrize("sentence", REQUESTS, ids=lambda one: one[:60])
def test_a_request_states_its_calculator_and_inputs(sentence):
    calculator_id, inputs = REQUESTS[sentence]
    found = interpret(sentence)
    assert found.calculator is not None
    assert found.calculator.id == calculator_id
    assert stated(found) == inputs
    assert found.confidence >= 0.75


@pytest.mark.parametrize(
    "sentence",
    [one for one in REQUESTS if not any(sign in one for sign in (":", ", or", "'"))],
    ids=lambda one: one[:60],
)
def test_punctuation_and_case_do_not_matter(sentence):
    """The recogniser may write no punctuation at all; left out are sentences whose signs carry meaning."""
    calculator_id, inputs = REQUESTS[sentence]
    found = interpret(sentence.upper().replace("?", "").replace(",", ""))
    assert found.calculator is not None
    assert found.calculator.id == calculator_id
    assert stated(found) == inputs


def test_every_pattern_of_a_name_is_shown_by_a_sentence():
    """A calculator that goes by its title only has no pattern of its own; it is reached below."""
    reached = {calculator_id for calculator_id, _inputs in REQUESTS.values()}
    own = {one.id for one in calculators().values() if not set(one.names) <= set(spoken(one.title, *one.aliases))}
    assert len(own) >= 20
    assert reached >= own - {"qtc_framingham", "qtc_hodges"}


@pytest.mark.parametrize("calculator", calculators().values(), ids=lambda one: one.id)
def test_every_calculator_is_reached_by_its_name(calculator):
    found = interpret(f"calculate the {calculator.short}")
    assert found.calculator == calculator
    assert found.missing


@pytest.mark.req("P5.17")
@pytest.mark.parametrize(
    ("calculator_id", "alias"), [(one.id, alias) for one in calculators().values() for alias in one.aliases]
)
def test_every_alias_is_understood(calculator_id, alias):
    found = interpret(f"calculate the {alias} please")
    assert found.calculator is not None
    assert found.calculator.id == calculator_id
    assert found.question


@pytest.mark.parametrize(
    ("sentence", "choices"),
    [
        ("calculate the Wells score", {"wells_dvt", "wells_pe"}),
        ("wells", {"wells_dvt", "wells_pe"}),
        ("what is the qtc with qt 420 and heart rate 80",
         {"qtc_bazett", "qtc_fridericia", "qtc_framingham", "qtc_hodges"}),
        ("what is the gfr of a 60 year old man with creatinine 1.4", {"ckd_epi_2021", "cockcroft_gault"}),
        ("what is my patient's renal function", {"ckd_epi_2021", "cockcroft_gault"}),
        ("CHADS2 score for a 70 year old man with diabetes", {"cha2ds2_vasc"}),
    ],
)  # fmt: skip
def test_an_ambiguous_name_asks_which(sentence, choices):
    found = interpret(sentence)
    assert found.calculator is None
    assert found.question
    assert set(found.choices) == {calculators()[one].title for one in choices}


@pytest.mark.parametrize("sentence", ["what is the qtc with qt 420 and heart rate 80", "calculate the wells score"])
def test_a_choice_opens_the_calculator_with_the_first_sentence(sentence):
    for title in interpret(sentence).choices:
        found = interpret(sentence, calculator=title)
        assert found.calculator is not None
        assert found.calculator.title == title
        assert ("qt" in found.inputs) == title.startswith("QTc")


@pytest.mark.parametrize(
    ("sentence", "reply", "calculator_id"),
    [
        ("calculate qtc with qt 420 and heart rate 80", "bazett please", "qtc_bazett"),
        ("what is the gfr of a 60 year old man with creatinine 1.4", "the cockcroft gault one", "cockcroft_gault"),
        ("calculate the wells score", "pulmonary embolism", "wells_pe"),
        ("calculate the wells score", "the d v t one", "wells_dvt"),
    ],
)
def test_a_spoken_choice_may_be_appended_to_the_first_sentence(sentence, reply, calculator_id):
    found = interpret(f"{sentence}. {reply}")
    assert found.calculator is not None
    assert found.calculator.id == calculator_id


def test_silence_about_a_criterion_is_a_named_assumption():
    found = interpret("cha2ds2-vasc of a 68 year old man with hypertension")
    assert found.assumed == ("heart_failure", "diabetes", "stroke", "vascular_disease")
    assert found.inputs["diabetes"] == {"value": False, "assumed": True}
    assert "assumed: no diabetes" in found.assumptions
    assert found.missing == ()
    outcome = compute(found.calculator, found.inputs)
    assert isinstance(outcome, Computed)
    assert outcome.assumptions == found.assumptions


def test_nothing_is_assumed_when_nothing_was_stated():
    found = interpret("calculate the cha2ds2-vasc score")
    assert found.inputs == {}
    assert found.assumed == ()
    assert [one.name for one in found.missing] == [CRITERIA, "age", "sex"]
    assert found.question.startswith("Which of these apply: heart failure;")


def test_a_pronoun_states_the_sex_and_nothing_else():
    found = interpret("what's her CHA2DS2-VASc score")
    assert found.inputs == {"sex": "female"}
    assert [one.name for one in found.missing] == [CRITERIA, "age"]


def test_numbers_and_categories_are_asked_for_one_by_one():
    found = interpret("creatinine clearance of a 70 year old woman")
    assert [one.name for one in found.missing] == ["weight", "height", "creatinine"]
    assert found.question == "What is the weight?"
    assert found.missing[0].question == found.question


def test_a_dialogue_from_nothing_to_a_result():
    found = interpret("calculate the cha2ds2 vasc score")
    replies = iter(["hypertension and diabetes", "she is seventy six"])
    while found.missing:
        found = interpret(
            next(replies), calculator=found.calculator.id, known=found.inputs, asked=found.missing[0].name
        )
        assert found.confidence >= 0.9
    assert next(replies, None) is None
    outcome = compute(found.calculator, found.inputs)
    assert outcome.value == 5  # 2 + 1 + 1 + 1
    assert [one.input.name for one in outcome.used if one.assumed] == ["heart_failure", "stroke", "vascular_disease"]


def test_none_of_them_is_a_statement_and_not_an_assumption():
    opened = interpret("calculate wells dvt")
    found = interpret("none of those", calculator="wells_dvt", known=opened.inputs, asked=CRITERIA)
    assert found.missing == ()
    assert found.assumed == ()
    assert compute(found.calculator, found.inputs).value == 0


def test_the_question_for_all_criteria_stays_open_until_answered():
    found = interpret("he is 70", calculator="cha2ds2_vasc", known={}, asked=CRITERIA)
    assert found.assumed == ()
    assert found.missing[0].name == CRITERIA
    assert stated(found) == {"age": 70, "sex": "male"}


def test_a_clinicians_judgement_is_asked_and_not_assumed():
    found = interpret("wells pe heart rate 110 with hemoptysis")
    assert [one.name for one in found.missing] == ["pe_most_likely"]
    assert "pe_most_likely" not in found.assumed
    answered = interpret("yes it is", calculator="wells_pe", known=found.inputs, asked="pe_most_likely")
    assert answered.missing == ()
    assert compute(answered.calculator, answered.inputs).value == 5.5


@pytest.mark.parametrize(
    ("calculator", "asked", "reply", "value"),
    [
        ("cockcroft_gault", "weight", "seventy kilos", {"value": 70, "unit": "kg"}),
        ("cockcroft_gault", "weight", "it's about one hundred and fifty pounds", {"value": 150, "unit": "lb"}),
        ("cockcroft_gault", "height", "five foot ten", {"value": 70, "unit": "in"}),
        ("cockcroft_gault", "height", "one point seven five meters", {"value": 1.75, "unit": "m"}),
        ("ckd_epi_2021", "age", "sixty eight", {"value": 68, "unit": "years"}),
        ("ckd_epi_2021", "creatinine", "88 micromoles per liter", {"value": 88, "unit": "µmol/L"}),
        ("ckd_epi_2021", "sex", "female", "female"),
        ("ckd_epi_2021", "sex", "she's a woman", "female"),
        ("child_pugh", "ascites", "none", "absent"),
        ("child_pugh", "ascites", "moderate to severe", "moderate"),
        ("child_pugh", "encephalopathy", "grade two", "grade 1-2"),
        ("child_pugh", "inr", "one point eight", {"value": 1.8, "unit": ""}),
        ("curb_65", "confusion", "no", False),
        ("curb_65", "confusion", "yes he is", True),
        ("curb_65", "confusion", "not at all", False),
        ("curb_65", "urea_nitrogen", "8 millimoles per liter", {"value": 8, "unit": "mmol/L"}),
        ("qsofa", "systolic", "ninety five", {"value": 95, "unit": "mmHg"}),
        ("fib_4", "platelets", "one hundred fifty", {"value": 150, "unit": "10^9/L"}),
        ("has_bled", "uncontrolled_hypertension", "no it's well controlled", False),
        ("meld_3", "dialysis", "she does not", False),
    ],
)
def test_a_bare_reply_fills_the_slot_that_was_asked(calculator, asked, reply, value):
    found = interpret(reply, calculator=calculator, known={}, asked=asked)
    given = found.inputs[asked]
    if isinstance(given, dict):
        given.pop("unit_assumed", None)
        value = {"value": pytest.approx(value["value"]), "unit": value["unit"]}
    assert given == value
    assert found.confidence >= 0.9


def test_earlier_answers_are_kept_and_may_be_corrected():
    first = interpret("egfr of a 60 year old woman creatinine 1.1")
    second = interpret("sorry creatinine is 1.4", calculator="ckd_epi_2021", known=first.inputs)
    assert second.inputs["age"]["value"] == 60
    assert second.inputs["creatinine"]["value"] == 1.4
    third = interpret(
        "he also has heart failure",
        calculator="cha2ds2_vasc",
        known={"age": 60, "heart_failure": {"value": False, "assumed": True}},
    )
    assert third.inputs["heart_failure"] is True
    assert "heart_failure" not in third.assumed


def test_known_answers_go_over_to_another_calculator_by_name():
    found = interpret(
        "calculate the has-bled score", calculator="cha2ds2_vasc", known={"age": 70, "stroke": True, "sex": "male"}
    )
    assert found.calculator.id == "has_bled"
    assert found.inputs["age"] == 70
    assert found.inputs["stroke"] is True
    assert "sex" not in found.inputs


def test_a_change_of_subject_is_recognisable():
    found = interpret("how do I treat sepsis", calculator="ckd_epi_2021", known={"age": 60}, asked="creatinine")
    assert found.confidence <= 0.3
    assert found.inputs == {"age": 60}


@pytest.mark.parametrize("reply", ["I don't know", "um", "what", "later"])
def test_a_reply_that_does_not_answer_leaves_the_slot_open(reply):
    found = interpret(reply, calculator="ckd_epi_2021", known={"age": 60, "sex": "male"}, asked="creatinine")
    assert [one.name for one in found.missing] == ["creatinine"]


@pytest.mark.parametrize(
    ("sentence", "open_slots", "asks"),
    [
        ("egfr 60 year old woman creatinine 90 mg/dl", ["creatinine"], "Did you mean µmol/L?"),
        ("egfr 60 year old woman creatinine 90", ["creatinine"], "In which unit"),
        ("anion gap sodium 1400 chloride 100 bicarb 24", ["sodium"], "cannot be right"),
        ("curb 65 72 year old confused urea 8 respiratory rate 32 bp 85 over 50", ["urea_nitrogen"], "mmol/L"),
        ("curb 65 72 year old confused urea 50 mg/dl respiratory rate 32 bp 85 over 50", ["urea_nitrogen"], "mmol/L"),
        ("bmi weight 80 kg height 68", ["height"], "In which unit"),
        ("has-bled 70 year old with hypertension", ["uncontrolled_hypertension"], "above 160"),
        ("chads vasc 68 year old man no heart failure and diabetes", ["diabetes"], "diabetes?"),
        ("chads vasc 68 year old man possible stroke", ["stroke"], "stroke"),
        ("child pugh bilirubin 2 albumin 3 inr 1.5 ascites no encephalopathy", ["ascites"], "ascites"),
        ("chads vasc 68 year old man family history of stroke and diabetes", ["diabetes"], "diabetes?"),
    ],
)
def test_what_is_not_clear_is_asked_and_never_guessed(sentence, open_slots, asks):
    found = interpret(sentence)
    assert [one.name for one in found.missing] == open_slots
    assert asks in found.question
    assert not set(open_slots) & set(found.inputs)
    assert "90" not in found.question
    assert "1400" not in found.question


def test_a_unit_nobody_said_is_a_named_assumption_where_it_matters():
    found = interpret("egfr of a 60 year old man creatinine 1.2")
    assert found.assumptions == ("assumed: serum creatinine in mg/dL",)
    assert compute(found.calculator, found.inputs).assumptions == found.assumptions
    assert interpret("map for 120 over 80").assumptions == ()


@pytest.mark.parametrize(
    ("sentence", "decided"),
    [
        ("no diabetes", False), ("denies diabetes", False), ("not diabetic", False), ("isn't diabetic", False),
        ("non diabetic", False), ("diabetes absent", False), ("without any history of diabetes", False),
        ("no hypertension or diabetes", False), ("neither hypertension nor diabetes", False),
        ("no hypertension but has diabetes", True), ("no hypertension. diabetes", True),
        ("has diabetes", True), ("diabetes yes", True), ("known type 2 diabetes", True), ("is diabetic", True),
        ("hypertension and diabetes", True), ("no stroke but diabetes and hypertension", True),
        ("no chest pain but diabetes", True), ("no hypertension and diabetes", None),
        ("no hypertension diabetes", None), ("possible diabetes", None), ("father has diabetes", "unsaid"),
        ("to reduce the risk of diabetes", "unsaid"), ("does not have diabetes", False),
        ("doesn't have hypertension or diabetes", False), ("has never had diabetes", False),
    ],
)  # fmt: skip
def test_negation(sentence, decided):
    found = interpret(f"age 70, {sentence}", calculator="cha2ds2_vasc")
    value = found.inputs.get("diabetes")
    if decided is None:
        assert "diabetes" in [one.name for one in found.missing]
    elif decided == "unsaid":
        assert value == {"value": False, "assumed": True}
    else:
        assert value is decided


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("sixty eight", "68"), ("one hundred and twenty", "120"), ("one twenty over eighty", "120 over 80"),
        ("one oh five", "105"), ("one point two", "1.2"), ("zero point eighty seven", "0.87"), ("point nine", "0.9"),
        (".9", "0.9"), ("1 point 2", "1.2"), ("one hundred fifty thousand", "150000"), ("150,000", "150000"),
        ("150 thousand", "150000"), ("150k", "150000"), ("four hundred ten", "410"), ("four ten", "410"),
        ("three point oh", "3.0"), ("two hundred and forty", "240"), ("stroke/TIA", "stroke or tia"),
        ("mg/dL", "mg/dl"), ("5'10\"", "5 feet 10 inches"), ("sixty five one twenty", "65 120"),
        ("one thousand two hundred", "1200"), ("nineteen", "19"), ("no one knows", "no 1 knows"),
    ],
)  # fmt: skip
def test_numbers_in_words(said, plain):
    assert normalise(said) == plain


PIECES = (
    "cha2ds2-vasc wells qtc curb 65 bmi no not without and or , . diabetes stroke hypertension 120 over 80 sixty eight"
    " year old man woman creatinine 1.2 mg/dl point hundred thousand heart rate mild ascites feet inches her possible"
)
WORDS = st.sampled_from(str.split(PIECES))


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join) | st.text(max_size=120))
def test_no_sentence_escapes_as_an_exception(sentence):
    found = interpret(sentence)
    assert 0 <= found.confidence <= 1
    if found.calculator:
        again = interpret(sentence, calculator=found.calculator.id, known=found.inputs, asked="age")
        assert again.calculator is not None


@pytest.mark.parametrize(
    "flood",
    ["no stroke and " * 140, "1 " * 1000, "one hundred " * 160, "chads " * 330, "cha 2 d s 2 " * 180, "a" * 2000,
     "creatinine is of at , " * 90, "heart rate of the " * 110],
    ids=lambda one: one[:12],
)  # fmt: skip
def test_a_hostile_text_of_full_length_is_read_quickly(flood):
    started = time.process_time()
    interpret(f"calculate cha2ds2-vasc {flood}"[:2000])
    interpret(flood[:2000], calculator="has_bled")
    assert time.process_time() - started < 1.5
