"""Answers that are remembered: whose, how long, how many, and under which names."""

from dataclasses import replace
from uuid import UUID

import pytest

from functions.retrieval import cache
from voiceassist.contracts.answers import Answer, Question
from voiceassist.core.identity import DEFAULT_TENANT, Principal

pytestmark = pytest.mark.req("P5.10")

SOMEBODY = Principal("ann", DEFAULT_TENANT, "user")
ANSWER = Answer(status="supported", text="a [1]", spoken="a")
STATE = {"library": "l1", "documents": "d1", "models": "m1"}


def name(question="dose of colchicine", caller=SOMEBODY, intent=None, prefer=(), **changed):
    asked = Question(question=question, intent=intent, prefer=prefer)
    return cache.key(asked, caller, cache.State(**(STATE | changed)))


def test_a_name_holds_no_word_of_the_question():
    assert len(name()) == 64
    assert set(name()) <= set("0123456789abcdef")


def test_spaces_and_the_last_mark_make_no_difference_but_case_does():
    assert name("  dose of   colchicine? ") == name()
    assert name("dose of HIT") != name("dose of hit")


@pytest.mark.parametrize(
    "other",
    [
        name("dose of allopurinol"),
        name(caller=replace(SOMEBODY, subject="bob")),
        name(caller=replace(SOMEBODY, role="viewer")),
        name(caller=replace(SOMEBODY, tenant_id=UUID(int=5))),
        name(library="l2"),
        name(documents="d2"),
        name(models="m2"),
        name(intent="treatment"),
        name(prefer=("note",)),
    ],
)
def test_what_could_change_the_answer_changes_the_name(other):
    assert other != name()


def test_an_answer_lives_for_an_hour():
    now = [0.0]
    answers = cache.Answers(clock=lambda: now[0])
    answers.put("k", ANSWER, 3)
    now[0] = cache.SECONDS - 1
    assert answers.get("k") == (ANSWER, 3)
    now[0] = cache.SECONDS
    assert answers.get("k") is None
    assert answers.get("k") is None


def test_the_one_not_asked_for_longest_goes_first():
    answers = cache.Answers()
    for number in range(cache.MOST):
        answers.put(str(number), ANSWER, 1)
    assert answers.get("0")
    answers.put("new", ANSWER, 1)
    assert answers.get("0")
    assert answers.get("1") is None
    answers.clear()
    assert answers.get("0") is None
