"""The questions of tests/data/answers put to retrieval in this process, and how good the answers are.

Nothing has to run: the starter library and the documents of that folder stand in an index in memory, which ranks by
MiniLM's cosine and by BM25 over the same text that the engines index.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from functions.retrieval import library_index, service
from functions.retrieval.domain import intents, names
from functions.retrieval.domain.ranking import Wish
from realtime.dialogue.intent import intent_of
from voiceassist.contracts.answers import Answer
from voiceassist.core.text import sentences, terms
from voiceassist.ports.embedding import Embedder
from voiceassist.ports.vectors import Chunk, Hit, Query, Rankings
from voiceassist.runtime import terminology

FOLDER = Path(__file__).resolve().parents[2] / "data" / "answers"
ABSTAIN_KINDS = frozenset({"invented", "nonsense", "off_topic", "adjacent"})


@dataclass(frozen=True)
class Expected:
    """`citations` are (document, section or page) that a right answer may cite; `facts` stand in it."""

    half: str
    kind: str
    question: str
    citations: frozenset[tuple[str, str | int]] = frozenset()
    facts: tuple[str, ...] = ()
    abstain: bool = False


def questions(name: str = "questions.jsonl") -> list[Expected]:
    return [_expected(json.loads(line)) for line in _lines(name)]


def documents(name: str = "documents.jsonl") -> list[Chunk]:
    """The passages of the documents beside the questions; superseded ones are among them."""
    found = []
    for document in map(json.loads, _lines(name)):
        for position, passage in enumerate(document["passages"]):
            found.append(
                Chunk(
                    chunk_id=f"{document['document']}/{passage['page']}",
                    document_id=document["document"],
                    title=document["title"],
                    heading=passage["heading"],
                    text=passage["text"],
                    page=passage["page"],
                    position=position,
                    source=document["source"],
                    year=document["year"],
                    version=document["version"],
                    visibility=document["visibility"],
                    superseded=document["superseded"],
                )
            )
    return found


def _lines(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def _expected(row: dict) -> Expected:
    cited = frozenset((one["document"], one.get("section", one.get("page"))) for one in row.get("citations", ()))
    return Expected(
        row["half"], row["kind"], row["question"], cited, tuple(row.get("facts", ())), row.get("abstain", False)
    )


class MemoryIndex:
    """Brute force. It keeps superseded passages on purpose: what becomes of them is for the answer to decide."""

    K1, B = 1.2, 0.75

    def __init__(self, chunks: Sequence[Chunk], embedder: Embedder) -> None:
        self.chunks = list(chunks)
        self.vectors = embedder.embed_passages([chunk.searchable for chunk in self.chunks])
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths = []
        for row, chunk in enumerate(self.chunks):
            counted = Counter(terms(chunk.searchable))
            self._lengths.append(sum(counted.values()))
            for term, count in counted.items():
                self._postings[term].append((row, count))
        self._mean = sum(self._lengths) / max(1, len(self._lengths))

    async def search(self, query: Query) -> Rankings:
        meaning: tuple[Hit, ...] = ()
        if query.vector is not None:
            similarity = self.vectors @ query.vector
            order = np.argsort(-similarity, kind="stable")[: query.limit]
            meaning = tuple(Hit(self.chunks[row], float(similarity[row])) for row in order)
        return Rankings(by_meaning=meaning, by_words=self.by_words(query.text, query.limit))

    def by_words(self, text: str, limit: int) -> tuple[Hit, ...]:
        """BM25 (Robertson and Zaragoza 2009)."""
        scores: dict[int, float] = defaultdict(float)
        for term in set(terms(text)):
            postings = self._postings.get(term, ())
            rarity = math.log(1 + (len(self.chunks) - len(postings) + 0.5) / (len(postings) + 0.5))
            for row, count in postings:
                norm = self.K1 * (1 - self.B + self.B * self._lengths[row] / self._mean)
                scores[row] += rarity * count * (self.K1 + 1) / (count + norm)
        best = sorted(scores, key=lambda row: (-scores[row], row))[:limit]
        return tuple(Hit(self.chunks[row], scores[row]) for row in best)


@dataclass
class Bench:
    """The library and the documents, ready to be asked."""

    embedder: Embedder
    chunks: list[Chunk] = field(default_factory=list)
    more: tuple[MemoryIndex, ...] = ()

    def beside(self, chunks: Sequence[Chunk]) -> "Bench":
        """The same with further documents, in an index of their own."""
        other = copy(self)
        other.more = (*self.more, MemoryIndex(chunks, self.embedder))
        other.texts = self.texts | {chunk.chunk_id: chunk for chunk in chunks}
        return other

    def __post_init__(self) -> None:
        self.chunks = [*library_index.passages(library_index.digests()), *documents()]
        self.index = MemoryIndex(self.chunks, self.embedder)
        self.texts = {chunk.chunk_id: chunk for chunk in self.chunks}
        self.spell = names.speller(library_index.digests())
        self.means = service.Means(terminology.load_names())

    @staticmethod
    def wish(text: str) -> Wish:
        """As the dialogue asks: the intent goes along."""
        return Wish(first=intents.first(intent_of(text)))

    async def ask(self, text: str) -> Answer:
        answer, _ = await service.answer(
            text,
            sources={"memory": self.index} | {f"more{number}": index for number, index in enumerate(self.more)},
            embedder=self.embedder,
            observe=lambda *_: None,
            spell=self.spell,
            means=replace(self.means, wish=self.wish(text)),
        )
        return answer


@dataclass
class Score:
    """Counts over questions; the shares are what the goals are about."""

    asked: Counter = field(default_factory=Counter)
    abstained: Counter = field(default_factory=Counter)
    sentences: int = 0
    supported: int = 0
    cited: int = 0
    relevant: int = 0
    pages: int = 0
    pages_exact: int = 0
    facts: int = 0
    facts_said: int = 0
    right: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, expected: Expected, answer: Answer, texts: dict[str, Chunk]) -> None:
        self.asked[expected.kind] += 1
        if answer.status == "abstained":
            self.abstained[expected.kind] += 1
            if not expected.abstain:
                self.faults.append(f"abstained: {expected.question}")
            return
        if expected.abstain:
            self.faults.append(f"answered: {expected.question} -> {answer.text[:160]}")
            return
        self._citations(expected, answer, texts)
        said = [fact for fact in expected.facts if fact.casefold() in answer.text.casefold()]
        self.facts += len(expected.facts)
        self.facts_said += len(said)
        self.right += len(said) == len(expected.facts)
        if len(said) < len(expected.facts):
            self.faults.append(f"lacks {set(expected.facts) - set(said)}: {expected.question} -> {answer.text[:260]}")

    def _citations(self, expected: Expected, answer: Answer, texts: dict[str, Chunk]) -> None:
        for said, numbers in marked(answer.text):
            passages = [texts[one.chunk_id].text for one in answer.citations if one.n in numbers]
            self.sentences += 1
            self.supported += any(_quotes(said, text) for text in passages)
        for citation in answer.citations:
            chunk = texts[citation.chunk_id]
            places = {(chunk.document_id, chunk.heading), (chunk.document_id, chunk.page)}
            self.cited += 1
            self.relevant += bool(places & expected.citations)
            if not places & expected.citations:
                self.faults.append(f"beside: {expected.question} -> {chunk.document_id}#{chunk.heading}")
            if chunk.page is not None:
                self.pages += 1
                exact = citation.page == chunk.page and citation.document_id == chunk.document_id
                self.pages_exact += exact and not chunk.superseded

    @property
    def citation_recall(self) -> float:
        """Sentences of answers that stand in a passage cited for them."""
        return self.supported / max(1, self.sentences)

    @property
    def citation_precision(self) -> float:
        """Citations that name a place which answers the question, as its author listed them."""
        return self.relevant / max(1, self.cited)

    @property
    def fact_recall(self) -> float:
        return self.facts_said / max(1, self.facts)

    @property
    def abstention(self) -> float:
        """Of the questions that cannot be answered."""
        return self._share(self.abstained, wanted=True)

    @property
    def answer_rate(self) -> float:
        """Of the questions that can be answered."""
        return 1 - self._share(self.abstained, wanted=False)

    def _share(self, counted: Counter, *, wanted: bool) -> float:
        kinds = [kind for kind in self.asked if (kind in ABSTAIN_KINDS) == wanted]
        return sum(counted[kind] for kind in kinds) / max(1, sum(self.asked[kind] for kind in kinds))

    def figures(self) -> dict[str, float]:
        return {
            "questions": sum(self.asked.values()),
            "citation_recall": round(self.citation_recall, 3),
            "citation_precision": round(self.citation_precision, 3),
            "pages_exact": round(self.pages_exact / max(1, self.pages), 3),
            "facts_said": round(self.fact_recall, 3),
            "abstains": round(self.abstention, 3),
            "answers": round(self.answer_rate, 3),
        }


def _quotes(said: str, passage: str) -> bool:
    """A sentence of the passage, alone or after the name and year of its source."""
    return any(said == sentence or said.endswith(f"): {sentence}") for sentence in sentences(passage))


def marked(text: str) -> list[tuple[str, set[int]]]:
    """The sentences of an answer that carry a marker, without it, and the numbers of their sources."""
    import re

    found = []
    start = 0
    for mark in re.finditer(r"((?:\s*\[\d+\])+)", text):
        part = text[start : mark.start()].strip()
        start = mark.end()
        if part:
            found.append((part, {int(number) for number in re.findall(r"\d+", mark.group())}))
    return found


async def scored(bench: Bench, asked: Iterable[Expected]) -> Score:
    score = Score()
    for expected in asked:
        score.add(expected, await bench.ask(expected.question), bench.texts)
    return score
