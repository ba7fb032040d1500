"""Questions that one search cannot answer."""

from contextlib import nullcontext

import pytest

from functions.retrieval import service
from functions.retrieval.domain import hops
from tests.unit.functions.retrieval.fakes import WordEmbedder, chunk
from voiceassist.adapters.vectors.memory import MemoryIndex

pytestmark = pytest.mark.req("P5.8")


@pytest.mark.parametrize(
    ("question", "searched", "named"),
    [
        (
            "How is the disease that deer ticks spread treated?",
            "disease that deer ticks spread",
            "How is X treated?",
        ),
        ("dose of the antidote used for paracetamol poisoning", "antidote used for paracetamol poisoning", "dose of X"),
        ("side effects of the drug that treats scurvy", "drug that treats scurvy", "side effects of X"),
        (
            "who gets the condition caused by the virus that bats carry?",
            "virus that bats carry",
            "who gets the condition caused by X?",
        ),
    ],
)
def test_a_description_is_taken_out_of_a_question(question, searched, named):
    described = hops.description(question)
    assert (described.searched, described.named("X")) == (searched, named)


@pytest.mark.parametrize(
    "question",
    [
        "Do networks result in lower costs in the care of many people vs. a plan",
        "how is gout treated",
        "",
        "what is the treatment of gout",
        "which drugs are used",
        "the " * 900,
        "a b vs",
    ],
)
def test_what_names_its_topic_is_left_whole(question):
    assert hops.description(question) is None
    assert hops.compared(question) == ()


@pytest.mark.parametrize(
    "question",
    ["What is the difference between gout and pseudogout?", "compare gout with pseudogout", "gout vs. pseudogout"],
)
def test_a_comparison_has_two_sides(question):
    assert hops.compared(question) == ("gout", "pseudogout")


def corpus(extra=()):
    """Many passages repeat the words of the question; the one that answers shares none of its rare words."""
    spread = chunk("lyme-1", "Deer ticks spread this disease in forests.", title="Lyme borreliosis", heading="Cause")
    answer = chunk("lyme-2", "Doxycycline for ten days is enough.", title="Lyme borreliosis", heading="Drugs")
    noise = [
        chunk(f"tick-{number}", "How deer ticks are treated: disease of ticks, treated ticks.", title=f"Tick {number}")
        for number in range(40)
    ]
    return [spread, answer, *noise, *extra]


async def searched(question, chunks, limit=10):
    embedder = WordEmbedder()
    index = MemoryIndex(chunks, embedder.embed_passages([one.searchable for one in chunks]))
    return await service.search(
        question, sources={"memory": index}, embedder=embedder, limit=limit, observe=lambda *_: None
    )


def names(outcome):
    return [found.chunk.chunk_id for found in outcome.passages]


async def test_two_hops_find_what_one_search_does_not(monkeypatch):
    question = "How is the disease that deer ticks spread in forests treated?"
    outcome = await searched(question, corpus())
    assert "lyme-2" in names(outcome)
    assert [hop.queries for hop in outcome.hops] == [("How is Lyme borreliosis treated?", *outcome.hops[0].queries[1:])]
    assert outcome.hops[0].added > 0
    monkeypatch.setattr(hops, "description", lambda _question: None)
    assert "lyme-2" not in names(await searched(question, corpus()))


async def test_both_sides_of_a_comparison_are_found(monkeypatch):
    sides = [chunk(f"side-{one}", "A crystal disease.", title=one, heading="") for one in ("Gout", "Pseudogout")]
    noise = [chunk(f"n-{n}", "Difference between gout crystals.", title=f"Gout {n}", heading="") for n in range(40)]
    question = "What is the difference between gout and pseudogout?"
    outcome = await searched(question, [*noise, *sides])
    assert outcome.hops[0].queries == ("gout", "pseudogout")
    assert "side-Pseudogout" in names(outcome)[:3]


async def test_hops_end_when_nothing_is_added_and_never_exceed_three():
    nested = "who treats the disease that the virus that the germ that the drug that forests hide kills kills brings"
    outcome = await searched(nested, corpus())
    assert len(outcome.hops) <= hops.MOST_HOPS
    assert all(len(hop.queries) <= hops.MOST_QUERIES for hop in outcome.hops)
    few = corpus()[:2]  # the first search has found all there is
    outcome = await searched("How is the disease that deer ticks spread in forests treated?", few)
    assert [hop.added for hop in outcome.hops] == [0]


async def test_the_answer_tells_its_hops_and_each_is_a_span(monkeypatch):
    spans = []
    monkeypatch.setattr(service.tracing, "span", lambda name, **fields: spans.append((name, fields)) or nullcontext())
    chunks, embedder = corpus(), WordEmbedder()
    index = MemoryIndex(chunks, embedder.embed_passages([one.searchable for one in chunks]))
    answer, _ = await service.answer(
        "compare gout with ticks", sources={"memory": index}, embedder=embedder, observe=lambda *_: None
    )
    assert [hop.queries for hop in answer.hops] == [("gout", "ticks")]
    assert spans == [("retrieval.hop", {"queries": 2})]


async def test_an_ordinary_question_makes_no_hop():
    assert (await searched("deer ticks", corpus())).hops == ()
