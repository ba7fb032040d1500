"""What is asked of a topic, and what a passage tells of it."""

import pytest

from functions.retrieval.domain import aspects

pytestmark = pytest.mark.req("P5.7")


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What are the symptoms of gout?", {"symptoms"}),
        ("how is gout treated", {"treatment"}),
        ("What are the genetic changes related to Fabry disease?", {"genetics"}),
        ("is haemophilia inherited", {"inheritance"}),
        ("how many people are affected by gout", {"frequency"}),
        ("how to diagnose and treat gout", {"diagnosis", "treatment"}),
        ("What is gout?", {"definition"}),
        ("do you have information about gout", {"definition"}),
        ("gout", set()),
        ("", set()),
    ],
)
def test_a_question_names_what_it_asks(question, wanted):
    assert aspects.asked(question) == wanted


@pytest.mark.parametrize(
    ("wanted", "heading", "text"),
    [
        ("treatment", "", "Treatment depends on the stage. Surgery comes first. Ask again."),
        ("treatment", "Management", "Rest is enough."),
        ("inheritance", "", "This condition runs in families, in an autosomal dominant pattern."),
        ("frequency", "", "It is a rare condition; 1 in 40,000 newborns has it."),
        ("definition", "", "Gout is a painful swelling of joints. It comes in attacks."),
        ("symptoms", "", "Signs and symptoms include a hot, swollen joint."),
    ],
)
def test_a_passage_is_on_what_its_heading_or_its_first_sentences_say(wanted, heading, text):
    assert aspects.fit(frozenset({wanted}), heading, text) == 1.0


def test_a_passage_on_something_else_fits_less_and_one_on_nothing_not_at_all():
    text = "Symptoms include pain. Treatment may help."
    symptoms, treatment = (aspects.fit(frozenset({one}), "", text) for one in ("symptoms", "treatment"))
    assert symptoms > treatment > 0
    assert aspects.fit(frozenset({"prevention"}), "", text) == 0.0
    assert aspects.fit(frozenset(), "", text) == 0.0
    assert aspects.fit(frozenset({"treatment"}), "", "") == 0.0
