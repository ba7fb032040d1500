"""From blocks to passages with vectors."""

from io import BytesIO
from uuid import UUID

import numpy as np
import pytest

from functions.ingestion import phi, service
from functions.ingestion.domain.blocks import HOLDS_PHI, Block, DocumentError, Extracted
from functions.ingestion.domain.chunking import Piece

SOURCE = service.Source(UUID(int=1), UUID(int=2), UUID(int=3), "Handbook", "pdf", 1)


class CountingEmbedder:
    model_id, dimension = "counting", 2

    def __init__(self):
        self.texts: list[str] = []

    def embed_passages(self, texts):
        self.texts += texts
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)

    def embed_query(self, text):
        return self.embed_passages([text])[0]

    def count_tokens(self, text):
        return len(text.split())


class Notes:
    """The desk of a job that nobody cancels."""

    def __init__(self, known=()):
        self.steps, self.kept, self.findings = [], [], None
        self._known = frozenset(known)

    async def progress(self, *step):
        self.steps.append(step)

    async def paged(self, total, done):
        self.steps.append(("pages", total, done))

    async def scanned(self, findings):
        self.findings = findings

    async def known(self, _chunks):
        return self._known

    async def keep(self, chunks, vectors):
        assert len(chunks) == len(vectors)
        self.kept += chunks


async def read(_file, _kind, _paged):
    return Extracted((Block("Dose", level=1, page=4), Block("Give 5 mg.", page=4)), pages=9)


def found(**findings):
    async def scan(texts):
        assert texts == ["Dose", "Give 5 mg."]
        return findings

    return scan


async def prepare(desk, embedder, *, scan=None, policy=None):
    return await service.prepare(
        SOURCE,
        BytesIO(),
        read=read,
        scan=scan or found(),
        policy=policy or service.Policy(),
        embedder=embedder,
        longest=512,
        desk=desk,
    )


async def test_passages_carry_title_and_heading_into_the_embedding_and_progress_is_told():
    desk, embedder = Notes(), CountingEmbedder()
    result = await prepare(desk, embedder)
    assert embedder.texts == ["Handbook. Dose. Give 5 mg."]
    assert (result.extracted.pages, result.chunks[0].page, result.chunks[0].heading) == (9, 4, "Dose")
    assert desk.kept == list(result.chunks)
    assert desk.steps == [
        ("extract", 0, 0), ("pages", 9, 9), ("phi_scan", 0, 0), ("chunk", 0, 0), ("embed", 1, 0), ("index", 1, 1),
    ]  # fmt: skip


async def test_what_an_earlier_attempt_stored_is_not_embedded_again():
    first = Notes()
    (chunk,) = (await prepare(first, CountingEmbedder())).chunks
    second, embedder = Notes(known=[chunk.chunk_id]), CountingEmbedder()
    assert (await prepare(second, embedder)).chunks == (chunk,)
    assert (embedder.texts, second.kept) == ([], [])


@pytest.mark.parametrize(
    ("findings", "action", "code"),
    [
        ({"MRN": 2, "DATE": 1}, "flag", None),
        ({"DATE": 9}, "refuse", None),
        ({}, "refuse", None),
        ({"MRN": 1, "DATE": 1}, "refuse", HOLDS_PHI),
    ],
)
async def test_identifiers_are_counted_and_refused_where_policy_says_so(findings, action, code):
    desk, embedder = Notes(), CountingEmbedder()
    policy = service.Policy(action, frozenset({"DATE"}))
    if code is None:
        await prepare(desk, embedder, scan=found(**findings), policy=policy)
    else:
        with pytest.raises(DocumentError) as caught:
            await prepare(desk, embedder, scan=found(**findings), policy=policy)
        assert (caught.value.code, embedder.texts) == (code, [])
    assert desk.findings == findings


def test_texts_go_to_the_scan_whole_and_in_portions():
    texts = ["one two", "x" * 25, "three", "a b c d e f g h"]
    portions = list(phi.portions(texts, 10))
    assert all(len(portion) <= 10 for portion in portions)
    assert "".join(portions).replace("\n", "") == "".join(texts)
    assert list(phi.portions(["a", "b"], 10)) == ["a\nb"]


def test_a_second_run_writes_the_same_ids_and_a_new_version_other_ones():
    pieces = [Piece("one"), Piece("two")]
    first, second = service.passages(SOURCE, pieces), service.passages(SOURCE, pieces)
    assert [chunk.chunk_id for chunk in first] == [chunk.chunk_id for chunk in second]
    later = service.Source(UUID(int=1), UUID(int=2), UUID(int=3), "Handbook", "pdf", 2)
    assert first[0].chunk_id != service.passages(later, pieces)[0].chunk_id


def test_nothing_and_too_much_are_refused():
    with pytest.raises(DocumentError):
        service.passages(SOURCE, [])
    with pytest.raises(DocumentError):
        service.passages(SOURCE, [Piece("x")] * (service.MAX_CHUNKS + 1))
