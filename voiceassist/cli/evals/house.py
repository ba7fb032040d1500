"""The rooms of a conversation in this process: every calculator, and the starter library searched by words."""

from collections.abc import Mapping

from functions.calculators import service as calculators
from functions.retrieval import library_index
from realtime.dialogue.phrases import Skill
from voiceassist.cli.evals.words import WordIndex
from voiceassist.contracts.answers import Answer, Citation, Passage, Spoken
from voiceassist.contracts.calculations import CalculatorResult, ComputeRequest, Interpretation, InterpretRequest
from voiceassist.contracts.cases import CaseFact
from voiceassist.core.errors import UnavailableError
from voiceassist.core.text import sentences


class House:
    def __init__(self) -> None:
        self.case: tuple[CaseFact, ...] = ()
        self._chunks = library_index.passages(library_index.digests())
        self._index = WordIndex(chunk.searchable for chunk in self._chunks)

    async def interpret(
        self,
        text: str,
        *,
        calculator: str | None = None,
        known: Mapping[str, object] | None = None,
        asked: str | None = None,
        doubted: Mapping[str, object] | None = None,
        assume: bool = False,
    ) -> Interpretation:
        request = InterpretRequest(
            text=text[:2000], calculator=calculator, known=dict(known or {}), asked=asked,
            doubted=dict(doubted or {}), assume=assume,
        )  # fmt: skip
        return calculators.interpreted(request)

    async def compute(self, calculator_id: str, found: Interpretation) -> CalculatorResult:
        return calculators.computed(calculator_id, ComputeRequest(inputs=found.inputs, assumed=found.assumed))

    async def search(self, question: str) -> tuple[Passage, ...]:
        found = []
        for place, score in self._index.search(question, 24):
            chunk = self._chunks[place]
            found.append(
                Passage(
                    chunk_id=chunk.chunk_id,
                    document_id=chunk.document_id,
                    title=chunk.title,
                    heading=chunk.heading,
                    text=chunk.text,
                    score=score,
                    source=chunk.source,
                    year=chunk.year,
                    starter=True,
                )
            )
        return tuple(found)

    async def answer(self, question: str) -> Answer:
        passages = (await self.search(question))[:2]
        if not passages:
            return Answer(status="abstained", text="I found nothing on this.", spoken="I found nothing on this.")
        said = " ".join(sentences(passages[0].text)[:3])
        citations = tuple(
            Citation(
                n=n,
                document_id=one.document_id,
                chunk_id=one.chunk_id,
                title=one.title,
                section=one.heading,
                source=one.source,
                snippet=one.text[:500],
            )
            for n, one in enumerate(passages, 1)
        )
        return Answer(status="supported", text=said, spoken=said, citations=citations)

    async def ask(self, _skill: Skill, _question: str) -> Spoken:
        raise UnavailableError("There is no function here.")
