"""Questions that one search does not answer (tests/data/answers/multihop.jsonl), all seen while it was built."""

import pytest

from functions.retrieval.domain import hops

pytestmark = pytest.mark.req("P5.8")


@pytest.fixture(scope="module")
def asked(answering):
    return answering.questions("multihop.jsonl")


@pytest.fixture(scope="module")
def wider(bench, answering):
    return bench.beside(answering.documents("multihop_documents.jsonl"))


async def test_hops_answer_what_one_search_does_not(wider, asked, answering, monkeypatch):
    answerable = [one for one in asked if not one.abstain]
    assert len(answerable) >= 12
    with_hops = await answering.scored(wider, answerable)
    monkeypatch.setattr(hops, "description", lambda _question: None)
    alone = await answering.scored(wider, answerable)
    print(with_hops.figures(), with_hops.right, alone.figures(), alone.right)
    # The question on FBN1 lies on the border: on one machine alone.right was 0, on another 1, whatever ran before.
    assert alone.right <= 1, alone.figures()
    assert with_hops.right >= 12, with_hops.faults
    assert with_hops.citation_recall == 1.0
    assert with_hops.citation_precision >= 0.9, with_hops.faults
    assert with_hops.pages == with_hops.pages_exact


async def test_a_description_that_no_passage_holds_is_not_answered(wider, asked, answering):
    invented = [one for one in asked if one.abstain]
    assert len(invented) >= 4
    score = await answering.scored(wider, invented)
    assert score.abstention == 1.0, score.faults


async def test_the_answer_says_what_the_question_was_taken_for_and_how_it_came_there(wider):
    answer = await wider.ask("how is the disease that deer ticks spread treated")
    assert answer.notice.startswith('Understood as "how is Lyme disease treated".')
    assert [hop.queries for hop in answer.hops] == [("how is Lyme disease treated",)]
    assert {citation.title for citation in answer.citations} == {"Lyme disease"}
    assert "Understood" not in (await wider.ask("how is Lyme disease treated")).notice
