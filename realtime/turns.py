"""Whose turn is it? Silence and words decide; pure code over windows of 32 ms.

Each window brings the probability that it holds speech. A turn starts after a few voiced windows, more of
them while the assistant is audible, because a loudspeaker looks like a speaker to the detector. It ends
after a silence: a fixed one (`server_vad`), or a short one if the words look complete and a longer one if
they do not (`semantic_vad`). At the beginning of every pause the words so far are asked for, so that they
are known when the silence is long enough.
"""

import re
from dataclasses import dataclass
from enum import Enum

from realtime.protocol.settings import SemanticVad, ServerVad, TurnDetection

WINDOW_MS = 32
# Speech stops counting a little below the level at which it starts: vowels fade.
HYSTERESIS = 0.15
START_MS = 64
# SPEC P4.15: less than this while we speak is a cough or a "mm-hm".
BARGE_IN_MS = 256
LISTEN_AGAIN_MS = 128
# Published silences of OpenAI are 8/4/2 s; ours follow SPEC P4.15 because the transcript helps to decide.
COMPLETE_MS = 320
PATIENCE_MS = {"high": 608, "medium": 1_216, "auto": 1_216, "low": 2_016}


class Turn(Enum):
    """What a window brought."""

    STARTED = "started"
    PAUSED = "paused"  # ask for the words so far
    RESUMED = "resumed"  # the pause was none
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Rules:
    """Milliseconds of silence that end a turn: `complete_ms` if the words look complete, else `patience_ms`."""

    threshold: float
    prefix_ms: int
    complete_ms: int
    patience_ms: int

    @classmethod
    def of(cls, detection: TurnDetection) -> "Rules":
        if isinstance(detection, ServerVad):
            silence = detection.silence_duration_ms
            return cls(detection.threshold, detection.prefix_padding_ms, silence, silence)
        assert isinstance(detection, SemanticVad)  # noqa: S101 - the union has two members
        return cls(0.5, 300, COMPLETE_MS, PATIENCE_MS[detection.eagerness])


class TurnTaker:
    """The state of one speaker; `clock_ms` counts the session's audio."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.clock_ms = 0
        self.started_ms = 0
        self.silence_ms = 0
        self.speaking = False
        self._voiced_ms = 0
        self._paused = False

    def window(self, probability: float, *, assistant_audible: bool = False) -> Turn | None:
        """Take the next window."""
        self.clock_ms += WINDOW_MS
        if self.speaking:
            return self._within(probability)
        if probability < self.rules.threshold:
            # One weak window inside a word must not start the count again.
            self._voiced_ms = max(0, self._voiced_ms - 2 * WINDOW_MS)
            return None
        self._voiced_ms += WINDOW_MS
        if self._voiced_ms < (BARGE_IN_MS if assistant_audible else START_MS):
            return None
        self.speaking, self._paused, self.silence_ms = True, False, 0
        self.started_ms = max(0, self.clock_ms - self._voiced_ms)
        return Turn.STARTED

    def _within(self, probability: float) -> Turn | None:
        if probability >= self.rules.threshold - HYSTERESIS:
            self.silence_ms = 0
            if self._paused:
                self._paused = False
                return Turn.RESUMED
            return None
        self.silence_ms += WINDOW_MS
        if not self._paused and self.silence_ms >= min(LISTEN_AGAIN_MS, self.rules.complete_ms):
            self._paused = True
            return Turn.PAUSED
        return None

    def is_over(self, words: str | None) -> bool:
        """Whether the pause ends the turn; `words` are those heard until now, None while they are being read."""
        if not self.speaking or not self._paused:
            return False
        if self.silence_ms >= self.rules.patience_ms:
            return True
        return self.silence_ms >= self.rules.complete_ms and words is not None and looks_complete(words)

    def end(self) -> None:
        """The turn was taken, or is not wanted any more."""
        self.speaking, self._paused = False, False
        self._voiced_ms, self.silence_ms = 0, 0


# A sentence that ends with one of these goes on.
_OPEN = frozenset(
    {
        "a", "an", "and", "are", "as", "at", "because", "but", "by", "can", "could", "did", "do", "does", "for",
        "from", "had", "has", "have", "her", "his", "how", "if", "in", "into", "is", "its", "my", "of", "on", "or",
        "our", "per", "plus", "should", "since", "so", "than", "that", "the", "their", "then", "there", "these",
        "this", "those", "to", "um", "uh", "until", "was", "were", "what", "when", "where", "which", "while", "who",
        "whose", "why", "will", "with", "within", "without", "would", "your",
    }
)  # fmt: skip
_LAST_WORD = re.compile(r"([a-z0-9'.]+)[^a-z0-9]*$")


def looks_complete(words: str) -> bool:
    """Whether a speaker could stop here: nothing at all (a noise), or no open end."""
    stripped = words.strip().lower()
    if not stripped:
        return True
    if stripped.endswith((",", "-", "...", "…", ":")):
        return False
    found = _LAST_WORD.search(stripped)
    return found is None or found[1].rstrip(".") not in _OPEN
