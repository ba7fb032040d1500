"""Digests: their form, and that the shipped ones keep to it."""

import gzip
import json
import re
from pathlib import Path

import pytest

from functions.retrieval import library_index
from functions.retrieval.domain import library
from functions.retrieval.domain.library import DigestError

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


def test_the_starter_library_covers_at_least_forty_topics():
    assert len(SHIPPED) >= 40
    assert len({digest.id for digest in SHIPPED}) == len(SHIPPED)


@pytest.mark.parametrize("digest", SHIPPED, ids=lambda digest: digest.id)
def test_a_shipped_digest_says_where_it_comes_from_and_that_nobody_reviewed_it(digest):
    assert (library_index.FOLDER / f"{digest.id}.md").exists()
    assert not digest.reviewed
    assert digest.references
    assert 2000 <= digest.year <= 2026
    assert all(len(section.text.split()) >= 8 for section in digest.sections)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def test_no_digest_repeats_twelve_words_of_a_known_corpus():
    corpus = Path(__file__).resolve().parents[5] / "shared/data/clinical/nih_corpus.jsonl.gz"
    if not corpus.exists():
        pytest.skip("the corpus is not on this machine")
    ours = {
        tuple(run[start : start + 12]): digest.id
        for digest in SHIPPED
        for section in digest.sections
        for run in [words(section.text)]
        for start in range(len(run) - 11)
    }
    first = {run[0] for run in ours}
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        for line in lines:
            run = words(json.loads(line)["text"])
            for start in range(len(run) - 11):
                if run[start] in first:
                    assert tuple(run[start : start + 12]) not in ours
