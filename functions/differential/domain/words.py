"""Where the words of the table stand in a text: spelling, plurals, articles and a word between do not matter."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from voiceassist.core.text import folded, singular

_TOKEN = re.compile(r"\d+(?:\.\d+)?|[a-z]+(?:['’][a-z]+)?|[.,;:!?()\n]")
# British and American, as they begin or end: the table is written in the one, people speak either.
_SPELLINGS = (
    (re.compile(r"haem"), "hem"),
    (re.compile(r"aemi"), "emi"),
    (re.compile(r"oed"), "ed"),
    (re.compile(r"noea"), "nea"),
    (re.compile(r"rhoea"), "rhea"),
    (re.compile(r"oeso"), "eso"),
    (re.compile(r"oest"), "est"),
    (re.compile(r"aesth"), "esth"),
    (re.compile(r"paed"), "ped"),
    (re.compile(r"(?<=[lmn])our(?=s?$|ed$)"), "or"),
    (re.compile(r"faec"), "fec"),
    (re.compile(r"caes"), "ces"),
    (re.compile(r"uraem"), "urem"),
    (re.compile(r"ischaem"), "ischem"),
    (re.compile(r"is(?=ed$|ing$|ation$)"), "iz"),
    (re.compile(r"fibre"), "fiber"),
)
_FILLERS = frozenset("a an the his her their my its of very some quite rather really".split())
STOPS = frozenset(".;:!?\n")
_BARS = frozenset("and or but with without no not non nor never denies denied then , ( )".split()) | STOPS
GAP = 2  # words that may stand between two words of a wording
_NO_PLURAL = frozenset("gas".split())


@dataclass(frozen=True, slots=True)
class Hit:
    """A finding by its words; `start` and `end` count tokens, `end` exclusive."""

    start: int
    end: int
    name: str


def tokens(text: str) -> list[str]:
    """Words and marks, compared as they are said: lower case, one spelling, no plural, no articles."""
    return [_word(token) for token in _cut(text)]


def _cut(text: str) -> list[str]:
    found = _TOKEN.findall(folded(text).replace("-", " ").replace("/", " "))
    return [token for token in found if token not in _FILLERS]


def _word(token: str) -> str:
    word = re.sub(r"['’]s?$|['’]", "", token)
    for pattern, spelling in _SPELLINGS:
        word = pattern.sub(spelling, word)
    return word if word in _NO_PLURAL else singular(word)


class Lexicon:
    """Wordings by their first word: a text is read once, whatever their number."""

    def __init__(self, wordings: Iterable[tuple[str, str]]) -> None:
        """Pairs of a finding's name and one wording of it."""
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        seen: dict[str, str] = {}  # the same few thousand words again and again; words of a text are never kept
        for name, wording in wordings:
            first, *rest = [seen.get(token) or seen.setdefault(token, _word(token)) for token in _cut(wording)]
            self._by_first.setdefault(first, []).append((tuple(rest), name))

    def find(self, words: list[str]) -> list[Hit]:
        """Every wording that stands in the text, by place; of one finding at one place the longest only."""
        longest: dict[tuple[int, str], int] = {}
        for start, word in enumerate(words):
            for rest, name in self._by_first.get(word, ()):
                end = _reach(words, start + 1, rest)
                if end is not None:
                    longest[start, name] = max(end, longest.get((start, name), 0))
        return [Hit(start, end, name) for (start, name), end in sorted(longest.items())]


def _reach(words: list[str], at: int, rest: tuple[str, ...]) -> int | None:
    for wanted in rest:
        passed = 0
        while at < len(words) and words[at] != wanted:
            if words[at] in _BARS or passed == GAP:
                return None
            at, passed = at + 1, passed + 1
        if at == len(words):
            return None
        at += 1
    return at
