"""Doses by kidney function: the table has neither gap nor overlap, each band is told at both of its ends."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.calculators.domain.catalogue import renal_dosing
from functions.calculators.domain.compute import Computed, Needs, Refused, compute
from functions.calculators.domain.evidence import FROM_MEMORY
from functions.calculators.domain.interpret import interpret
from functions.calculators.domain.registry import calculators
from functions.calculators.domain.renal import VERIFY, By, dose
from functions.calculators.domain.renal_table import DRUGS
from functions.calculators.domain.renal_table.checked import CHECKED
from functions.calculators.domain.wording import normalise

CALCULATOR = calculators()["renal_dosing"]
USES = [(drug, use) for drug in DRUGS.values() for use in drug.uses]
BANDED = [pytest.param(drug, use, id=f"{drug.name}, {use.name}") for drug, use in USES if use.steps]
PATIENT = {"age": 80, "sex": "female", "weight": 55, "height": 160, "creatinine": 1.2}


def answer(drug, **inputs):
    return compute(CALCULATOR, {"drug": drug} | inputs)


def text_of(drug, clearance, use=None):
    outcome = answer(drug, clearance=clearance, **({"indication": use} if use else {}))
    assert isinstance(outcome, Computed), outcome
    return outcome.value.split(": ", 1)[1]


@pytest.mark.req("P5.19")
@pytest.mark.req("C3.6")
@pytest.mark.parametrize(("clearance", "words"), [(28, "severe chronic kidney"), (45, "moderate chronic kidney")])
def test_a_low_clearance_carries_a_warning_of_kidney_disease(clearance, words):
    inputs = {"drug": "enoxaparin", "indication": "prophylaxis", "clearance": clearance}
    assert any(words in warning for warning in compute(calculators()["renal_dosing"], inputs).warnings)
    good = compute(calculators()["renal_dosing"], inputs | {"clearance": 90})
    assert not any("chronic kidney" in warning for warning in good.warnings)


def test_the_table_holds_at_least_thirty_drugs_each_with_its_label():
    assert len(DRUGS) >= 30
    for drug in DRUGS.values():
        assert drug.label.count(",") >= 2
        assert drug.revised == "label revision not recorded" or drug.revised[-4:].isdecimal()


@pytest.mark.parametrize(("drug", "use"), BANDED)
def test_the_bands_cover_every_clearance_without_gap_or_overlap(drug, use):
    """They begin at nought, included, and rise: what is from one floor to the next is one band."""
    floors = [(step.floor, step.above) for step in use.steps]
    assert floors[0] == (0, False)
    assert all(first[0] < second[0] for first, second in itertools.pairwise(floors))
    texts = [step.text for step in use.steps]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(("drug", "use"), BANDED)
def test_each_band_is_told_at_both_of_its_ends(drug, use):
    for index, step in enumerate(use.steps):
        below = use.steps[index - 1].text if index else step.text
        at = below if step.above else step.text
        assert dose(use, math.nextafter(step.floor, -1), {}) == below
        assert dose(use, step.floor, {}) == at
        assert dose(use, math.nextafter(step.floor, 999), {}) == step.text


@given(st.sampled_from(USES), st.floats(0, 300))
def test_every_clearance_has_exactly_one_text(one, clearance):
    _drug, use = one
    if use.steps:
        assert dose(use, clearance, {}) in {step.text for step in use.steps}


def test_names_brands_and_uses_are_unique_and_heard():
    heard = {}
    for drug in DRUGS.values():
        for name in (drug.name, *drug.brands):
            assert heard.setdefault(normalise(name), drug.name) == drug.name
        names = [use.name for use in drug.uses]
        assert len(set(names)) == len(names)
        assert len(names) == 1 or all(use.words for use in drug.uses)
    assert len(heard) == sum(1 + len(drug.brands) for drug in DRUGS.values())


@pytest.mark.parametrize(
    ("name", "brand"), [(one.name, brand) for one in DRUGS.values() for brand in (one.name, *one.brands)]
)
def test_every_drug_is_reached_by_name_and_brand(name, brand):
    found = interpret(f"renal dosing for {brand}")
    assert found.calculator == CALCULATOR
    assert found.inputs["drug"] == name


@pytest.mark.parametrize(
    ("name", "use"), [(one.name, use.name) for one in DRUGS.values() if len(one.uses) > 1 for use in one.uses]
)
def test_every_use_is_asked_for_by_name_and_understood(name, use):
    asked = interpret(f"calculate the renal dose of {name}")
    assert [one.name for one in asked.missing] == ["indication"]
    assert use in asked.question
    replied = interpret(use, calculator="renal_dosing", known=asked.inputs, asked="indication")
    assert replied.inputs["indication"] == use


# What the labels say, written a second time from them: drug, use, clearance, text.
@pytest.mark.req("P5.19")
@pytest.mark.parametrize(
    ("drug", "use", "clearance", "says"),
    [
        ("dabigatran", "atrial fibrillation", 30.1, "150 mg twice"),
        ("dabigatran", "atrial fibrillation", 30, "75 mg twice"),
        ("dabigatran", "atrial fibrillation", 14.9, "no dose"),
        ("dabigatran", "venous thromboembolism", 30, "no dose"),
        ("rivaroxaban", "atrial fibrillation", 50.1, "20 mg once"),
        ("rivaroxaban", "atrial fibrillation", 50, "15 mg once"),
        ("rivaroxaban", "venous thromboembolism", 14.9, "avoid"),
        ("rivaroxaban", "venous thromboembolism", 15, "15 mg twice"),
        ("edoxaban", "atrial fibrillation", 95.1, "do not use"), ("edoxaban", "atrial fibrillation", 95, "60 mg"),
        ("edoxaban", "atrial fibrillation", 50, "30 mg"), ("edoxaban", "venous thromboembolism", 120, "60 mg"),
        ("enoxaparin", "venous thromboembolism", 29.9, "1 mg/kg subcutaneously once"),
        ("enoxaparin", "prophylaxis", 29, "30 mg"),
        ("enoxaparin", "venous thromboembolism", 30, "1 mg/kg every 12 hours"),
        ("fondaparinux", None, 29.9, "contraindicated"), ("gabapentin", None, 60, "900 to 3600"),
        ("gabapentin", None, 59.9, "400 to 1400"), ("gabapentin", None, 29, "200 to 700"),
        ("gabapentin", None, 14.9, "100 to 300"), ("pregabalin", None, 29.9, "25 to 150"),
        ("levetiracetam", None, 80, "500 to 1000"), ("levetiracetam", None, 29.9, "250 to 500"),
        ("levofloxacin", "750 mg a day", 49.9, "750 mg every 48"),
        ("levofloxacin", "500 mg a day", 19, "500 mg once, then 250 mg every 48"),
        ("ciprofloxacin", "by mouth", 29.9, "every 18"), ("cefepime", "2 g every 8 hours", 60, "2 g every 12"),
        ("cefepime", "2 g every 8 hours", 29.9, "2 g every 24"), ("cefepime", "1 g every 12 hours", 10.9, "250 mg"),
        ("ceftazidime", None, 30, "1 g every 24"), ("cefazolin", None, 34, "half the usual dose every 12"),
        ("meropenem", None, 50, "recommended dose every 12"),
        ("meropenem", None, 25, "half the recommended dose every 12"), ("ertapenem", None, 30, "500 mg"),
        ("ertapenem", None, 30.1, "1 g"), ("piperacillin-tazobactam", "general", 40, "2.25 g every 6"),
        ("piperacillin-tazobactam", "nosocomial pneumonia", 40.1, "4.5 g"),
        ("piperacillin-tazobactam", "nosocomial pneumonia", 19.9, "2.25 g every 6"),
        ("nitrofurantoin", None, 59.9, "contraindicated"), ("nitrofurantoin", None, 60, "usual"),
        ("trimethoprim-sulfamethoxazole", None, 30, "half"),
        ("trimethoprim-sulfamethoxazole", None, 14.9, "not recommended"), ("fluconazole", None, 50, "half"),
        ("acyclovir", "zoster", 25, "every 8"), ("acyclovir", "zoster", 10, "every 12"),
        ("valacyclovir", "zoster", 49.9, "1 g every 12"), ("valacyclovir", "zoster", 29.9, "1 g every 24"),
        ("famciclovir", None, 59.9, "every 12"), ("ganciclovir", "induction", 69.9, "2.5 mg/kg every 12"),
        ("ganciclovir", "maintenance", 25, "1.25 mg/kg every 24"),
        ("valganciclovir", "induction", 59.9, "450 mg twice a day"), ("oseltamivir", "treatment", 60, "30 mg twice"),
        ("oseltamivir", "treatment", 30, "30 mg once"), ("oseltamivir", "prophylaxis", 10.1, "every other day"),
        ("lamivudine", None, 49.9, "150 mg once"), ("entecavir", "never treated with nucleosides", 49.9, "0.25 mg"),
        ("tenofovir disoproxil", None, 49.9, "every 48"), ("tenofovir disoproxil", None, 9.9, "no dose"),
        ("famotidine", None, 59.9, "20 mg once"), ("memantine", None, 29.9, "5 mg"),
        ("duloxetine", None, 29.9, "avoid"), ("tramadol", None, 29.9, "200 mg a day"),
        ("lithium", None, 29.9, "avoid"), ("colchicine", "prophylaxis", 29.9, "0.3 mg"),
        ("sotalol", "atrial fibrillation", 39.9, "contraindicated"),
        ("sotalol", "atrial fibrillation", 60, "80 mg once"), ("dofetilide", None, 40, "250 µg"),
        ("dofetilide", None, 19.9, "contraindicated"), ("atenolol", None, 35, "50 mg"),
        ("zoledronic acid", "osteoporosis", 34.9, "contraindicated"),
        ("zoledronic acid", "bone metastases", 60, "3.5 mg"),
        ("zoledronic acid", "bone metastases", 29.9, "not recommended"),
        ("alendronate", None, 34.9, "not recommended"),
    ],
)  # fmt: skip
def test_doses_of_the_labels(drug, use, clearance, says):
    assert says in text_of(drug, clearance, use)


@pytest.mark.req("P5.19")
def test_the_clearance_is_by_cockcroft_gault_and_says_so():
    """By hand: BMI 21.5, ideal weight 52.38 kg; (140 - 80) x 52.38 x 0.85 / (72 x 1.2) = 30.9 mL/min."""
    outcome = answer("trimethoprim-sulfamethoxazole", **PATIENT)
    assert outcome.value.endswith("usual dose")
    assert "Creatinine clearance 30.9 mL/min by Cockcroft-Gault with the ideal body weight." in outcome.warnings
    older = answer("trimethoprim-sulfamethoxazole", **(PATIENT | {"age": 82}))
    assert older.value.endswith("half the usual dose")


@pytest.mark.parametrize("drug", ["dabigatran", "rivaroxaban", "edoxaban", "dofetilide"])
def test_some_labels_go_by_the_actual_weight_and_need_no_height(drug):
    """By hand: (140 - 80) x 55 x 0.85 / (72 x 1.2) = 32.5 mL/min."""
    chosen = {"indication": "atrial fibrillation"} if len(DRUGS[drug].uses) > 1 else {}
    light = {name: value for name, value in PATIENT.items() if name != "height"}
    outcome = answer(drug, **chosen, **light)
    assert "Creatinine clearance 32.5 mL/min by Cockcroft-Gault with the actual body weight." in outcome.warnings
    assert [one.name for one in answer(drug, **chosen, age=80, sex="male").missing] == ["weight", "creatinine"]


def test_every_answer_names_its_label_and_asks_to_verify():
    for drug in DRUGS.values():
        chosen = {"indication": drug.uses[0].name} if len(drug.uses) > 1 else {}
        outcome = answer(drug.name, clearance=40, egfr=40, **chosen, **PATIENT)
        assert f"Source: {drug.label}; {drug.revised}." in outcome.warnings
        assert outcome.warnings[-1] == VERIFY
        assert outcome.value.startswith(drug.name)


def test_only_drugs_of_the_table_are_marked_as_checked_and_the_others_say_that_they_were_not(monkeypatch):
    assert set(CHECKED) == set(DRUGS)
    assert not any(FROM_MEMORY in line for line in answer("gabapentin", clearance=40).warnings)
    without = {name: check for name, check in CHECKED.items() if name != "methotrexate"}
    monkeypatch.setattr(renal_dosing, "CHECKED", without)
    assert answer("methotrexate").warnings[-2] == "This row is from memory, to be reviewed."


@pytest.mark.req("P5.19")
def test_an_egfr_is_refused_where_the_label_goes_by_clearance():
    """It is never used: the clearance is asked for with the reason, and with the clearance the eGFR is left aside."""
    outcome = answer("gabapentin", egfr=40)
    assert isinstance(outcome, Needs)
    assert [one.name for one in outcome.missing] == ["clearance"]
    assert "not by eGFR" in outcome.missing[0].question
    both = answer("gabapentin", egfr=40, clearance=70)
    assert "900 to 3600" in both.value
    assert "The eGFR was not used." in both.warnings


def test_a_spoken_egfr_is_answered_with_the_reason_and_the_clearance_then_counts():
    found = interpret("renal dosing of gabapentin with an egfr of 30")
    assert "not by eGFR" in found.question
    found = interpret("28", calculator="renal_dosing", known=found.inputs, asked=found.missing[0].name)
    assert found.missing == ()
    assert compute(CALCULATOR, found.inputs).value == "gabapentin: 200 to 700 mg once a day"


def test_a_spoken_indication_of_another_drug_is_asked_for_again_with_those_there_are():
    found = interpret("renal dosing of rivaroxaban for shingles, creatinine clearance 40")
    assert [one.name for one in found.missing] == ["indication"]
    assert found.question == "The label has doses for: atrial fibrillation, venous thromboembolism. What is right?"
    found = interpret("atrial fibrillation", calculator="renal_dosing", known=found.inputs, asked="indication")
    assert found.missing == ()
    assert compute(CALCULATOR, found.inputs).value.endswith("15 mg once a day with the evening meal")


@pytest.mark.parametrize(
    ("egfr", "says"), [(29.9, "contraindicated"), (30, "do not start"), (44.9, "do not start"), (45, "usual")]
)
def test_metformin_goes_by_egfr_as_its_label_does(egfr, says):
    outcome = answer("metformin", egfr=egfr)
    assert says in outcome.value
    assert "This label goes by eGFR" in outcome.warnings[0]
    assert [one.name for one in answer("metformin", clearance=40).missing] == ["egfr"]


@pytest.mark.parametrize(
    ("egfr", "says"),
    [(4.9, "50 mg once a week"), (5, "50 mg twice a week"), (15, "50 mg twice a week"), (30, "50 mg every other day"),
     (30.1, "50 mg once a day"), (60, "50 mg once a day"), (60.1, "100 mg once a day")],
)  # fmt: skip
def test_allopurinol_starts_by_egfr_as_its_newer_label_does(egfr, says):
    outcome = answer("allopurinol", egfr=egfr)
    assert outcome.value == f"allopurinol: start with {says}"
    assert any("Older labels" in line for line in outcome.warnings)


@pytest.mark.parametrize(
    ("age", "weight", "creatinine", "says"),
    [(79, 61, 1.4, "5 mg twice"), (80, 61, 1.4, "5 mg twice"), (80, 60, 1.4, "2.5 mg twice"), (80, 61, 1.5, "2.5 mg"),
     (79, 60, 1.5, "2.5 mg"), (79, 60, 1.4, "5 mg twice"), (80, 60, 1.5, "2.5 mg")],
)  # fmt: skip
def test_apixaban_goes_by_two_of_three_criteria(age, weight, creatinine, says):
    outcome = answer("apixaban", indication="atrial fibrillation", age=age, weight=weight, creatinine=creatinine)
    assert outcome.value.split(": ")[1].startswith(says)
    assert "criteria of its own" in outcome.warnings[0]


def test_apixaban_asks_for_its_criteria_and_for_nothing_else():
    outcome = answer("apixaban", indication="atrial fibrillation", clearance=40)
    assert isinstance(outcome, Needs)
    assert [one.name for one in outcome.missing] == ["age", "weight", "creatinine"]
    assert isinstance(answer("apixaban", indication="venous thromboembolism"), Computed)


@pytest.mark.req("P5.19")
@pytest.mark.parametrize("drug", ["vancomycin", "gentamicin", "tobramycin", "amikacin", "digoxin", "methotrexate"])
def test_drugs_of_the_pharmacy_get_no_dose(drug):
    outcome = answer(drug)
    assert isinstance(outcome, Computed)
    assert any("erify with pharmacy" in line for line in (outcome.value, *outcome.warnings))
    assert not any(unit in outcome.value for unit in (" mg", "µg", "mg/kg"))


@pytest.mark.parametrize(
    ("inputs", "missing"),
    [
        ({}, ["clearance"]), ({"age": 70}, ["sex", "weight", "height", "creatinine"]),
        ({"creatinine": 2, "age": 70, "sex": "male", "weight": 80}, ["height"]),
        ({"egfr": 30, "age": 70}, ["sex", "weight", "height", "creatinine"]),
    ],
)  # fmt: skip
def test_only_what_the_clearance_lacks_is_asked_for(inputs, missing):
    assert [one.name for one in answer("cefazolin", **inputs).missing] == missing


def test_an_indication_of_another_drug_is_refused_with_those_there_are():
    outcome = answer("rivaroxaban", indication="zoster", clearance=40)
    assert isinstance(outcome, Refused)
    assert outcome.problems[0].detail == "The label has doses for: atrial fibrillation, venous thromboembolism."


def test_a_drug_with_one_table_has_it_for_every_indication():
    assert answer("cefazolin", indication="treatment", clearance=60).value == "cefazolin: usual dose"


def test_the_ways_of_deciding_are_all_in_use():
    assert {drug.by for drug in DRUGS.values()} == set(By)
    assert renal_dosing.chosen({"drug": "rivaroxaban"})[1] is None


@pytest.mark.req("N14")
@pytest.mark.parametrize(
    ("sentence", "inputs", "missing"),
    [
        ("renal dosing of cefepime 2 g every 8 hours with a creatinine clearance of 25",
         {"drug": "cefepime", "indication": "2 g every 8 hours", "clearance": 25}, []),
        ("what is the renal dosing of bactrim at a crcl of 20 ml/min",
         {"drug": "trimethoprim-sulfamethoxazole", "clearance": 20}, []),
        ("renal dosing of rivaroxaban for atrial fibrillation in an 80 year old woman 55 kg 160 cm creatinine 1.2",
         {"drug": "rivaroxaban", "indication": "atrial fibrillation", "age": 80, "sex": "female", "weight": 55,
          "height": 160, "creatinine": 1.2}, []),
        ("calculate the renal dose of Eliquis in atrial fibrillation, 82 year old, 58 kg, creatinine 1.6",
         {"drug": "apixaban", "indication": "atrial fibrillation", "age": 82, "weight": 58, "creatinine": 1.6}, []),
        ("renal dosing for metformin", {"drug": "metformin"}, ["egfr"]),
        ("renal dosing for vancomycin", {"drug": "vancomycin"}, []),
        ("renal dose of Lyrica in a 70 year old man with creatinine 2",
         {"drug": "pregabalin", "age": 70, "sex": "male", "creatinine": 2}, ["weight", "height"]),
        ("calculate the renal dosing", {}, ["drug"]),
    ],
)  # fmt: skip
def test_a_sentence_states_drug_and_function_and_only_the_rest_is_asked_for(sentence, inputs, missing):
    found = interpret(sentence)
    assert found.calculator == CALCULATOR
    plain = {name: said["value"] if isinstance(said, dict) else said for name, said in found.inputs.items()}
    assert plain == inputs
    assert [one.name for one in found.missing] == missing


def test_a_dialogue_to_a_dose():
    found = interpret("renal dose of enoxaparin")
    replies = iter(["treatment of a dvt", "80 year old woman, 55 kg, 160 cm", "creatinine 1.4"])
    while found.missing:
        found = interpret(next(replies), calculator="renal_dosing", known=found.inputs, asked=found.missing[0].name)
    assert next(replies, None) is None
    outcome = compute(CALCULATOR, found.inputs)
    assert outcome.value == "enoxaparin (venous thromboembolism): 1 mg/kg subcutaneously once a day"


@pytest.mark.parametrize(
    "sentence",
    ["creatinine clearance 25 ml/min dabigatran", "apixaban in renal impairment", "metformin dose with egfr of 25",
     "what is renal dosing", "why does gabapentin need renal dosing"],
)  # fmt: skip
def test_a_question_about_dosing_goes_to_the_library(sentence):
    assert interpret(sentence).calculator is None
