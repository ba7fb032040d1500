"""Sentences into an answer with numbered sources."""

from collections.abc import Sequence

from functions.retrieval.domain.evidence import Sentence, Verdict
from functions.retrieval.domain.fusion import Found
from voiceassist.contracts.answers import NOTICE, Answer, Citation, Passage, Visibility

SNIPPET = 500

NO_EVIDENCE = "I found no evidence for that in the library or in your documents."
PARTIAL = "The sources found cover this question only in part."
NOT_ALL_SEARCHED = "Some sources could not be searched."
STARTER = "Starter library, not reviewed by your institution."


def answer(verdict: Verdict, sentences: Sequence[Sentence], *, all_searched: bool) -> Answer:
    """Verbatim sentences, each followed by the number of its source; sentences of one passage share it."""
    if verdict == "abstained" or not sentences:
        return Answer(
            status="abstained",
            text=NO_EVIDENCE,
            spoken=NO_EVIDENCE,
            notice=notice(all_searched=all_searched),
        )
    citations = _citations(sentences)
    numbers = {citation.chunk_id: citation.n for citation in citations}
    return Answer(
        status=verdict,
        text=" ".join(f"{one.text} [{numbers[one.found.chunk.chunk_id]}]" for one in sentences),
        spoken=" ".join(one.text for one in sentences),
        citations=citations,
        notice=notice(
            partial=verdict == "partial",
            starter=any(citation.starter for citation in citations),
            all_searched=all_searched,
        ),
    )


def notice(*, partial: bool = False, starter: bool = False, all_searched: bool = True) -> str:
    said = [
        PARTIAL if partial else "",
        NOT_ALL_SEARCHED if not all_searched else "",
        STARTER if starter else "",
        NOTICE,
    ]
    return " ".join(part for part in said if part)


def _citations(sentences: Sequence[Sentence]) -> tuple[Citation, ...]:
    quoted: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        quoted.setdefault(sentence.found.chunk.chunk_id, []).append(sentence)
    return tuple(_citation(number, parts) for number, parts in enumerate(quoted.values(), start=1))


def _citation(number: int, quoted: Sequence[Sentence]) -> Citation:
    chunk = quoted[0].found.chunk
    return Citation(
        n=number,
        document_id=chunk.document_id,
        chunk_id=chunk.chunk_id,
        title=chunk.title,
        section=chunk.heading or None,
        page=chunk.page,
        source=chunk.source,
        year=chunk.year,
        version=chunk.version,
        snippet=snippet(chunk.text, quoted[0].text),
        starter=chunk.starter,
        superseded=chunk.superseded,
    )


def snippet(text: str, sentence: str) -> str:
    """The whole passage if it is short, else from the quoted sentence on, cut at a word."""
    if len(text) <= SNIPPET:
        return text
    start = max(0, text.find(sentence))
    part = text[start : start + SNIPPET]
    return part if start + SNIPPET >= len(text) else part.rsplit(maxsplit=1)[0]


def passage(found: Found) -> Passage:
    chunk = found.chunk
    return Passage(
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        title=chunk.title,
        heading=chunk.heading,
        page=chunk.page,
        text=chunk.text,
        score=round(found.score, 4),
        source=chunk.source,
        year=chunk.year,
        version=chunk.version,
        starter=chunk.starter,
        visibility=_VISIBILITY[chunk.visibility],
    )


_VISIBILITY: dict[str, Visibility] = {"private": "private", "shared": "shared", "public": "public"}
