"""Sentences into an answer with numbered sources."""

from collections.abc import Sequence

from functions.retrieval.domain.evidence import WEAK, Sentence, Verdict
from functions.retrieval.domain.fusion import Found
from functions.retrieval.domain.grading import grading
from voiceassist.contracts.answers import NOTICE, Answer, Citation, Passage, Visibility
from voiceassist.core.support import Said
from voiceassist.ports.vectors import Chunk

SNIPPET = 500
NEAREST = 3

NO_EVIDENCE = "I found no evidence for that in the library or in your documents."
PARTIAL = "The sources found cover this question only in part."
NOT_ALL_SEARCHED = "Some sources could not be searched."
STARTER = "Starter library, not reviewed by your institution."
DIFFER = "Sources differ."
GENERATED = "Worded by the language model {}, each sentence checked against its source."
NOTHING_SUPPORTED = "The language model said nothing that its sources support; these are quoted sentences."
REMOVED_ONE = "One sentence without support was removed."
REMOVED = "{} sentences without support were removed."
UNDERSTOOD = 'Understood as "{}".'
SEARCHED = "The nearest topics there are {}."


def answer(
    verdict: Verdict, sentences: Sequence[Sentence], *, all_searched: bool, differ: bool = False, note: str = ""
) -> Answer:
    """Verbatim sentences, each followed by the number of its source; sentences of one passage share it.

    `differ`: the sentences contradict each other, and each is introduced by its source and year. `note` is said first
    in the notice.
    """
    if differ:
        sentences = sorted(sentences, key=lambda one: -(one.found.chunk.year or 0))
    said = [Said(_introduced(one) if differ else one.text, one.found.chunk, one.text) for one in sentences]
    return assembled(verdict, said, all_searched=all_searched, opening=DIFFER if differ else "", note=note)


def generated(
    verdict: Verdict, said: Sequence[Said[Chunk]], *, all_searched: bool, model_id: str, removed: int = 0
) -> Answer:
    """Sentences of a language model that were checked; how many were not let through is told."""
    lost = {0: "", 1: REMOVED_ONE}.get(removed, REMOVED.format(removed))
    note = f"{GENERATED.format(model_id)} {lost}".strip()
    return assembled(verdict, said, all_searched=all_searched, note=note, model=model_id)


def assembled(
    verdict: Verdict,
    said: Sequence[Said[Chunk]],
    *,
    all_searched: bool,
    opening: str = "",
    note: str = "",
    model: str | None = None,
) -> Answer:
    citations = cited(said)
    numbers = {citation.chunk_id: citation.n for citation in citations}
    start = [opening] if opening else []
    rest = notice(
        partial=verdict == "partial",
        starter=any(citation.starter for citation in citations),
        all_searched=all_searched,
    )
    return Answer(
        status=verdict,
        text=" ".join([*start, *(f"{one.text} [{numbers[one.chunk.chunk_id]}]" for one in said)]),
        spoken=" ".join([*start, *(one.text for one in said)]),
        citations=citations,
        notice=f"{note} {rest}".strip(),
        model=model,
    )


def resolved(question: str, notice: str) -> str:
    """The notice, which says first what a question was taken for, where that is another than was asked."""
    return f"{UNDERSTOOD.format(question)} {notice}" if question else notice


def _introduced(sentence: Sentence) -> str:
    """`Title (2024): sentence`: whose it is is heard before the figure."""
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


def cited(said: Sequence[Said[Chunk]]) -> tuple[Citation, ...]:
    """The passages of some sentences, numbered in the order in which they are first used."""
    quoted: dict[str, list[Said[Chunk]]] = {}
    for one in said:
        quoted.setdefault(one.chunk.chunk_id, []).append(one)
    return tuple(_citation(number, parts) for number, parts in enumerate(quoted.values(), start=1))


def _citation(number: int, quoted: Sequence[Said[Chunk]]) -> Citation:
    chunk = quoted[0].chunk
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
        snippet=snippet(chunk.text, quoted[0].source),
        starter=chunk.starter,
        superseded=chunk.superseded,
        evidence=grading(" ".join(one.source for one in quoted)),
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
