"""From passages to the few sentences that answer a question, and to whether they do."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import TYPE_CHECKING, Literal

from functions.retrieval.domain import bands
from functions.retrieval.domain.fusion import Found
from functions.retrieval.domain.question import Question, is_topic, missing
from voiceassist.core.text import sentences, terms
from voiceassist.ports.vectors import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Verdict = Literal["supported", "partial", "abstained"]

PASSAGES = 6
CANDIDATES = 24
MAX_SENTENCES = 3
MATERIAL = 4
MAX_WORDS = 75
FEWEST_WORDS = 4
LONGEST_SENTENCE = 60

# Shares of a sentence's score; the kind of quantity asked for comes on top.
SIMILARITY, OVERLAP, DOCUMENT, SECTION, RANK = 0.45, 0.2, 0.15, 0.15, 0.05
WANTED, MEMBER, BAND, LEAD, TITLE = 0.1, 0.15, 0.15, 0.04, 0.06
# A further sentence must come this close to the best one, and say something else. One of another section or document
# counts less, for it may speak of other patients; one that goes on where the best one ends counts more.
CLOSE = 0.75
ELSEWHERE, APART, GOES_ON = 0.76, 0.82, 1.3
TOO_ALIKE = 0.6
# Cosine similarity of question and "title: sentence" below which nothing was found, and above which it was.
WEAK, STRONG = 0.35, 0.5
# A question of which half the names are nowhere in the document needs a sentence this similar.
CONVINCING = 0.62
# Nearly all of the question's words in one sentence are evidence too, whatever the similarity says.
NEARLY_ALL = 0.8
# A word of which the model makes this many pieces is a rare name: a drug, an eponym, or nonsense.
RARE_PIECES = 3


@dataclass(frozen=True, slots=True)
class Sentence:
    """A verbatim sentence, where it stands, and how well it answers (0 to 1)."""

    text: str
    found: Found
    position: int
    overlap: float
    similarity: float = 0.0
    score: float = 0.0

    @property
    def embedded_as(self) -> str:
        """A sentence alone may not name its topic; its title does."""
        return f"{self.found.chunk.title}: {self.text}"


def reordered(question: Question, passages: Sequence[Found]) -> list[Found]:
    """Passages of sections that answer this kind of question move up; what was superseded is no evidence."""
    current = (found for found in passages if not found.chunk.superseded)
    return sorted(current, key=lambda found: -(found.score * (1.0 + 0.35 * _fits(question, found))))


def sentences_of(found: Found) -> list[Sentence]:
    """The sentences of a passage that an answer may quote, without a judgement yet."""
    return [
        Sentence(text, found, position, 0.0)
        for position, text in enumerate(sentences(found.chunk.text))
        if FEWEST_WORDS <= len(text.split()) <= LONGEST_SENTENCE
    ]


def candidates(question: Question, passages: Sequence[Found]) -> list[Sentence]:
    """The sentences worth a closer look, by the words they share with the question."""
    parts = [one for found in passages[:PASSAGES] for one in sentences_of(found)]
    weights = _weights([terms(one.text) for one in parts])
    looked_at = [replace(one, overlap=_overlap(question, one.found, one.text, weights)) for one in parts]
    # All sentences of the first passages stay in: the one that answers may share no word with the question.
    first = {found.chunk.chunk_id for found in passages[:3]}
    looked_at.sort(key=lambda sentence: (sentence.found.chunk.chunk_id not in first, -sentence.overlap))
    return looked_at[:CANDIDATES]


def scored(
    question: Question,
    passages: Sequence[Found],
    found: Sequence[Sentence],
    asked: "NDArray[np.float32]",
    vectors: "NDArray[np.float32]",
) -> list[Sentence]:
    """Best first; `asked` holds a row for each wording of the question, `vectors` one for each `embedded_as`."""
    similarities = (vectors @ asked.T).max(axis=1) if found else ()
    best = max((sentence.found.score for sentence in found), default=1.0) or 1.0
    covers = _coverage(question, passages)
    rated = []
    for sentence, similarity in zip(found, similarities, strict=True):
        score = (
            SIMILARITY * max(0.0, float(similarity))
            + OVERLAP * sentence.overlap
            + DOCUMENT * covers[sentence.found.chunk.document_id]
            + SECTION * _fits(question, sentence.found)
            + RANK * sentence.found.score / best
            + WANTED * bands.has_wanted(question, sentence.text)
            + MEMBER * bands.member(question, sentence.text)
            + LEAD * (sentence.position == 0 and not question.wants)
            + BAND * bands.fits(question, sentence.text)
            + TITLE * _title_asked(question, sentence.found)
        )
        rated.append(
            Sentence(sentence.text, sentence.found, sentence.position, sentence.overlap, float(similarity), score)
        )
    return sorted(rated, key=lambda sentence: -sentence.score)


def chosen(rated: Sequence[Sentence]) -> list[Sentence]:
    """At most three short sentences that differ, in the order of their passages."""
    if not rated:
        return []
    best = rated[0]
    taken, words = [best], len(best.text.split())
    for sentence in sorted(rated[1:], key=lambda one: -_beside(best, one)):
        if len(taken) == MAX_SENTENCES or _beside(best, sentence) < CLOSE * best.score:
            break
        length = len(sentence.text.split())
        if words + length <= MAX_WORDS and not any(_alike(sentence.text, other.text) for other in taken):
            taken.append(sentence)
            words += length
    return _in_order(taken)


def material(rated: Sequence[Sentence]) -> tuple[Chunk, ...]:
    """The passages that a wording may draw on: those of the best document, whose sentences come close to the best.

    Few and short: what stands in the middle of a long context gets lost.
    """
    near = [one for one in rated if _beside(rated[0], one) >= CLOSE * rated[0].score]
    return tuple({one.found.chunk.chunk_id: one.found.chunk for one in near}.values())[:MATERIAL]


def _beside(best: Sentence, other: Sentence) -> float:
    """The score of a sentence as a companion of the best one."""
    one, two = best.found.chunk, other.found.chunk
    if one.document_id != two.document_id:
        return other.score * ELSEWHERE
    if one.chunk_id != two.chunk_id:
        return other.score * APART
    return other.score * (GOES_ON if other.position == best.position + 1 else 1.0)


def verdict(
    question: Question, rated: Sequence[Sentence], passages: Sequence[Found], pieces: Callable[[str], int]
) -> Verdict:
    """Whether the evidence answers. `pieces` counts a word's tokens: an absent rare name is fatal.

    A question about a drug and a disease must not be answered with a document that names only one of them.
    """
    if not rated or not question.terms:
        return "abstained"
    first = rated[0]
    vocabulary = _vocabulary(passages, first.found.chunk.document_id)
    absent = missing(question, vocabulary)
    named = not absent and bool(_name(first.found) & set(question.topic))
    best = max(sentence.similarity for sentence in rated[:MAX_SENTENCES])
    if best < WEAK and first.overlap < NEARLY_ALL and not named:
        return "abstained"
    if any(pieces(term) >= RARE_PIECES for term in absent):
        return "abstained"
    if absent and 2 * len(absent) >= len(question.specific) and best < CONVINCING:
        return "abstained"
    uncovered = missing(question, vocabulary, question.topic)
    return "supported" if best >= STRONG and not uncovered else "partial"


def _name(found: Found) -> set[str]:
    """The terms of a document's title and aliases; an abbreviation in them is a name the embedder may not know."""
    return set(terms(" ".join((found.chunk.title, *found.chunk.aliases))))


