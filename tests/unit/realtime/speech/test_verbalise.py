"""Clinical notation, read as a colleague would say it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.speech.pronunciations import marked
from realtime.speech.verbalise import spoken

READINGS = {
    # units
    "creatinine 1.5 mg/dL (133 µmol/L)": "creatinine 1.5 milligrams per deciliter (133 micromoles per liter)",
    "potassium 5.5 mmol/L": "potassium 5.5 millimoles per liter",
    "eGFR 45 mL/min/1.73 m²": "eGFR 45 milliliters per minute per 1.73 square meters",
    "eGFR 45 mL/min/1.73m2": "eGFR 45 milliliters per minute per 1.73 square meters",
    "BP 120/80 mmHg": "BP 120 over 80 millimeters of mercury",
    "37.5 μg and 5 µg": "37.5 micrograms and 5 micrograms",
    "0.5 mcg/kg/min": "0.5 micrograms per kilogram per minute",
    "BMI 30 kg/m2": "BMI 30 kilograms per square meter",
    "1 mg, a 5-mg tablet, 1 unit/kg": "1 milligram, a 5 milligram tablet, 1 unit per kilogram",
    "a 10-day course of 10 day supply": "a 10-day course of 10 day supply",
    "platelets 150 × 10⁹/L": "platelets 150 billion per liter",
    "10^5 copies": "10 to the power of 5 copies",
    "HR 110 bpm": "HR 110 beats per minute",
    "2 L in 24 h": "2 liters in 24 hours",
    # dosing
    "5 mg PO BID": "5 milligrams by mouth twice daily",
    "1 g q8h": "1 gram every 8 hours",
    "q4-6h PRN": "every 4 to 6 hours as needed",
    "80 mg q12h SC": "80 milligrams every 12 hours under the skin",
    "IV fluids": "IV fluids",
    # signs
    "score ≥2": "score at least 2",
    "eGFR >= 60": "eGFR at least 60",
    "INR <= 3 and ≤ 4": "INR at most 3 and at most 4",
    "K < 3.5, Na > 150": "K less than 3.5, Na more than 150",
    "7.0 ± 0.5": "7.0 plus or minus 0.5",
    "about -2 and (−3)": "about minus 2 and (minus 3)",
    # ranges and shares
    "INR 2-3": "INR 2 to 3",
    "range 2.0–3.0": "range 2.0 to 3.0",
    "5-10%": "5 to 10 percent",
    "88-92 %": "88 to 92 percent",
    "7.2% of patients": "7.2 percent of patients",
    "1,000–2,000 units": "1,000 to 2,000 units",
    "GCS 14/15, pain 8/10, 1/2 tablet": "GCS 14 out of 15, pain 8 out of 10, 1/2 tablet",
    "COVID-19 and vitamin B12": "COVID-19 and vitamin B12",
    # names
    "CHA2DS2-VASc of 3": "chads vasc of 3",
    "CHA₂DS₂-VASc": "chads vasc",
    "CHA2DS2-VA": "chads VA",
    "HAS-BLED": "has bled",
    "HbA1c 7": "hemoglobin A1c 7",
    "ACEi or NSTEMI": "ACE inhibitor or non-STEMI",
    "Na+ 128, K+ 3.2": "sodium 128, potassium 3.2",
    # numerals
    "NYHA class II-IV": "NYHA class 2 to 4",
    "class IIa, stage III or IV": "class 2-A, stage 3 or 4",
    "factor VIII and factor Xa": "factor 8 and factor 10-A",
    "give IV or IM": "give IV or intramuscularly",
    # markup
    "It is safe [1][2].": "It is safe.",
    "It is safe.[1, 3] Next [4-6].": "It is safe. Next.",
    "- **first** `item`": "first item",
    "[label](/ˈoops/) stays words": "label stays words",
    "": "",
    "[1]": "",
}


@pytest.mark.parametrize(("written", "words"), READINGS.items())
def test_readings(written: str, words: str) -> None:
    assert spoken(written) == words


@pytest.mark.parametrize("words", READINGS.values())
def test_what_is_in_words_stays(words: str) -> None:
    assert spoken(words) == words


@given(st.lists(st.sampled_from(sorted(READINGS)), max_size=4))
def test_reading_twice_changes_nothing(parts: list[str]) -> None:
    once = spoken("; ".join(parts))
    assert spoken(once) == once


@given(st.integers(0, 100_000), st.sampled_from(["mg", "mg/dL", "mmol/L", "units", "%", "mmHg"]))
def test_no_number_changes(number: int, unit: str) -> None:
    assert str(number) in spoken(f"the value is {number} {unit} today").split()


def test_known_names_carry_their_phonemes() -> None:
    assert marked("Take apixaban for COPD.") == "Take [apixaban](/əpˈɪksəbˌæn/) for [COPD](/sˌiˌOpˌidˈi/)."
    assert marked("Apixaban") == "[Apixaban](/əpˈɪksəbˌæn/)"
    assert marked("class 2-A") == "class 2 [A](/ˈA/)"
    assert marked("sofa and pugh-like") == "sofa and [pugh](/pjˈu/)-like"
    assert marked("nothing here") == "nothing here"
