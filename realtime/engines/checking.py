"""What a language model may say aloud: what a source says, a question, a courtesy, or what a function reported.

A sentence about medicine that nothing supports is not said, however right it may be (core/support.py has the rule).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from realtime.tools.catalogue import Source
from voiceassist.contracts.answers import Citation
from voiceassist.core import support
from voiceassist.core.text import inflected
from voiceassist.runtime import logging, metrics

log = logging.get_logger(__name__)

# Neither yes nor no nor good: those would answer a question.
COURTESY = frozenset(
    """hello hi welcome thank sorry moment please help look looking check checking let question glad anything else
    goodbye bye""".split()
)
_STOPS = ".!?"


@dataclass(slots=True)
class Check:
    """Of one answer to `said`, the speaker's words. `is_drug` knows names that are never said on a function's word."""

    said: str = field(repr=False)
    is_drug: Callable[[str], bool] = lambda _word: False
    sources: list[Source] = field(default_factory=list, repr=False)
    outputs: list[str] = field(default_factory=list, repr=False)
    citations: list[Citation] = field(default_factory=list, repr=False)
    kept: int = 0

    def add(self, sources: Iterable[Source]) -> None:
        self.sources.extend(sources)

    def report(self, output: str) -> None:
        """What a function of the client's answered."""
        self.outputs.append(output)

    def passed(self, sentence: str) -> str | None:
        """The sentence as it may be said, with the number of its source; None where it may not."""
        text = support.bare(sentence)
        try:
            found = self._passed(text)
        except Exception as error:  # noqa: BLE001 - a check that fails, however it does, must not let anything through
            log.error("language.check_failed", error_type=type(error).__name__)
            found = None
        metrics.GENERATED.labels("removed" if found is None else "kept").inc()
        self.kept += found is not None
        return found

    def _passed(self, text: str) -> str | None:
        if found := support.source_of(text, self.sources):
            return self._cited(text, found[0])
        items = support.read(text).items
        if not items:
            return None
        if text.endswith("?"):
            known = [*_words(self.said), *(word for source in self.sources for word in _words(source.text))]
            return text if all(_is_in(item, known) or item in COURTESY for item in items) else None
        if all(item in COURTESY for item in items):
            return text
        return text if self._is_reported(items) else None

    def _is_reported(self, items: Iterable[support.Item]) -> bool:
        if not self.outputs:
            return False
        reported = [item for output in self.outputs for item in support.read(output).items]
        said = [word for word in _words(self.said) if not self.is_drug(word)]
        return all(item in reported or _is_in(item, reported) or _is_in(item, said) for item in items)

    def _cited(self, text: str, source: Source) -> str:
        if source.citation is None:
            return text
        number = self._number(source.citation)
        body = text.rstrip(_STOPS)
        return f"{body} [{number}]{text[len(body) :]}"

    def _number(self, citation: Citation) -> int:
        for known in self.citations:
            if known.chunk_id == citation.chunk_id:
                return known.n
        self.citations.append(citation.model_copy(update={"n": len(self.citations) + 1}))
        return len(self.citations)


def _words(text: str) -> list[str]:
    """Without polar words and quantities: whoever says those says something of their own."""
    return [item for item in support.read(text).items if isinstance(item, str) and item[0] != "!"]


def _is_in(item: support.Item, known: Iterable[support.Item]) -> bool:
    if not isinstance(item, str) or item[0] == "!":
        return False
    return any(item == one or (isinstance(one, str) and inflected(item, one)) for one in known)
