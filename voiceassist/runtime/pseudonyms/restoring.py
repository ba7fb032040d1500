"""The way back: stand-ins in a text become what they stand for, also when the text comes in pieces.

Models bend tokens: `[[name_417]]`, `[NAME 417]`, `[[DATE_417]]` without its note. All of these are known. A token that
stands for nothing is left as it is and counted.
"""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import cached_property

from voiceassist.runtime import metrics

LONGEST_TOKEN = 64
_WORD = r"[A-Za-z]{2,12}(?:[_ ][A-Za-z]{2,12})?|[Aa][Gg][Ee]90"
_INNER = rf" ?({_WORD})[_ -](\d{{1,6}})(?:\|[A-Za-z0-9 +:./-]{{1,24}})? ?"
_DOUBLE = re.compile(rf"\[\[{_INNER}\]\]")
_SINGLE = re.compile(rf"\[{_INNER}\]")
_BEGUN = re.compile(r"\[{1,2}[A-Za-z0-9_ |+:./-]{0,60}\]?")
_WORD_SIGN = re.compile(r"\w")
_SHOWN = re.compile(r"\[\[([A-Z0-9_]+)_(\d+)(?:\|[^\]]*)?\]\]")


def as_it_is(value: str) -> str:
    return value


class Restoring:
    """Of one conversation. `values`: what each stand-in stands for; `written`: how a value is put in (JSON, …)."""

    def __init__(self, values: Mapping[str, str], *, written: Callable[[str], str] = as_it_is) -> None:
        self._values = values
        self._tokens: dict[tuple[str, int], str] = {}
        self._likenesses: dict[str, str] = {}
        for shown, value in values.items():
            if found := _SHOWN.fullmatch(shown):
                self._tokens[found[1], int(found[2])] = written(value)
            else:
                self._likenesses[shown.casefold()] = written(value)
        self._labels = {label for label, _ in self._tokens}
        self.unknown = 0

    def writing(self, written: Callable[[str], str]) -> "Restoring":
        """The same way back, for a text of another kind."""
        return Restoring(self._values, written=written)

    def whole(self, text: str) -> str:
        stream = self.stream()
        return stream.feed(text) + stream.flush()

    def stream(self) -> "RestoringStream":
        return RestoringStream(self)

    async def pieces(self, pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
        """The stream of a model with the values in it; leaving it leaves the model's."""
        stream = self.stream()
        async with aclosing(pieces):
            async for piece in pieces:
                if told := stream.feed(piece):
                    yield told
        if told := stream.flush():
            yield told

    def _token(self, label: str, number: str) -> str | None:
        """What a token stands for; one of our kind that stands for nothing is counted."""
        name = re.sub(r"[ -]", "_", label.upper())
        value = self._tokens.get((name, int(number)))
        if value is None:
            self.unknown += 1
            metrics.PHI_UNKNOWN_TOKENS.inc()
        return value

    @cached_property
    def _likeness(self) -> "re.Pattern[str] | None":
        """Realistic stand-ins as whole words; alternatives of plain text, so the search is linear."""
        if not self._likenesses:
            return None
        longest_first = sorted(self._likenesses, key=len, reverse=True)
        return re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

    @cached_property
    def longest_likeness(self) -> int:
        return max(map(len, self._likenesses), default=0)


class RestoringStream:
    """Holds back what may still become a stand-in, at most LONGEST_TOKEN or the longest of the realistic ones."""

    def __init__(self, restoring: Restoring) -> None:
        self._all = restoring
        self._held = ""
        self._before = ""  # the last character that was let go

    def feed(self, piece: str) -> str:
        self._held += piece
        return self._go(ended=False)

    def flush(self) -> str:
        return self._go(ended=True)

    def _go(self, *, ended: bool) -> str:
        told: list[str] = []
        position, text = 0, self._held
        while position < len(text):
            step = self._step(text, position, ended=ended)
            if step is None:
                break
            put, end = step
            told.append(put)
            self._before = text[end - 1]
            position = end
        self._held = text[position:]
        return "".join(told)

    def _step(self, text: str, position: int, *, ended: bool) -> tuple[str, int] | None:
        """What goes out from here and up to where it was read; None: wait for more."""
        if text[position] == "[":
            found = _DOUBLE.match(text, position) or _SINGLE.match(text, position)
            if found:
                value = self._all._token(found[1], found[2])  # noqa: SLF001 - two halves of one thing
                return (found[0] if value is None else value), found.end()
            begun = _BEGUN.match(text, position)
            waits = not ended and begun is not None and begun.end() == len(text)
            return None if waits and len(text) - position < LONGEST_TOKEN else ("[", position + 1)
        return self._words(text, position, ended=ended)

    def _words(self, text: str, position: int, *, ended: bool) -> tuple[str, int] | None:
        """Up to the next bracket, or the next realistic stand-in."""
        bracket = text.find("[", position)
        end = len(text) if bracket < 0 else bracket
        pattern = self._all._likeness  # noqa: SLF001 - as above
        if pattern is None:
            return text[position:end], end
        if not ended and bracket < 0 and len(text) - position <= self._all.longest_likeness:
            return None
        inside_a_word = _WORD_SIGN.match(self._before) and _WORD_SIGN.match(text, position)
        if not inside_a_word and (found := pattern.match(text, position)):
            return self._all._likenesses[found[0].casefold()], found.end()  # noqa: SLF001 - as above
        return text[position], position + 1
