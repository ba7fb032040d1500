"""Digests: their form, and that the shipped ones keep to it."""

import asyncio
import gzip
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.retrieval import library_index, main
from functions.retrieval.domain import library
from functions.retrieval.domain.library import DigestError
from voiceassist.core.errors import UnavailableError

DIGEST = """---
id: gout
title: Gout
aliases: [podagra]
specialty: rheumatology
source_body: ACR
guideline: "Guideline: gout"
year: 2020
version: "1"
reviewed: no
references: ["doi:10.1/x"]
---

# Gout

## Flare

Colchicine is used **early**, see
[the table](http://example.org).

- NSAIDs are an alternative.
- So is prednisone.

## Prevention

Allopurinol comes first.
"""


def test_a_digest_is_read_whole():
    digest = library.parse(DIGEST)
    assert (digest.id, digest.title, digest.aliases, digest.year, digest.reviewed) == (
        "gout", "Gout", ("podagra",), 2020, False,
    )  # fmt: skip
    assert digest.source == "ACR: Guideline: gout"
    assert [section.heading for section in digest.sections] == ["Flare", "Prevention"]
    assert digest.sections[0].text == (
        "Colchicine is used early, see the table.\nNSAIDs are an alternative.\nSo is prednisone."
    )


def test_passages_carry_what_a_citation_needs_and_their_ids_follow_the_text():
    first, second = library.chunks(library.parse(DIGEST))
    assert (first.document_id, first.heading, first.year, first.starter) == ("gout", "Flare", 2020, True)
    assert first.searchable.startswith("Gout. podagra. Flare. Colchicine")
    again = library.chunks(library.parse(DIGEST.replace("comes first", "comes second")))
    assert again[0].chunk_id == first.chunk_id
    assert again[1].chunk_id != second.chunk_id


def test_a_long_section_is_parted_at_its_paragraphs():
    long = DIGEST + "\n" + "\n\n".join("word " * 200 for _ in range(4))
    texts = [chunk.text for chunk in library.chunks(library.parse(long))]
    assert len(texts) > 3
    assert all(len(text.split()) <= library.MAX_WORDS for text in texts)


@pytest.mark.parametrize(
    "fault",
    [
        DIGEST.removeprefix("---\n"),
        DIGEST.replace("year: 2020\n", ""),
        DIGEST.replace("title: Gout", "title: [Gout"),
        DIGEST.split("## Flare", maxsplit=1)[0],
        "---\n- a\n---\n## A\n\nb\n",
    ],
)
def test_a_digest_that_is_not_well_written_is_refused(fault):
    with pytest.raises(DigestError):
        library.parse(fault)


def test_the_fingerprint_follows_text_model_and_source():
    chunks = library.chunks(library.parse(DIGEST))
    same = library_index.fingerprint(chunks, "model")
    assert same == library_index.fingerprint(library.chunks(library.parse(DIGEST)), "model")
    other = library.chunks(library.parse(DIGEST.replace("ACR", "EULAR")))
    assert len({same, library_index.fingerprint(chunks, "other"), library_index.fingerprint(other, "model")}) == 3


SHIPPED = library_index.digests()
FILES = sorted(library_index.FOLDER.glob("*.md"))
DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", Path(__file__).resolve().parents[5] / "shared" / "data"))
# So many words in a row are no chance.
RUN = 12


def test_the_starter_library_covers_at_least_forty_topics():
    assert len(SHIPPED) >= 40
    assert len({digest.id for digest in SHIPPED}) == len(SHIPPED) == len(FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_digest_says_where_it_comes_from_and_that_nobody_reviewed_it(path):
    text = path.read_text(encoding="utf-8")
    digest = library.parse(text)
    assert digest.id == path.stem
    assert all((digest.title, digest.specialty, digest.source_body, digest.guideline, digest.version))
    assert "\nreviewed: no\n" in text
    assert 2000 <= digest.year <= 2026
    assert len(digest.sections) >= 2
    assert all(len(section.text.split()) >= 8 for section in digest.sections)
    headings = [section.heading for section in digest.sections]
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("digest", SHIPPED, ids=lambda digest: digest.id)
def test_a_shipped_digest_names_references_that_can_be_found(digest):
    assert any(not reference.startswith("doi:") for reference in digest.references)
    dois = [reference for reference in digest.references if "doi" in reference.lower()]
    assert all(re.fullmatch(r"doi:10\.\d{4,9}/\S+", doi) for doi in dois)


def test_a_name_belongs_to_one_topic():
    names = Counter(
        name
        for digest in SHIPPED
        for name in {digest.title.casefold(), *(alias.casefold() for alias in digest.aliases)}
    )
    assert [name for name, count in names.items() if count > 1] == []


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def runs(text: str) -> Iterator[tuple[str, ...]]:
    found = words(text)
    return (tuple(found[start : start + RUN]) for start in range(len(found) - RUN + 1))


@pytest.mark.parametrize("corpus", ["nih_corpus.jsonl.gz", "pubmedqa_docs.jsonl.gz"])
def test_no_digest_repeats_twelve_words_of_a_known_corpus(corpus):
    path = DATA / "clinical" / corpus
    if not path.exists():
        pytest.skip(f"no {corpus} below {DATA}: set VOICEASSIST_EVAL_DATA to the folder that holds clinical/")
    ours = {run: digest.id for digest in SHIPPED for section in digest.sections for run in runs(section.text)}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        copied = {ours[run] for line in lines for run in runs(json.loads(line)["text"]) if run in ours}
    assert copied == set()


async def test_whoever_asks_while_the_library_is_made_hears_so_and_the_making_goes_on(monkeypatch):
    made = asyncio.Event()

    async def build():
        await made.wait()
        return "library_1"

    monkeypatch.setattr(library_index, "ensure", build)
    monkeypatch.setattr(main, "keeper", library_index.Keeper())
    monkeypatch.setattr(main, "PREPARING_SECONDS", 0.01)
    with pytest.raises(UnavailableError) as told:
        await main.library_version()
    assert (told.value.code, told.value.retry_after) == ("LIBRARY_STARTING", 5)
    made.set()
    monkeypatch.setattr(main, "PREPARING_SECONDS", 5.0)
    assert await main.library_version() == "library_1"
