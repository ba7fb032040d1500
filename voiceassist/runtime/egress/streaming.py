"""A text that comes in pieces, with its identifiers replaced before anything of it goes on.

Steps of the text, not the pieces it came in, decide: at each step up to STEP characters are settled, looked at with
CONTEXT characters before and AHEAD after them, so that every way to cut the text gives the same result. At most 64
characters are held back, more only inside a finding that has not ended.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

CONTEXT = 400
STEP = 16
AHEAD = 48
HOLD_BACK = STEP + AHEAD  # characters
LONGEST_OPEN = 512  # a finding that has not ended by then is replaced as far as it goes
_GAP = re.compile(r"\s")


class Stretch(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


# What stands where in a window of text, in order and without overlaps; and what is written for one of them.
Find = Callable[[str], Sequence[Stretch]]
Replace = Callable[[Stretch, str], str]


class Redacting:
    """One stream. `feed` answers what may go on; `flush` the rest, when the text has ended.

    `find` may raise: then nothing of what is held is let go, and the stream is at its end.
    """

    def __init__(self, find: Find, replace: Replace) -> None:
        self._find = find
        self._replace = replace
        self._text = ""  # the context, and all that is not settled
        self._settled = 0  # how much of `_text` has gone on
        self._look = HOLD_BACK
        self._broken = False

    def feed(self, piece: str) -> str:
        self._check()
        self._text += piece
        told: list[str] = []
        while len(self._text) - self._settled >= self._look:
            told.append(self._step())
        # Once a piece and not once a step: a megabyte in one piece is not copied for each of its steps.
        kept = max(0, self._settled - CONTEXT)
        self._text, self._settled = self._text[kept:], self._settled - kept
        return "".join(told)

    def flush(self) -> str:
        self._check()
        told = self._told(self._found(len(self._text)), len(self._text))
        self._text, self._settled, self._look = "", 0, HOLD_BACK
        return told

    @property
    def held(self) -> int:
        """Characters that came and did not go on."""
        return len(self._text) - self._settled

    def _check(self) -> None:
        if self._broken:
            raise RuntimeError("The stream is broken.")

    def _found(self, end: int) -> list[tuple[int, int, Stretch]]:
        """Findings from the context to `end`, with their places in what is kept here."""
        start = max(0, self._settled - CONTEXT)
        if start and (gap := _GAP.search(self._text, start, self._settled)):
            start = gap.end()  # half a word tells less than none
        try:
            found = self._find(self._text[start:end])
        except BaseException:
            self._broken = True
            self._text, self._settled = "", 0
            raise
        return [(start + one.start, start + one.end, one) for one in found]

    def _step(self) -> str:
        """Settles the next characters; nothing where a finding is still open: then more is looked at."""
        end = self._settled + self._look
        found = self._found(end)
        cut = self._last_gap(self._settled + STEP) or self._settled + STEP
        for first, last, _ in found:
            if first < cut < last:
                if last >= end and self._look < LONGEST_OPEN:
                    self._look += STEP if self._look < 2 * HOLD_BACK else HOLD_BACK
                    return ""
                cut = last
        told = self._told(found, cut)
        self._settled, self._look = cut, HOLD_BACK
        return told

    def _last_gap(self, cut: int) -> int:
        """Behind the last white space that may be settled; 0 where there is none: a word is longer than a step."""
        return max((match.end() for match in _GAP.finditer(self._text, self._settled, cut)), default=0)

    def _told(self, found: Sequence[tuple[int, int, Stretch]], end: int) -> str:
        """From what is settled up to `end`; of a finding that began before, the rest is replaced."""
        told: list[str] = []
        position = self._settled
        for first, last, one in found:
            if last <= position or first >= end:
                continue
            start = max(first, position)
            told.append(self._text[position:start])
            told.append(self._replace(one, self._text[start:last]))
            position = last
        told.append(self._text[position:end])
        return "".join(told)


def redacted(text: str, find: Find, replace: Replace) -> str:
    """The whole text at once, with the same result as in any pieces."""
    stream = Redacting(find, replace)
    return stream.feed(text) + stream.flush()
