"""What a language model may say: nothing that a sentence of its source does not say."""

import re
from itertools import chain

import pytest

from functions.retrieval import library_index
from functions.retrieval.domain import library
from voiceassist.core.quantities import located
from voiceassist.core.support import bare, source_of, supported
from voiceassist.core.text import sentences
from voiceassist.ports.vectors import Chunk

pytestmark = [pytest.mark.req("P5.10"), pytest.mark.req("N19")]

CHUNKS = library_index.passages(library_index.digests())
SAID = [(sentence, chunk) for chunk in CHUNKS for sentence in sentences(chunk.text)]


def passage(text, title="Gout", heading="Treatment"):
    return Chunk("c", "d", title, text, heading)


ANAPHYLAXIS = passage(
    "Treat anaphylaxis with intramuscular epinephrine 0.01 mg/kg into the outer thigh, at most 0.5 mg in adults. "
    "Repeat epinephrine every 5 to 15 minutes when needed. Antihistamines do not replace epinephrine.",
    "Anaphylaxis",
)
METFORMIN = passage("Metformin is contraindicated when eGFR is below 30 mL/min/1.73 m2.", "Type 2 diabetes", "Kidney")
PRASUGREL = passage(
    "Ticagrelor or prasugrel is preferred over clopidogrel when percutaneous intervention is performed. Prasugrel is "
    "not given after a stroke.",
    "Acute coronary syndrome",
)
SHOCK = passage("Give amiodarone 300 mg, then 150 mg, or lidocaine for ventricular fibrillation.", "Cardiac arrest")
STAGES = passage("With cancer, anticoagulation is continued for six months.", "Thrombosis", "Duration")


def test_every_sentence_of_the_library_supports_itself():
    assert len(SAID) > 500
    assert [sentence for sentence, chunk in SAID if not supported(sentence, [chunk])] == []


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Give intramuscular epinephrine 0.01 mg/kg into the outer thigh, at most 0.5 milligrams.", ANAPHYLAXIS),
        ("Epinephrine is repeated every 5-15 min when needed.", ANAPHYLAXIS),
        ("Antihistamines do not replace epinephrine in anaphylaxis.", ANAPHYLAXIS),
        ("Metformin is contraindicated when the eGFR is less than 30 mL/min/1.73 m².", METFORMIN),
        ("When eGFR is < 30 mL/min/1.73 m2, metformin is contraindicated.", METFORMIN),
        ("Prasugrel is not given after a stroke in acute coronary syndrome.", PRASUGREL),
        ("With cancer, anticoagulation continues for 6 months.", STAGES),
    ],
)
def test_the_same_in_other_spelling_is_supported(sentence, source):
    assert supported(sentence, [source])


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Give intramuscular epinephrine 0.1 mg/kg into the outer thigh, at most 0.5 mg.", ANAPHYLAXIS),
        ("Give intramuscular epinephrine 0.01 mcg/kg into the outer thigh, at most 0.5 mg.", ANAPHYLAXIS),
        ("Give intramuscular epinephrine 0.01 mg/kg into the outer thigh, at least 0.5 mg.", ANAPHYLAXIS),
        ("Give intravenous epinephrine 0.01 mg/kg into the outer thigh, at most 0.5 mg.", ANAPHYLAXIS),
        ("Give intramuscular norepinephrine 0.01 mg/kg into the outer thigh, at most 0.5 mg.", ANAPHYLAXIS),
        ("Repeat epinephrine every 5 minutes when needed.", ANAPHYLAXIS),
        ("Repeat epinephrine every 5 to 50 minutes when needed.", ANAPHYLAXIS),
        ("Antihistamines replace epinephrine.", ANAPHYLAXIS),
        ("Epinephrine does not replace antihistamines.", ANAPHYLAXIS),
        ("Metformin is contraindicated.", METFORMIN),
        ("Metformin is not contraindicated when eGFR is below 30 mL/min/1.73 m2.", METFORMIN),
        ("Metformin is contraindicated when eGFR is above 30 mL/min/1.73 m2.", METFORMIN),
        ("Metformin is contraindicated when eGFR is below 45 mL/min/1.73 m2.", METFORMIN),
        ("Metformin is recommended when eGFR is below 30 mL/min/1.73 m2.", METFORMIN),
        (
            "Clopidogrel is preferred over ticagrelor or prasugrel when percutaneous intervention is performed.",
            PRASUGREL,
        ),
        ("Prasugrel is given after a stroke.", PRASUGREL),
        ("Prasugrel is not given before a stroke.", PRASUGREL),
        ("Give 300 mg lidocaine for ventricular fibrillation.", SHOCK),
        ("Give lidocaine 300 mg, then 150 mg, or amiodarone for ventricular fibrillation.", SHOCK),
        ("Give amiodarone 150 mg, then 300 mg, or lidocaine for ventricular fibrillation.", SHOCK),
        ("Anticoagulation is continued for six months.", STAGES),
        ("Metformin is сontraindicated when eGFR is below 30 mL/min/1.73 m2.", METFORMIN),  # a Cyrillic letter
        ("Metformin is contraindicated when eGFR is below ３５ mL/min/1.73 m2.", METFORMIN),  # wide figures
        ("Metformin is contraindicated when eGFR is below 30 mL/min/1.73 m2 ↑.", METFORMIN),
        ("Metformin is contraindicated when eGFR is below 30 mL/min/1.73 m2. It causes death.", METFORMIN),
        ("See https://example.org for metformin.", METFORMIN),
        ("Not.", METFORMIN),
        ("", METFORMIN),
        ("Metformin " * 61, METFORMIN),
    ],
)
def test_what_the_source_does_not_say_is_refused(sentence, source):
    assert not supported(sentence, [source])


