"""Which word leads to a token: the class that was announced last, and what stands around a run of figures.

A run is a number or code, written or said: the fifth figure of a record number still knows of `record number`.
"""

from bisect import bisect_left
from collections.abc import Sequence
from operator import eq
from typing import NamedTuple

from functions.phi.domain.announcing import SAID, TRIGGERS
from functions.phi.domain.tokens import Tokens

REACH = 6  # a trigger counts for so many words, those of a run not counted
FAR = 3  # words from which on the distance does not matter
DISTANCES = tuple(min(words, FAR) for words in range(REACH + 1))
NUMBERED = frozenset("ncl")  # kinds of a token that a sign is part of
YEARS = frozenset("year years yo y yr yrs".split())
OLD = frozenset(("ninety", "hundred"))
BUCKETS = (*map(str, range(6)), "6-7", "6-7", "8-9", "8-9", "10-12", "10-12", "10-12", "13+")
MANY = len(BUCKETS) - 1
# Which class was announced how many words ago, at most FAR, by a number: of none 0, of a class that in NUMBERS and `words`.
KINDS = tuple(sorted({*TRIGGERS.values(), *SAID.values()}))
ANNOUNCED = (("", 0), *((kind, words) for kind in KINDS for words in range(FAR + 1)))
NUMBERS = {kind: ANNOUNCED.index((kind, 0)) for kind in KINDS}


# The word before a run, the one before that and the one behind it; how long it is, in tokens and figures; whether it may
# be an age over 89, and whether it is one; what was announced, how many words ago.
Around = tuple[tuple[str, str, str], str, str, bool, bool, str, int]


class Leading(NamedTuple):
    """`near`: the number in ANNOUNCED for each token; `said`: where an abbreviation is spelled, and what it announces;
    `runs`: from which token up to, not including, which one, and what is around.
    """

    near: list[int]
    said: list[tuple[int, int, str]]
    runs: list[tuple[int, int, Around]]


def leading(tokens: Tokens, kinds: Sequence[str], triggers: Sequence[str], glued: Sequence[bool]) -> Leading:
    """`kinds` and `triggers`: of each word, as announcing.py tells them; `glued`: as `touching` does."""
    count = len(kinds)
    found = Leading([0] * count, [], [])
    met = [at for at, (kind, trigger) in enumerate(zip(kinds, triggers, strict=True)) if kind or trigger]
    near, running = found.near, runs(met, kinds, glued)
    met.append(count)
    announced, distance, at = "", REACH + 1, 0
    while at < count:
        if distance > REACH:  # nothing is announced here
            at = met[bisect_left(met, at)]
            if at == count:
                break
        if not running[at]:
            if distance <= REACH:
                near[at] = NUMBERS[announced] + DISTANCES[distance]
            if triggers[at]:
                announced, distance = triggers[at], 0
            elif kinds[at] != "p":
                distance += 1
            at += 1
            continue
        first = at
        while at < count and running[at]:
            at += 1
        spelt, start = spelled(tokens, first, at)
        if spelt:
            announced, distance = spelt, 0
            found.said.append((first, start, spelt))
        if start < at:
            told = (announced, DISTANCES[distance]) if distance <= REACH else ("", FAR)
            found.runs.append((start, at, led_by(tokens, kinds, start, at) + told))
        distance += 1
    return found


def led_by(
    tokens: Tokens, kinds: Sequence[str], start: int, end: int
) -> tuple[tuple[str, str, str], str, str, bool, bool]:
    """What stands around a run, and how long it is."""
    keys, words = tokens.keys, tokens.words
    if end - start == 1:
        figures = len(words[start]) if kinds[start] == "n" else int(kinds[start] == "w")
    else:
        figures = sum(len(words[at]) if kinds[at] == "n" else kinds[at] == "w" for at in range(start, end))
    key = keys[start]
    old = key in OLD or (key == "one" and keys[start : start + 2] == ["one", "hundred"]) or older(words[start])
    aged = old and not YEARS.isdisjoint(keys[end : end + 2] + keys[start + 1 : start + 3])
    around = (
        keys[start - 1] if start else "",
        keys[start - 2] if start > 1 else "",
        keys[end] if end < len(keys) else "",
    )
    return around, bucket(end - start), bucket(figures), old, aged


def touching(tokens: Tokens) -> list[bool]:
    """Whether no space stands before each token; one more for the end."""
    return [False, *map(eq, tokens.starts[1:], tokens.ends), False]


def runs(met: Sequence[int], kinds: Sequence[str], glued: Sequence[bool]) -> list[bool]:
    """Whether a token is part of a number or code, written or said; a sign is where figures touch it on both sides.
    `met`: where there is a kind at all.
    """
    running = [False] * len(kinds)
    for at in met:
        kind = kinds[at]
        running[at] = glued[at] and glued[at + 1] and kinds[at + 1] in NUMBERED if kind == "p" else kind != ""
    return running


def spelled(tokens: Tokens, start: int, end: int) -> tuple[str, int]:
    """What a spelled abbreviation at the beginning of a run says, and where the value behind it begins:
    `em are en four four`.
    """
    keys = tokens.keys
    for place in range(start + 2, min(end, start + 4)):
        if found := SAID.get((keys[place - 2], keys[place - 1], keys[place]), ""):
            return found, place + 1
    return "", start


def older(word: str) -> bool:
    return len(word) < 4 and word.isdigit() and 89 < int(word) < 130


def bucket(count: int) -> str:
    return BUCKETS[count] if count < MANY else BUCKETS[MANY]
