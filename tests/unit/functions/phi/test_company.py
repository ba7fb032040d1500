"""Names that medicine gave are told by what stands beside them;
how patients and clinicians are called stays found.
"""

import re

import pytest

MEDICINE = [
    "Use the Oldenkamp criteria for this rash",
    "Rome IV vs Stribling for constipation",
    "Explain Ranson vs Tervoort",
    "Compare Caprini, Selbach and Wells before surgery",
    "Oosterman and Kienböck class II, extract or wait?",
    "An Adelborg retractor was placed medially.",
    "What does a positive Wexelbaum sign mean?",
    "Ostrander-Kellgren grade 3 on the left",
    "is vandersteen nomogram valid in children",
    "Harris-Ostrander 1650 by the dietitian",
    "incised with a #15 Bard-Oldenkamp today",
    "24 Fr Oosterman if it clots",
    "Stribling V or Ann Arbor II?",
    "Hunt Hess 2 on arrival",
]
PERSONS = [
    "Is [Marisol]'s score back from the lab?",
    "Dr. [Oldenkamp] criteria sheet is on the desk",
    "[Maria Stribling] vs the insurer was settled",
    "patient [Wexelbaum] classification changed to inpatient",
    "Dr. [Foley] and Dr. [Adelborg] agreed",
    "[Marisol] [Abernathy-Holt] 4417729 was admitted",
    "Mr. [Graves], Mrs. [Selbach] and the nurse met",
]


def words(engine, text):
    return {word for one in engine.find(text) for word in re.findall(r"\w+", text[one.start : one.end])}


@pytest.mark.parametrize("text", MEDICINE)
def test_what_keeps_company_with_medicine_is_nobody(engine, text):
    assert words(engine, text) == set()


@pytest.mark.parametrize("text", PERSONS)
def test_a_person_in_such_company_stays_found(engine, text):
    secret = set(re.findall(r"\w+", " ".join(re.findall(r"\[(.+?)\]", text))))
    assert secret <= words(engine, re.sub(r"[\[\]]", "", text))
