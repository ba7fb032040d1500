"""An answer worded by a language model: every sentence is checked before anybody sees it.

Whatever goes wrong, the quoted sentences are there: a model that fails is asked once more and then left alone for a
minute, one that says nothing supported has said nothing, and without a check there is no generated text.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic

from functions.retrieval.domain import bands, drafting, support
from functions.retrieval.domain.question import Question, understood
from functions.retrieval.domain.wording import Said
from voiceassist.core.errors import ForbiddenError, UnavailableError
from voiceassist.ports.language import LanguageModel
from voiceassist.ports.vectors import Chunk
from voiceassist.runtime import logging, metrics

log = logging.get_logger(__name__)

TRIES = 2
MOST_SAID = 4
REST_SECONDS = 60.0  # SPEC P5.11: what is down is asked again after a minute

DOWN = "The language model did not answer; these are quoted sentences."
NOT_SENT = "No language model was asked: the text stays inside. These are quoted sentences."
NOT_CHECKED = "Generated text could not be checked; these are quoted sentences."

Source = Callable[[str, Sequence[Chunk]], tuple[Chunk, str] | None]


@dataclass(slots=True)
class Health:
    """Of a process's one model; `clock` gives seconds that only grow."""

    clock: Callable[[], float] = monotonic
    _rests_until: dict[str, float] = field(default_factory=dict)

    def rests(self, model_id: str) -> bool:
        return self.clock() < self._rests_until.get(model_id, float("-inf"))

    def failed(self, model_id: str) -> None:
        self._rests_until[model_id] = self.clock() + REST_SECONDS


@dataclass(slots=True)
class Outcome:
    """What became of the draft: how many sentences were kept and removed, and what is said about it."""

    kept: int = 0
    removed: int = 0
    notice: str = ""


async def sentences(
    text: str,
    passages: Sequence[Chunk],
    model: LanguageModel,
    outcome: Outcome,
    *,
    health: Health,
    source_of: Source = support.source_of,
) -> AsyncIterator[Said]:
    """Supported sentences, each as soon as it is complete; `outcome` tells the rest when the last one has come."""
    used = passages if model.stays_inside else [chunk for chunk in passages if chunk.visibility == "public"]
    if not used:
        outcome.notice = NOT_SENT
        return
    for _ in range(TRIES):
        if health.rests(model.model_id):
            break
        try:
            async with aclosing(_drafted(text, used, model, outcome, source_of)) as drafted:
                async for said in drafted:
                    yield said
        except ForbiddenError as error:
            log.info("language.not_sent", code=error.code)
            outcome.notice = NOT_SENT
            return
        except UnavailableError as error:
            log.warning("language.failed", code=error.code)
            if not outcome.kept:
                continue
        return
    else:
        health.failed(model.model_id)
    outcome.notice = DOWN


async def _drafted(
    text: str, passages: Sequence[Chunk], model: LanguageModel, outcome: Outcome, source_of: Source
) -> AsyncGenerator[Said, None]:
    """One try. Leaving the stream gives the connection up."""
    reader, question, seen = drafting.Reader(), understood(text), set[str]()
    numbered = dict(enumerate(passages, start=1))
    async with aclosing(model.stream(drafting.prompt(text, passages))) as stream:
        async for piece in stream:
            for draft in reader.feed(piece):
                said = _checked(draft, question, numbered, outcome, source_of)
                if said is not None and said.source not in seen:
                    seen.add(said.source)
                    yield said
            if reader.is_full or outcome.notice or outcome.kept >= MOST_SAID:
                return


def answers(question: Question, text: str) -> bool:
    """Not a sentence on another stage, or on a band in which the patient's value does not lie, however true it is."""
    return bands.fits(question, text) >= 0 and bands.member(question, text) >= 0


def _checked(
    draft: drafting.Draft, question: Question, numbered: Mapping[int, Chunk], outcome: Outcome, source_of: Source
) -> Said | None:
    if outcome.notice or outcome.kept >= MOST_SAID:
        return None
    text = support.bare(draft.text)
    cited = [numbered[number] for number in dict.fromkeys(draft.citations) if number in numbered]
    try:
        found = source_of(text, cited) if answers(question, text) else None
    except Exception as error:  # noqa: BLE001 - a check that fails, however it does, must not let anything through
        log.error("language.check_failed", error_type=type(error).__name__)
        outcome.notice = NOT_CHECKED
        return None
    metrics.GENERATED.labels("removed" if found is None else "kept").inc()
    if found is None:
        outcome.removed += 1
        return None
    outcome.kept += 1
    chunk, source = found
    return Said(text, chunk, source)
