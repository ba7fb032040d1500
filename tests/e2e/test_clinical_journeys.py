"""The journeys C1 (its question) and C3 of a clinician: in writing, and by synthetic speech that is listened to."""

import json
import re

import pytest

CHADS = "CHA2DS2-VASc for a 68-year-old man with hypertension and diabetes"
WELLS = "Wells score for pulmonary embolism, heart rate 110 and hemoptysis"
GRACE = (
    "GRACE score for a 65-year-old man, heart rate 95, blood pressure 125 over 70, creatinine 1.1 milligrams per "
    "deciliter, Killip class one, with ST depression"
)
KIDNEY = "search for kidney disease management"


def turns(result, product):
    assert result.returncode == 0, result.stderr + product.logs()
    return json.loads(result.stdout)


@pytest.fixture
def ask(product):
    """The turns of a conversation in writing."""
    return lambda *texts: turns(product.cli("ask", *texts, "--json"), product)


@pytest.fixture
def talk(product, say, tmp_path):
    """The turns of a spoken conversation; what was answered lies in `answers.wav`."""

    def speak(*texts):
        files = [str(say(text)) for text in texts]
        return turns(product.cli("talk", *files, "-o", str(tmp_path / "answers.wav"), "--json"), product)

    return speak


def stated(turn):
    return {one["name"]: one["value"] for one in turn["calculator"]["inputs"] if not one["assumed"]}


@pytest.mark.req("C3.1")
@pytest.mark.req("C3.2")
@pytest.mark.req("C3.3")
@pytest.mark.req("C3.4")
def test_a_score_asks_only_what_is_missing_and_reads_its_inputs_back(ask):
    asked, told = ask(CHADS, "none of those")
    assert asked["calculator"] is None
    assert asked["clarify"]["options"] == [
        "heart failure",
        "stroke, TIA or systemic embolism",
        "vascular disease",
        "none of these",
    ]
    assert told["calculator"]["value"] == 3
    assert told["calculator"]["assumptions"] == []
    assert stated(told).items() >= {"age": 68, "sex": "male", "hypertension": True, "stroke": False}.items()
    assert "age 68 years" in told["answer"]
    assert "anticoagulation is recommended" in told["calculator"]["band"]
    assert any("Lip" in reference["text"] for reference in told["calculator"]["citations"])


@pytest.mark.req("P4.6")
@pytest.mark.req("C3.2")
def test_a_spoken_score_is_completed_by_a_spoken_reply(talk, listen, tmp_path):
    asked, told = talk(CHADS, "None of those.")
    assert "68" in asked["transcript"]
    assert asked["clarify"]["slot"] == "criteria"
    assert (told["calculator"]["calculator_id"], told["calculator"]["value"]) == ("cha2ds2_vasc", 3)
    assert told["calculator"]["assumptions"] == []
    assert told["timings"]
    heard = listen(tmp_path / "answers.wav", ("CHA2DS2-VASc", "heart failure", "vascular disease")).lower()
    assert "heart failure" in heard, heard
    assert re.search(r"\b(3|three)[ -]points", heard), heard


@pytest.mark.req("C3.5")
def test_wells_and_grace_ask_only_what_is_missing(ask):
    asked, told = ask(WELLS, "PE is the most likely diagnosis")
    assert "malignancy" in asked["clarify"]["question"]
    assert "haemoptysis" not in asked["clarify"]["question"]
    assert told["calculator"]["value"] == 5.5
    assert told["calculator"]["assumptions"], "what the reply left out is marked"
    which, chosen = ask("Wells score, heart rate 110", "pulmonary embolism")
    assert len(which["clarify"]["options"]) == 2
    assert chosen["clarify"]["slot"] == "criteria"
    asked, told = ask(GRACE, "raised troponin, no cardiac arrest")
    assert asked["clarify"]["options"] == ["cardiac arrest at admission", "raised cardiac markers", "none of these"]
    assert (told["calculator"]["value"], told["calculator"]["assumptions"]) == (156, [])


@pytest.mark.req("C3.5")
def test_a_spoken_wells_score_is_completed_by_a_spoken_reply(talk, listen, tmp_path):
    asked, told = talk("Wells score for pulmonary embolism, heart rate 110, with recent surgery", "None of those.")
    assert asked["clarify"]["slot"] == "criteria"
    assert (told["calculator"]["calculator_id"], told["calculator"]["value"]) == ("wells_pe", 3)
    assert re.search(r"\b(3|three)(\.0)? points", listen(tmp_path / "answers.wav", ("Wells", "haemoptysis")).lower())


@pytest.mark.req("C3.5")
def test_a_spoken_grace_score_is_completed_by_a_spoken_reply(talk):
    asked, told = talk(GRACE, "Raised cardiac markers, no cardiac arrest.")
    assert asked["clarify"]["options"] == ["cardiac arrest at admission", "raised cardiac markers", "none of these"]
    assert told["calculator"]["value"] == 156
    assert len(stated(told)) == 8, "nothing is assumed"


