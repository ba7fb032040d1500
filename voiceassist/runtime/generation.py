"""Sentences worded by a language model: every one is checked before anybody sees it.

Whatever goes wrong, the asker has words of its own to fall back on: a model that fails is asked once more and then left
alone for a minute, one that says nothing supported has said nothing, and without a check there is no generated text.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from voiceassist.core import support
from voiceassist.core.errors import ForbiddenError, UnavailableError
from voiceassist.core.support import Cited, Said
from voiceassist.ports.language import LanguageModel, Prompt
from voiceassist.runtime import drafting, logging, metrics

log = logging.get_logger(__name__)

TRIES = 2
MOST_SAID = 4
REST_SECONDS = 60.0  # SPEC P5.11: what is down is asked again after a minute

Failure = Literal["", "DOWN", "NOT_SENT", "NOT_CHECKED"]
Source = Callable[[str, Sequence[Cited]], tuple[Cited, str] | None]


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
    """What became of the draft: how many sentences were kept and removed, and why there are no more of them."""

    kept: int = 0
    removed: int = 0
    failure: Failure = ""


async def sentences(
    prompt: Prompt,
    passages: Sequence[Cited],
    model: LanguageModel,
    outcome: Outcome,
    *,
    health: Health,
    fits: Callable[[str], bool] = bool,
    source_of: Source[Cited] = support.source_of,
) -> AsyncIterator[Said[Cited]]:
    """Supported sentences, each as soon as it is complete; `outcome` tells the rest when the last one has come.

    `prompt` numbers the `passages` from 1; `fits` says whether a sentence has its place here, however true it is.
    """
    for _ in range(TRIES):
        if health.rests(model.model_id):
            break
        try:
            async with aclosing(_drafted(prompt, passages, model, outcome, fits, source_of)) as drafted:
                async for said in drafted:
                    yield said
        except ForbiddenError as error:
            log.info("language.not_sent", code=error.code)
            outcome.failure = "NOT_SENT"
            return
        except UnavailableError as error:
            log.warning("language.failed", code=error.code)
            if not outcome.kept:
                continue
        return
    else:
        health.failed(model.model_id)
    outcome.failure = "DOWN"


async def _drafted(
    prompt: Prompt,
    passages: Sequence[Cited],
    model: LanguageModel,
    outcome: Outcome,
    fits: Callable[[str], bool],
    source_of: Source[Cited],
) -> AsyncGenerator[Said[Cited], None]:
    """One try. Leaving the stream gives the connection up."""
    reader, seen = drafting.Reader(), set[str]()
    numbered = dict(enumerate(passages, start=1))
    async with aclosing(model.stream(prompt)) as stream:
        async for piece in stream:
            for draft in reader.feed(piece):
                said = _checked(draft, numbered, outcome, fits, source_of)
                if said is not None and said.source not in seen:
                    seen.add(said.source)
                    yield said
            if reader.is_full or outcome.failure or outcome.kept >= MOST_SAID:
                return


def _checked(
    draft: drafting.Draft,
    numbered: Mapping[int, Cited],
    outcome: Outcome,
    fits: Callable[[str], bool],
    source_of: Source[Cited],
) -> Said[Cited] | None:
    if outcome.failure or outcome.kept >= MOST_SAID:
        return None
    text = support.bare(draft.text)
    cited = [numbered[number] for number in dict.fromkeys(draft.citations) if number in numbered]
    try:
        found = source_of(text, cited) if fits(text) else None
    except Exception as error:  # noqa: BLE001 - a check that fails, however it does, must not let anything through
        log.error("language.check_failed", error_type=type(error).__name__)
        outcome.failure = "NOT_CHECKED"
        return None
    metrics.GENERATED.labels("removed" if found is None else "kept").inc()
    if found is None:
        outcome.removed += 1
        return None
    outcome.kept += 1
    chunk, source = found
    return Said(text, chunk, source)
