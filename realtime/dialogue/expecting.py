"""Which words are likely in the next turn and hard for the recogniser: for its list of terms (speech/terms.py).

Three sources beside what the dialogue has open: the passages that were just found; while somebody still speaks,
clinical words near what was understood in passing; and those of the speaker's last conversations. Names of drugs come
only out of passages and earlier conversations, and only those that sound like no other: with its neighbour in the list
the recogniser may write one where the other was said (docs/reference/dialogue.md).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from realtime.dialogue.clarify.drugs import Drugs
from realtime.dialogue.clarify.nearness import Sounds, sounds
from voiceassist.core.text import STOPWORDS, folded

HARD = 3  # pieces of the recogniser's own spelling: "kidney" is one, "ketoacidosis" four
APART = 0.25  # a name of a drug with another one this near is not expected
NEAR = 0.2  # what was understood and a clinical word
NEAR_IN_WORDS = 0.1  # in several words
SPELLING = 0.05  # less than this is another spelling of the same sounds
MARGIN = 0.15  # and no other word may be this near
SHORTEST = 6  # letters
LONG = 8
MOST = 12
RECENT = 6  # of earlier conversations
LONGEST = 3  # words that a clinical one may be heard as

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")


class Expecting:
    """`pieces` counts what the recogniser writes a word in; `clinical` are words without names of drugs."""

    def __init__(self, drugs: Drugs, clinical: Iterable[str] = (), pieces: Callable[[str], int] = len) -> None:
        self._drugs = drugs
        self.pieces = lru_cache(maxsize=8192)(pieces)
        self._apart = lru_cache(maxsize=4096)(self._sounds_like_no_other)
        words = dict.fromkeys(word for word in clinical if len(word) >= SHORTEST and self._is_no_drug(word))
        self._words = tuple(words)
        self._clinical = frozenset(words)
        self._sounds: Sounds | None = None

    def in_texts(self, texts: Sequence[str]) -> list[str]:
        """The hard words of passages, those that stand in them most often first."""
        return self._hard(texts, lambda _: True)[:MOST]

    def familiar(self, texts: Sequence[str]) -> list[str]:
        """Of what somebody talked about lately the hard clinical words and names of drugs, the most frequent first.

        Nothing else that was said is taken: the words are those of the house, never a name or a word of a person's own.
        """
        return self._hard(texts, lambda word: word in self._clinical or not self._is_no_drug(word))[:RECENT]

    def _hard(self, texts: Sequence[str], public: Callable[[str], bool]) -> list[str]:
        counted: Counter[str] = Counter()
        shown: dict[str, str] = {}
        for text in texts:
            for word in _WORD.findall(text):
                name = word.lower()
                if name not in STOPWORDS and len(name) >= SHORTEST and public(name) and self._may_be_expected(name):
                    counted[name] += 1
                    shown.setdefault(name, word)
        return [shown[name] for name, _ in counted.most_common()]

    def near(self, understood: str) -> list[str]:
        """Clinical words that may have been said where a word was understood that is none of them; no drugs."""
        words = [word.lower() for word in _WORD.findall(understood)]
        found: dict[str, float] = {}
        for start in range(len(words)):
            for length in range(1, LONGEST + 1):
                heard = " ".join(words[start : start + length])
                if start + length <= len(words) and self._is_strange(words[start : start + length]):
                    limit = NEAR if length == 1 else NEAR_IN_WORDS
                    for word, far in zip(self._words, self._of_words.distances(heard), strict=True):
                        if far <= limit and word not in words:
                            found[word] = min(far, found.get(word, far))
        return sorted(found, key=lambda word: found[word])[:MOST]

    def spelled(self, understood: str) -> str:
        """A long word that nobody knows, but for its spelling a clinical one, as that one: "catoacidosis". No drug, and
        not where another clinical word or a drug is near as well: "hypocalemia" may have been either of two.
        """
        return _WORD.sub(self._spelling, understood)

    def _spelling(self, found: re.Match[str]) -> str:
        word = found[0].lower()
        if len(word) < LONG or "-" in word or self._drugs.knows(word):
            return found[0]
        near = sorted(zip(self._of_words.distances(word), self._words, strict=True))[:2]
        if not near or near[0][0] > SPELLING or (len(near) > 1 and near[1][0] <= MARGIN):
            return found[0]
        meant = near[0][1]
        # It must itself be one of no confusable pair.
        alike = sum(far <= MARGIN for far in self._of_words.distances(meant))
        return found[0] if alike > 1 or self._drugs.near(word, NEAR) else meant

    @property
    def _of_words(self) -> Sounds:
        if self._sounds is None:
            self._sounds = Sounds(self._words)
        return self._sounds

    def _is_strange(self, words: Sequence[str]) -> bool:
        """With a word that nobody knows; to compare every row of known ones would take longer than reading does."""
        return any(len(word) > 2 and not self._drugs.knows(word) for word in words)

    def _may_be_expected(self, word: str) -> bool:
        return self.pieces(word) >= HARD and self._apart(word)

    def _sounds_like_no_other(self, word: str) -> bool:
        name = self._drugs.exactly(word)
        if name is None:
            return True
        own = sounds(word)
        return all(sounds(other) == own for _, other in self._drugs.near(word, APART))

    def _is_no_drug(self, word: str) -> bool:
        return self._drugs.exactly(word) is None


def words_of(names: Iterable[str]) -> list[str]:
    """The single words of clinical names, each once."""
    return list(dict.fromkeys(word.lower() for name in names for word in _WORD.findall(folded(name))))
