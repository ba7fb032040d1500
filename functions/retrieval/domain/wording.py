"""Sentences into an answer with numbered sources."""

from collections.abc import Sequence

from functions.retrieval.domain.evidence import WEAK, Sentence, Verdict
from functions.retrieval.domain.fusion import Found
from functions.retrieval.domain.grading import grading
from voiceassist.contracts.answers import NOTICE, Answer, Citation, Passage, Visibility

SNIPPET = 500
NEAREST = 3

NO_EVIDENCE = "I found no evidence for that in the library or in your documents."
PARTIAL = "The sources found cover this question only in part."
NOT_ALL_SEARCHED = "Some sources could not be searched."
STARTER = "Starter library, not reviewed by your institution."
DIFFER = "Sources differ."
SEARCHED = "The nearest topics there are {}."


def answer(verdict: Verdict, sentences: Sequence[Sentence], *, all_searched: bool, differ: bool = False) -> Answer:
    """Verbatim sentences, each followed by the number of its source; sentences of one passage share it.

    `differ`: the sentences contradict each other, and each is introduced by its source and year.
    """
    if differ:
        sentences = sorted(sentences, key=lambda one: -(one.found.chunk.year or 0))
    citations = _citations(sentences)
    numbers = {citation.chunk_id: citation.n for citation in citations}
    said = [(_introduced(one) if differ else one.text, numbers[one.found.chunk.chunk_id]) for one in sentences]
    opening = [DIFFER] if differ else []
    return Answer(
        status=verdict,
        text=" ".join([*opening, *(f"{text} [{number}]" for text, number in said)]),
        spoken=" ".join([*opening, *(text for text, _ in said)]),
        citations=citations,
        notice=notice(
            partial=verdict == "partial",
            starter=any(citation.starter for citation in citations),
            all_searched=all_searched,
        ),
    )


def _introduced(sentence: Sentence) -> str:
    """`Title (2024): sentence`; the source's name where the title alone would not tell two apart is in the citation."""
    chunk = sentence.found.chunk
    return f"{chunk.title} ({chunk.year or 'no year given'}): {sentence.text}"


def refusal(passages: Sequence[Found], *, all_searched: bool) -> Answer:
    """Says that nothing answers, and which topics came nearest, so that a reader can put the question otherwise."""
    near = (found.chunk.title for found in passages if (found.similarity or 0.0) >= WEAK)
    nearest = list(dict.fromkeys(near))[:NEAREST]
    said = f"{NO_EVIDENCE} {SEARCHED.format(_listed(nearest))}" if nearest else NO_EVIDENCE
    return Answer(status="abstained", text=said, spoken=NO_EVIDENCE, notice=notice(all_searched=all_searched))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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
        evidence=grading(" ".join(one.text for one in quoted)),
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