def _vocabulary(passages: Sequence[Found], document_id: str) -> frozenset[str]:
    """The words of what was found of one document."""
    own = [found.chunk for found in passages if found.chunk.document_id == document_id]
    return frozenset(term for chunk in own for term in terms(f"{chunk.searchable} {chunk.source}"))


def _coverage(question: Question, passages: Sequence[Found]) -> dict[str, float]:
    """For each document, the share of the topic that it speaks of."""
    documents = {found.chunk.document_id for found in passages}
    if not question.specific:
        return dict.fromkeys(documents, 0.0)
    absent = {one: len(missing(question, _vocabulary(passages, one))) for one in documents}
    return {one: 1 - count / len(question.specific) for one, count in absent.items()}


def _fits(question: Question, found: Found) -> float:
    """A heading the question names fits best, one of the kind it asks for fits too."""
    title = set(terms(found.chunk.title))
    heading = set(terms(found.chunk.heading))
    if (heading - title) & question.spoken:
        return 1.0
    return 0.6 if heading & question.headings else 0.0


def _weights(documents: Sequence[Sequence[str]]) -> dict[str, float]:
    """Inverse frequency among the sentences at hand: what all of them say decides nothing."""
    counts = Counter(term for document in documents for term in set(document))
    return {term: log(1 + len(documents) / count) for term, count in counts.items()}


def _overlap(question: Question, found: Found, text: str, weights: dict[str, float]) -> float:
    """Share of the question's weight that title, heading and sentence carry; the title counts half."""
    asked = question.topic or question.terms
    total = sum(weights.get(term, 1.0) for term in asked)
    if not total:
        return 0.0
    said = set(terms(text))
    named = _name(found) | set(terms(found.chunk.heading))
    gained = sum(
        weights.get(term, 1.0) * (1.0 if _written(question, term, said) else 0.5)
        for term in asked
        if _written(question, term, said) or term in named
    )
    return gained / total


def _written(question: Question, term: str, said: set[str]) -> bool:
    return term in said or any(other <= said for other in question.also.get(term, ()))


def _title_asked(question: Question, found: Found) -> float:
    """Share of a title that the question names: a document on a narrower matter speaks of other patients."""
    title = [term for term in terms(found.chunk.title) if is_topic(term)]
    named = set(question.topic) | {term for ways in question.also.values() for way in ways for term in way}
    return sum(term in named for term in title) / len(title) if title else 0.0


def _alike(one: str, other: str) -> bool:
    first, second = set(terms(one)), set(terms(other))
    return bool(first and second) and len(first & second) / min(len(first), len(second)) > TOO_ALIKE


def _in_order(taken: Sequence[Sentence]) -> list[Sentence]:
    """The best passage first, and within a passage as it was written."""
    rank: dict[str, int] = {}
    for sentence in taken:
        rank.setdefault(sentence.found.chunk.chunk_id, len(rank))
    return sorted(taken, key=lambda sentence: (rank[sentence.found.chunk.chunk_id], sentence.position))
