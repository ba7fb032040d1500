"""One search: other names behind the gate, filters, the cross-encoder."""

import pytest
from structlog.testing import capture_logs

from functions.retrieval import service
from tests.unit.functions.retrieval.fakes import DownIndex, WordEmbedder, chunk
from voiceassist.adapters.vectors.memory import MemoryIndex
from voiceassist.core.errors import UnavailableError
from voiceassist.ports.vectors import Filters
from voiceassist.runtime.terminology import name_pack

pytestmark = pytest.mark.req("P5.7")

NAMES = name_pack("kidney stones: [nephrolithiasis]\n")


class Counted(MemoryIndex):
    """Remembers what it was asked."""

    def __init__(self, chunks):
        super().__init__(chunks, WordEmbedder().embed_passages([one.searchable for one in chunks]))
        self.asked = []

    async def search(self, query):
        self.asked.append(query.text)
        return await super().search(query)


def library():
    return [
        chunk("stones", "Drink water.", title="Kidney stones", specialty="nephrology", source_type="guideline",
              year=2020),
        chunk("gout", "Rest the joint.", title="Gout", specialty="rheumatology", source_type="article", year=2010),
        chunk("flu", "Stay at home.", title="Flu", specialty="infection", source_type="guideline"),
    ]  # fmt: skip


async def search(text, index, *, limit=3, **means):
    return await service.search(
        text,
        sources=index if isinstance(index, dict) else {"memory": index},
        embedder=WordEmbedder(),
        limit=limit,
        observe=lambda *_: None,
        means=service.Means(**means),
    )


def names(outcome):
    return [found.chunk.chunk_id for found in outcome.passages]


async def test_a_name_in_no_title_is_searched_by_the_other_names_as_queries_of_their_own():
    index = Counted(library())
    outcome = await search("what about nephrolithiasis", index, names=NAMES)
    assert index.asked == ["what about nephrolithiasis", "what about kidney stones"]
    assert names(outcome)[0] == "stones"
    plain = await search("what about nephrolithiasis", Counted(library()))
    assert max(found.similarity for found in plain.passages) < outcome.passages[0].similarity


async def test_a_name_that_a_title_holds_costs_no_further_query():
    index = Counted(library())
    await search("kidney stones", index, names=NAMES)
    assert index.asked == ["kidney stones"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), {"stones", "gout", "flu"}),
        (Filters(specialties=("nephrology", "infection")), {"stones", "flu"}),
        (Filters(sources=("article",)), {"gout"}),
        (Filters(year_from=2015), {"stones"}),
        (Filters(year_to=2015), {"gout"}),
        (Filters(year_from=2010, year_to=2020), {"stones", "gout"}),
        (Filters(year_from=2021, year_to=2020), set()),
        (Filters(sources=("guideline",), year_to=2015), set()),
    ],
)
async def test_filters_narrow_every_ranking(filters, found):
    outcome = await search("water joint home", Counted(library()), filters=filters)
    assert set(names(outcome)) == found


class Reader:
    """A cross-encoder that counts the letters of a passage, or fails."""

    model_id = "letters"

    def __init__(self, error=None):
        self.error = error
        self.read = 0

    def scores(self, question, passages):
        self.read += len(passages)
        if self.error:
            raise self.error
        return [float(len(passage)) for passage in passages]


async def test_a_cross_encoder_puts_the_first_passages_in_its_order():
    reader = Reader()
    outcome = await search("joint", Counted(library()), reranker=reader)
    lengths = [len(found.chunk.searchable) for found in outcome.passages]
    assert lengths == sorted(lengths, reverse=True)
    assert reader.read == 3


@pytest.mark.req("P5.11")
@pytest.mark.parametrize("fault", [UnavailableError, ImportError, RuntimeError])
async def test_a_cross_encoder_that_fails_is_skipped_and_the_log_says_so(fault):
    plain = await search("joint", Counted(library()))
    with capture_logs() as logs:
        failed = await search("joint", Counted(library()), reranker=Reader(fault("secret words")))
    assert names(failed) == names(plain)
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("rerank.skipped", "warning")
    assert "secret words" not in str(line)
    assert "joint" not in str(line)


async def test_a_slow_cross_encoder_is_not_waited_for(monkeypatch):
    import threading

    gate = threading.Event()

    class Slow(Reader):
        def scores(self, question, passages):
            gate.wait(5)
            return super().scores(question, passages)

    monkeypatch.setattr(service, "RERANK_SECONDS", 0.01)
    plain = await search("joint", Counted(library()))
    try:
        assert names(await search("joint", Counted(library()), reranker=Slow())) == names(plain)
    finally:
        gate.set()


async def test_a_source_that_fails_in_any_round_is_told():
    both = {"memory": Counted(library()), "down": DownIndex()}
    outcome = await search("nephrolithiasis", both, names=NAMES)
    assert names(outcome)
    assert not outcome.all_searched
    with pytest.raises(UnavailableError):
        await search("gout", {"down": DownIndex()})
