"""Short names spelled out."""

import pytest

from functions.retrieval import library_index
from functions.retrieval.domain.names import speller

SPELL = speller(library_index.digests())


@pytest.mark.parametrize(
    ("question", "spelled"),
    [
        ("how do you treat AF?", "how do you treat Atrial fibrillation?"),
        ("stages of CKD", "stages of Chronic kidney disease"),
        ("treating a fib", "treating Atrial fibrillation"),
        ("ckd and copd", "Chronic kidney disease and Chronic obstructive pulmonary disease"),
        ("thunderclap headache and anemia", "thunderclap headache and anemia"),
        ("I hit my head, what now", "I hit my head, what now"),
        ("AFTER the meal", "AFTER the meal"),
        ("AF is atrial fibrillation", "AF is atrial fibrillation"),
        ("", ""),
    ],
)
def test_a_name_becomes_the_title_and_other_words_stay(question, spelled):
    assert SPELL(question) == spelled