@pytest.mark.req("C3.6")
def test_a_renal_dose_names_its_label_and_warns_and_asks_for_the_indication(ask):
    asked, told = ask("Renal dose of enoxaparin, creatinine clearance 28", "venous thromboembolism")
    assert asked["clarify"]["slot"] == "indication"
    assert "1 mg/kg subcutaneously once a day" in told["calculator"]["value"]
    assert any("severe chronic kidney disease" in warning for warning in told["calculator"]["warnings"])
    assert any("Lovenox" in warning for warning in told["calculator"]["warnings"])
    apixaban = ask("Renal dose of apixaban, creatinine clearance 28")
    assert apixaban["clarify"]["slot"] == "indication"
    assert apixaban["calculator"] is None


def enoxaparin_at_28(told):
    assert "1 mg/kg subcutaneously once a day" in told["calculator"]["value"]
    assert stated(told).items() >= {"drug": "enoxaparin", "clearance": 28}.items()
    assert "I used drug enoxaparin" in told["answer"]
    warned = " ".join(told["calculator"]["warnings"])
    assert "severe chronic kidney disease" in warned
    assert "Lovenox" in warned


@pytest.mark.req("C3.6")
@pytest.mark.req("P4.16")
def test_a_mistyped_drug_is_confirmed_before_its_dose_is_given(ask):
    asked, insisted, which, told = ask(
        "Renal dose of enoxparin, creatinine clearance 28", "just answer", "yes", "venous thromboembolism"
    )
    assert asked["clarify"]["question"] == "Did you mean enoxaparin? Please say yes, no, or another name."
    assert (insisted["clarify"]["slot"], insisted["calculator"]) == ("drug", None)
    # Two questions were asked, so the indication is told to be missing and not asked for a third time.
    assert which["calculator"] is None
    assert "indication" in which["answer"]
    enoxaparin_at_28(told)


@pytest.mark.req("C3.6")
@pytest.mark.req("P4.16")
def test_a_spoken_drug_that_was_misheard_is_confirmed_before_its_dose_is_given(talk, listen, tmp_path):
    asked, which, told = talk("Renal dose of enoxaparin, creatinine clearance 28.", "Yes.", "Venous thromboembolism.")
    assert "enoxaparin" not in asked["transcript"].lower(), "else this recogniser has learnt the word"
    assert asked["clarify"]["question"].startswith("Did you mean enoxaparin?")
    assert (asked["calculator"], which["calculator"]) == (None, None)
    assert which["clarify"]["slot"] == "indication"
    enoxaparin_at_28(told)
    heard = listen(tmp_path / "answers.wav", ("enoxaparin", "Lovenox", "chronic kidney disease")).lower()
    assert "did you mean enoxaparin" in heard, heard
    assert "severe chronic kidney disease" in heard, heard
    apixaban = talk("Renal dose of apixaban, creatinine clearance 28.")
    assert "apixaban" in apixaban["transcript"]
    assert (apixaban["clarify"]["slot"], apixaban["calculator"]) == ("indication", None)


@pytest.mark.req("P4.16")
def test_the_alcohol_withdrawal_scale_is_reached_by_voice(talk):
    asked = talk("Calculate the CIWA-Ar.")
    assert asked["clarify"]["slot"] == "nausea"


def test_a_dose_for_a_patient_is_asked_back_for_what_it_depends_on(ask):
    asked, told = ask(
        "What dose of enoxaparin for my patient with a deep vein thrombosis?", "80 kilos, creatinine clearance 25"
    )
    assert asked["clarify"]["slot"] == "dose"
    assert "kidney function" in asked["answer"]
    assert "1 mg/kg subcutaneously once a day" in told["calculator"]["value"]


@pytest.mark.req("C3.7")
def test_an_impossible_creatinine_asks_for_its_unit(ask):
    asked, told = ask("eGFR of a 60-year-old woman, creatinine 90 mg per deciliter", "micromoles per liter")
    assert asked["clarify"]["slot"] == "creatinine"
    assert "unit" in asked["answer"]
    assert told["calculator"]["value"] == pytest.approx(63.1, abs=0.1)


def test_a_missing_number_is_asked_for_and_not_assumed(ask):
    found = ask("Calculate the eGFR of a 70 year old woman")
    assert found["calculator"] is None
    assert "creatinine" in json.dumps(found["clarify"]).lower()


def about_kidneys(asked, told):
    offered = [one.lower() for one in asked["clarify"]["options"]]
    assert len(offered) <= 5
    assert offered[-1] == "something else"
    assert {"acute kidney injury", "chronic kidney disease"} <= set(offered)
    assert told["clarify"] is None
    assert told["status"] in {"supported", "partial"}
    assert any("kidney" in citation["title"].lower() for citation in told["citations"])


@pytest.mark.req("C1.4")
@pytest.mark.req("C1.5")
def test_a_topic_with_kinds_is_asked_back_and_the_reply_completes_the_question(ask):
    about_kidneys(*ask(KIDNEY, "chronic, stage three b"))


@pytest.mark.req("C1.4")
@pytest.mark.req("C1.5")
def test_the_same_by_voice(talk, listen, tmp_path):
    asked, told = talk(KIDNEY, "Chronic, stage three b.")
    about_kidneys(asked, told)
    heard = listen(tmp_path / "answers.wav", ("acute kidney injury", "chronic kidney disease")).lower()
    assert "chronic kidney disease" in heard, heard
    assert "something else" in heard, heard
