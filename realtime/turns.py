"""Whose turn is it? Silence and words decide; pure code over windows of 32 ms.

Each window brings the probability that it holds speech. A turn starts after a few voiced windows, more of
them while the assistant is audible, because a loudspeaker looks like a speaker to the detector. It ends
after a silence: a fixed one (`server_vad`), or a short one if words and melody sound complete and a longer one if
they do not (`semantic_vad`). At the beginning of every pause the words so far are asked for, and how final they
sound, so that both are known when the silence is long enough.
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
# Where the answer can wait, it waits at once: a pause that was for nothing costs less than talking on over somebody.
HOLD_MS = 128
# So long nobody only agrees: SPEC P4.15 says half a second, to which the detector adds a little at both ends.
SURE_MS = 608
# Whoever was suspected and whose words nobody could read by then has said nothing.
LET_GO_MS = 1_024
# So that words and melody are known when a short silence is over; after 128 ms the judge of melody was no surer.
LISTEN_AGAIN_MS = 64
# Published silences of OpenAI are 8/4/2 s; ours follow SPEC P4.15 because transcript and melody help to decide.
COMPLETE_MS = 224
WORDS_ALONE_MS = 320  # where nobody listens to the melody
# Measured by tests/bench/turns.py: 7 % of the sentences end with a melody that leaves it open, and most of those sound
# rather final than not. Half the patience for them cuts into 4 % more of the unfinished ones.
FINAL = 0.9
LIKELY, LIKELY_MS = 0.6, 608
PATIENCE_MS = {"high": 608, "medium": 1_216, "auto": 1_216, "low": 2_016}


class Turn(Enum):
    """What a window brought."""

    SUSPECTED = "suspected"  # somebody speaks into the answer, perhaps only to agree
    STARTED = "started"
    PAUSED = "paused"  # ask for the words so far
    RESUMED = "resumed"  # the pause was none
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Rules:
    """Milliseconds of silence that end a turn: `complete_ms` if it sounds complete, else `patience_ms`.

    `by_melody`: how final the words sound counts, too.
    """

    threshold: float
    prefix_ms: int
    complete_ms: int
    patience_ms: int
    by_melody: bool = False

    @classmethod
    def of(cls, detection: TurnDetection) -> "Rules":
        if isinstance(detection, ServerVad):
            silence = detection.silence_duration_ms
            return cls(detection.threshold, detection.prefix_padding_ms, silence, silence)
        assert isinstance(detection, SemanticVad)  # noqa: S101 - the union has two members
        return cls(0.5, 300, COMPLETE_MS, PATIENCE_MS[detection.eagerness], by_melody=True)


class TurnTaker:
    """The state of one speaker; `clock_ms` counts the session's audio."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.clock_ms = 0
        self.started_ms = 0
        self.silence_ms = 0
        self.speaking = False
        self.suspected = False
        self._voiced_ms = 0
        self._paused = False

    def window(self, probability: float, *, assistant_audible: bool = False, holds: bool = False) -> Turn | None:
        """Take the next window; `holds`: the answer can be held until it is clear that somebody wants to interrupt."""
        self.clock_ms += WINDOW_MS
        if self.speaking:
            return self._within(probability)
        if self.suspected:
            return self._suspected(probability)
        if probability < self.rules.threshold:
            # One weak window inside a word must not start the count again.
            self._voiced_ms = max(0, self._voiced_ms - 2 * WINDOW_MS)
            return None
        self._voiced_ms += WINDOW_MS
        enough = (HOLD_MS if holds else BARGE_IN_MS) if assistant_audible else START_MS
        if self._voiced_ms < enough:
            return None
        self.started_ms = max(0, self.clock_ms - self._voiced_ms)
        self._paused, self.silence_ms = False, 0
        if assistant_audible and holds:
            self.suspected = True
            return Turn.SUSPECTED
        self.speaking = True
        return Turn.STARTED

    def _suspected(self, probability: float) -> Turn | None:
        """Until it is long enough for an interruption, or its words are known (`interrupts`)."""
        brought = self._within(probability)
        if self.silence_ms == 0:
            self._voiced_ms += WINDOW_MS
        if self._voiced_ms >= SURE_MS:
            return self.interrupts()
        return brought

    def interrupts(self) -> Turn:
        """The suspicion was right: a turn began when the voice did."""
        self.suspected, self.speaking = False, True
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

    def is_over(self, words: str | None, final: float | None = None) -> bool:
        """Whether the pause ends the turn.

        `words` are those heard until now, None while they are being read; `final` is the probability that somebody who
        sounds so is done, None where nobody could tell.
        """
        if not self.speaking or not self._paused:
            return False
        if self.silence_ms >= self.rules.patience_ms:
            return True
        if words is None or not looks_complete(words):
            return False
        if self.rules.by_melody and final is None:
            return self.silence_ms >= max(WORDS_ALONE_MS, self.rules.complete_ms)
        if final is None or final >= FINAL:
            return self.silence_ms >= self.rules.complete_ms
        return final >= LIKELY and self.silence_ms >= max(LIKELY_MS, self.rules.complete_ms)

    def end(self) -> None:
        """The turn was taken, or is not wanted any more."""
        self.speaking, self.suspected, self._paused = False, False, False
        self._voiced_ms, self.silence_ms = 0, 0


# SPEC P4.15: who says no more than this listens on.
_BACKCHANNELS = frozenset(
    {
        "ah", "aha", "all right", "alright", "got it", "hm", "hmm", "i see", "mhm", "mm", "mm hm", "mm hmm", "mmm",
        "oh", "oh okay", "okay", "ok", "right", "sure", "uh huh", "uhhuh", "yeah", "yep", "yes", "yup",
    }
)  # fmt: skip


def is_backchannel(words: str) -> bool:
    """Whether it only tells that somebody listens; nothing at all is a cough."""
    plain = " ".join(re.sub(r"[^a-z0-9]+", " ", words.lower()).split())
    half = plain[: len(plain) // 2].strip()
    if re.fullmatch(r"[ahmu ]*", plain):  # a hum, however it was spelled: "mm-hm" is heard as "mama", too
        return True
    return plain in _BACKCHANNELS or (plain == f"{half} {half}" and half in _BACKCHANNELS)


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
