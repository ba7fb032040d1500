"""Titles and what is found, without a store."""

import pytest

from functions.conversations import domain
from voiceassist.runtime.memory import Kept


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("  What is\nsepsis? ", "What is sepsis?"),
        ("word " * 30, f"{('word ' * 16).strip()}…"),
        ("x" * 100, f"{'x' * 80}…"),
    ],
)
def test_a_title_is_how_the_first_question_begins(text, title):
    assert domain.title_of(text) == title


@pytest.mark.parametrize(
    ("query", "words"),
    [("Ménière's  YOUNG young", ("meniere's", "young")), ("eGFR 30.5 ml", ("egfr", "30.5", "ml")), (" ?! ", ())],
)
def test_the_words_of_a_query_are_compared_without_case_and_accents(query, words):
    assert domain.wanted(query) == words


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("The dose of apixaban is 5 mg.", "apix 5", "The dose of apixaban is 5 mg."),
        ("The dose of apixaban is 5 mg.", "xaban", None),
        ("The dose of apixaban is 5 mg.", "dose warfarin", None),
        ("The dose (a.b) is *+?", "a.b", "The dose (a.b) is *+?"),
        ("x " * 100 + "here" + " y" * 100, "here", f"…{('x ' * 30).strip()} here{' y' * 28}…"),
    ],
)
def test_a_snippet_stands_around_the_first_word_found(text, query, found):
    assert domain.snippet(text, domain.wanted(query)) == found


def answer(text, *, role="assistant", **facts):
    told = {name.replace("_", "."): fact for name, fact in facts.items()}
    return Kept("i", 1, role, "output_text", text, facts=told)


def test_a_summary_has_results_and_the_first_cited_sentence_of_each_answer_and_no_more():
    cited = {"citations": [{"n": 1}]}
    talk = [
        answer("What is it? [1]", role="user"),
        answer("Trust me. Fluids are given [1]. Then antibiotics [1].", citation_list=cited),
        answer("I found nothing [1]."),
        answer("x", calculator_result={"result": {"calculator_id": "a", "text": "Score: 2 points. Low."}}),
        answer("x", calculator_result={"result": {"calculator_id": "a", "text": "Score: 3 points. High."}}),
        answer(f"{'Very long ' * 30}[1].", citation_list=cited),
        answer("Fluids are given [1].", citation_list=cited),
    ]
    assert domain.summary_of(talk) == "Score: 3 points. Fluids are given."
    assert domain.summary_of(talk[:1]) == ""