def test_nothing_is_supported_by_no_source():
    assert not supported(METFORMIN.text, [])
    assert not supported(METFORMIN.text, [ANAPHYLAXIS])
    assert source_of(METFORMIN.text, [ANAPHYLAXIS, METFORMIN]) == (METFORMIN, METFORMIN.text)


def test_markers_in_the_words_are_taken_off():
    assert bare("Give it [1], then stop [2, 3].") == "Give it, then stop."


def altered(sentence):
    """The same sentence with one thing changed that matters."""
    found = [one for one in located(sentence) if any(mark.isdigit() for mark in sentence[one.start : one.end])]
    for one in found:
        span = sentence[one.start : one.end]
        figure = re.search(r"\d+(?:\.\d+)?", span)
        yield sentence[: one.start] + span.replace(figure[0], f"{figure[0]}7", 1) + sentence[one.end :]
        if " mg" in span:
            yield sentence[: one.start] + span.replace(" mg", " g", 1) + sentence[one.end :]
    for word, other in (
        ("below", "above"), ("above", "below"), (" not ", " "), ("avoided", "given"), ("before", "after"),
        ("at least", "at most"), ("at most", "at least"), ("or more", "or less"), ("contraindicated", "indicated"),
        ("stopped", "started"), ("increase", "decrease"), ("raise", "lower"), ("once daily", "twice daily"),
        ("is given", "is not given"), ("is recommended", "is not recommended"), ("hours", "days"), ("percent", "mg"),
    ):  # fmt: skip
        if word in sentence:
            yield sentence.replace(word, other, 1)
    yield re.sub(r"[.]$", " with flurbozamab.", sentence)
    yield re.sub(r"[.]$", " at 900 mg.", sentence)
    yield re.sub(r"[.]$", " and never otherwise.", sentence)


def test_no_altered_sentence_of_the_library_is_let_through():
    """Thousands of sentences that are nearly right, each cited to the passage it was made from."""
    trials = list(chain.from_iterable(((bad, chunk) for bad in altered(good)) for good, chunk in SAID))
    assert len(trials) > 2_500
    through = [(bad, chunk.chunk_id) for bad, chunk in trials if bad not in chunk.text and supported(bad, [chunk])]
    assert through == []


def test_library_passages_come_from_the_digests():
    assert {chunk.document_id for chunk in CHUNKS} == {digest.id for digest in library_index.digests()}
    assert library.chunks(library_index.digests()[0])
