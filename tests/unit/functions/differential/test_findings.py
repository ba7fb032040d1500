"""What is affirmed, denied and left open, in the ways it is said."""

import pytest

from functions.differential import library
from functions.differential.domain.patient import patient_of
from functions.differential.domain.words import tokens

READ = library.reader().read


@pytest.mark.parametrize(
    "text",
    [
        "no fever",
        "denies fever",
        "denies cough, chest pain and fever",
        "without any fever",
        "no cough or fever",
        "no cough, rash or fever",
        "no fever, rash or cough",
        "negative for fever",
        "not febrile",
        "does not have fever",
        "never had any fever",
        "fever absent",
        "fever: no",
        "fever is denied",
        "no history of fever",
        "temperature 36.8",
        "temp 98.4 F",
        "no recent fever",
    ],
)
def test_fever_is_denied(text):
    found = READ(text)
    assert "fever" in found.absent
    assert "fever" not in found.present


@pytest.mark.parametrize(
    "text",
    [
        "fever",
        "FEVER!",
        "no cough but fever",
        "denies cough. Fever since yesterday",
        "no cough; has fever",
        "presents without cough but with fever",
        "denies cough but has a fever",
        "no cough, now fever",
        "temperature is 39,2",
        "temp of 102 F",
        "fever yesterday, no fever today",
        "febrile",
        "high temperature",
    ],
)
def test_fever_is_affirmed(text):
    assert "fever" in READ(text).present


@pytest.mark.parametrize("text", ["no cough, fever", "no cough and fever", "possible fever", "suspected fever"])
def test_what_can_be_meant_either_way_stays_open(text):
    found = READ(text)
    assert "fever" in found.unclear
    assert "fever" not in found.present | found.absent


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mother had diabetes", "diabetes"),
        ("father with epilepsy", "epilepsy known"),
        ("family history of diabetes", "diabetes"),
        ("colon cancer in his father", "active cancer"),
    ],
)
def test_what_relatives_have_is_not_the_patients(text, name):
    assert name not in READ(text).present


def test_a_family_history_is_a_finding_of_its_own():
    assert "family history of diabetes" in READ("family history of diabetes").present


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("haemoptysis", "haemoptysis"),
        ("hemoptysis", "haemoptysis"),
        ("diarrhea for a week", "diarrhoea"),
        ("dyspnea", "dyspnoea"),
        ("Swelling of the left leg", "unilateral leg swelling"),
        ("her left leg is swollen", "leg swelling"),
        ("crushing central chest pain", "crushing pain"),
        ("a non-blanching rash", "non-blanching rash"),
        ("headache radiating, worst headache of my life", "thunderclap headache"),
        ("fever and she is confused", "fever with confusion"),
        ("murphy's sign", "murphy sign"),
    ],
)
def test_spelling_articles_and_a_word_between_do_not_matter(text, name):
    assert name in READ(text).present


def test_a_complaint_inside_a_longer_one_is_not_a_second_one():
    present = READ("coughing up blood").present
    assert "haemoptysis" in present
    assert "cough" not in present
    assert "abdominal pain" not in READ("right lower abdominal pain").present
    assert "high blood pressure" not in READ("history of high blood pressure").present


@pytest.mark.parametrize(
    ("text", "present", "absent"),
    [
        ("pulse 120", {"tachycardia"}, {"bradycardia"}),
        ("heart rate is 72", set(), {"tachycardia", "bradycardia"}),
        ("HR 38", {"bradycardia"}, {"tachycardia"}),
        ("BP 85/50", {"hypotension", "shock"}, {"severe hypertension"}),
        ("blood pressure of 230 over 130", {"severe hypertension", "high blood pressure"}, {"hypotension"}),
        ("BP 120/80", set(), {"hypotension", "severe hypertension"}),
        ("systolic 80", {"hypotension"}, set()),
        ("saturation 88%", {"hypoxia"}, set()),
        ("SpO2 98", set(), {"hypoxia"}),
        ("respiratory rate 30", {"tachypnoea"}, {"slow breathing"}),
        ("GCS 9", {"reduced consciousness"}, set()),
        ("sodium 118", {"hyponatraemia", "low sodium"}, set()),
        ("potassium of 6.8", {"hyperkalaemia", "high potassium"}, {"low potassium"}),
        ("K 2.9", {"low potassium"}, {"high potassium"}),
        ("calcium 3.1", {"high calcium"}, set()),
        ("calcium 9.2", set(), {"high calcium"}),
        ("haemoglobin 82", {"anaemia"}, set()),
        ("Hb 14.1", set(), {"anaemia"}),
        ("MCV 112", {"macrocytosis"}, {"microcytosis"}),
        ("episodes that last between 30-40 seconds", {"lasting seconds"}, set()),
        ("platelets 12", {"low platelets"}, set()),
        ("platelets 250,000", set(), {"low platelets"}),
        ("glucose 2.1 mmol/l", {"low glucose"}, {"high glucose"}),
        ("glucose 480", {"high glucose"}, {"low glucose"}),
        ("glucose 40 mg/dl", {"low glucose"}, {"high glucose"}),
        ("blood sugar 95", {"normal glucose"}, {"low glucose", "high glucose"}),
    ],
)
def test_figures_are_findings_and_normal_ones_deny_them(text, present, absent):
    found = READ(text)
    assert present <= found.present
    assert absent <= found.absent


@pytest.mark.parametrize(
    "text", ["pulse 7590", "BP 50/85", "temperature 12", "sodium 12", "glucose 50", "calcium 400", "SpO2 20", "GCS 40"]
)
def test_an_impossible_or_ambiguous_figure_says_nothing(text):
    found = READ(text)
    assert found.present | found.absent == frozenset()


def test_a_childs_pulse_is_not_judged_by_the_limits_of_adults():
    assert READ("pulse 130", adult=False).present == frozenset()
    assert "fever" in READ("temperature 39", adult=False).present


def test_no_word_of_a_text_is_kept():
    before = set(library.reader()._lexicon._by_first)
    READ("Zebulon Quackenbush has chest pain")
    assert set(library.reader()._lexicon._by_first) == before


def test_a_long_text_is_read_in_proportion():
    text = "no fever, cough and chest pain on exertion with swelling of the left leg. " * 50
    assert len(tokens(text)) > 600
    assert "unilateral leg swelling" in READ(text).present


@pytest.mark.parametrize(
    "text",
    [
        "temp" + " is" * 1200, "temp" + " " * 3900 + "x", "temp " + "= :" * 1300, "lasting " * 200 + "5 - " * 500,
        "9" * 4000, "120/ " * 800, "no , " * 800, "family history of " * 200, "pain " * 800, "for a few " * 400,
        "68 " * 1300, "twenty " * 570, "5," * 1900, "last" + " a" * 15 + "5" * 3900,
    ],
    ids=range(14),
)  # fmt: skip
def test_a_hostile_text_is_read_to_its_end(text):
    """Each of these would take years where a pattern could be matched in many ways."""
    assert READ(text).unclear == frozenset()
    assert patient_of(text).sex is None
