"""Cited answers out of passages, with an embedder that counts words."""

import importlib.util
from pathlib import Path

import pytest

from functions.retrieval import service
from functions.retrieval.domain import evidence, wording
from functions.retrieval.domain.fusion import Found
from voiceassist.core.errors import UnavailableError
from voiceassist.core.text import sentences

_spec = importlib.util.spec_from_file_location("retrieval_fakes", Path(__file__).with_name("fakes.py"))
fakes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fakes)
chunk = fakes.chunk

pytestmark = pytest.mark.req("P5.10")

CHUNKS = [
    chunk("g1", "Gout flare treatment is colchicine 0.5 mg twice daily. Prednisone is an alternative in gout flare."),
    chunk("g2", "Gout is proven by urate crystals in joint fluid.", heading="Diagnosis", page=7),
    chunk(
        "a1",
        "Anaphylaxis treatment is intramuscular epinephrine at once. Oxygen and fluid follow the epinephrine.",
        title="Anaphylaxis",
        starter=True,
        year=2023,
    ),
]


async def ask(text, *, chunks=CHUNKS, rare=(), extra=()):
    embedder = fakes.WordEmbedder(rare)
    sources = {"memory": fakes.MemoryIndex(chunks, embedder), **dict(extra)}
    answer, _ = await service.answer(text, sources=sources, embedder=embedder, observe=lambda *_: None)
    return answer


async def test_every_sentence_is_verbatim_and_cited():
    answer = await ask("How do I treat a gout flare?")
    assert answer.status == "supported"
    originals = {sentence for one in CHUNKS for sentence in sentences(one.text)}
    assert all(sentence in originals for sentence in sentences(answer.spoken))
    assert answer.text.startswith("Gout flare treatment is colchicine 0.5 mg twice daily. [1]")
    assert [citation.n for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert "[" not in answer.spoken
    assert "Clinical judgment required." in answer.notice


async def test_a_citation_names_page_section_and_quotes_its_sentence():
    answer = await ask("How is gout diagnosed by urate crystals in joint fluid?")
    citation = answer.citations[0]
    assert (citation.title, citation.section, citation.page) == ("Gout", "Diagnosis", 7)
    assert "Gout is proven by urate crystals in joint fluid." in citation.snippet


async def test_starter_material_is_named_as_such():
    answer = await ask("treatment of anaphylaxis with epinephrine")
    assert answer.citations[0].starter
    assert wording.STARTER in answer.notice


async def test_treatment_questions_prefer_treatment_sections():
    same = "Gout flare care needs attention in every ward."
    chunks = [chunk("d", same, heading="Diagnosis"), chunk("t", same + " Always.", heading="Treatment")]
    assert (await ask("how to treat a gout flare", chunks=chunks)).citations[0].section == "Treatment"
    assert (await ask("how to diagnose a gout flare", chunks=chunks)).citations[0].section == "Diagnosis"


@pytest.mark.req("N20")
@pytest.mark.parametrize(
    ("question", "rare"),
    [
        ("what is the dose of flurbozamab in gout", ["flurbozamab"]),
        ("how do I treat zorblaxitis", ["zorblaxitis"]),
        ("who won the football world cup", []),
        ("what is the", []),
    ],
)
async def test_without_evidence_it_abstains(question, rare):
    answer = await ask(question, rare=rare)
    assert answer.status == "abstained"
    assert answer.citations == ()
    assert answer.spoken == wording.NO_EVIDENCE


async def test_two_topics_that_no_document_holds_together_are_not_mixed():
    answer = await ask("dose of epinephrine in gout flare", rare=["epinephrine"])
    assert answer.status == "abstained"


async def test_a_part_that_is_not_covered_makes_the_answer_partial():
    answer = await ask("gout flare treatment with colchicine during pregnancy")
    assert answer.status == "partial"
    assert wording.PARTIAL in answer.notice


async def test_one_source_down_is_said_and_all_down_is_an_error():
    answer = await ask("How do I treat a gout flare?", extra=[("down", fakes.DownIndex())])
    assert answer.status == "supported"
    assert wording.NOT_ALL_SEARCHED in answer.notice
    with pytest.raises(UnavailableError):
        await service.answer(
            "gout", sources={"down": fakes.DownIndex()}, embedder=fakes.WordEmbedder(), observe=lambda *_: None
        )


async def test_a_source_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(service, "SOURCE_SECONDS", 0.05)
    seen = {}
    embedder = fakes.WordEmbedder()
    outcome = await service.search(
        "gout",
        sources={"memory": fakes.MemoryIndex(CHUNKS, embedder), "slow": fakes.SlowIndex()},
        embedder=embedder,
        limit=3,
        observe=seen.__setitem__,
    )
    assert not outcome.all_searched
    assert outcome.passages
    assert seen["slow"] is None
    assert seen["memory"] is not None


def rated(name, text, score, *, position=0, title="Gout"):
    return evidence.Sentence(text, Found(chunk(name, text, title=title), 1.0), position, 0.5, 0.8, score)


def test_at_most_three_sentences_and_none_twice():
    pool = [rated("g", f"Sentence number{n} speaks of matter{n} only here", 0.9, position=n) for n in range(6)]
    assert len(evidence.chosen(pool)) == evidence.MAX_SENTENCES
    twins = [rated("g", "Give colchicine early on", 0.9), rated("h", "Give colchicine early", 0.89)]
    assert len(evidence.chosen(twins)) == 1
    assert evidence.chosen([]) == []


def test_sentences_of_one_passage_keep_their_order():
    pool = [
        rated("g", "Second words come here", 0.9, position=1),
        rated("g", "First thing said there", 0.88, position=0),
    ]
    assert [sentence.position for sentence in evidence.chosen(pool)] == [0, 1]


def test_long_sentences_do_not_add_up_to_a_lecture():
    pool = [rated("g", " ".join(f"w{n}x{m}" for m in range(40)), 0.9, position=n) for n in range(3)]
    assert len(evidence.chosen(pool)) == 1


def test_the_other_document_must_be_nearly_as_good():
    pool = [
        rated("g", "Give colchicine early on", 0.9),
        rated("a", "Epinephrine helps at once", 0.8, title="Anaphylaxis"),
    ]
    assert len(evidence.chosen(pool)) == 1


def test_a_snippet_holds_its_sentence_and_is_short():
    text = " ".join(f"Sentence {number} of a long passage about gout." for number in range(60))
    quoted = "Sentence 30 of a long passage about gout."
    part = wording.snippet(text, quoted)
    assert part.startswith(quoted)
    assert len(part) <= wording.SNIPPET
    assert wording.snippet("Short text.", "Short text.") == "Short text."
