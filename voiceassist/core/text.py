"""Words and sentences of clinical English, cut without a model."""

import re
import unicodedata

STOPWORDS = frozenset(
    [
        "a",
        "about",
        "after",
        "again",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "being",
        "below",
        "between",
        "both",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "doing",
        "for",
        "from",
        "further",
        "get",
        "give",
        "had",
        "has",
        "have",
        "having",
        "he",
        "her",
        "here",
        "hers",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "itself",
        "just",
        "me",
        "more",
        "most",
        "my",
        "no",
        "nor",
        "not",
        "of",
        "off",
        "on",
        "once",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "own",
        "please",
        "same",
        "she",
        "should",
        "so",
        "some",
        "such",
        "tell",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "through",
        "to",
        "too",
        "under",
        "until",
        "up",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)

SHORTEST_STEM = 5
_ENDINGS = frozenset(["", *"e ed er es ing ion ions ive al ally ant ants ate ated ating ation ment ments ly y".split()])
_WORD = re.compile(r"[a-z0-9]+(?:[.,][0-9]+)*")
# A full stop, question or exclamation mark, perhaps closed by a bracket or quote, then something that starts anew.
_STOP = re.compile(r"[.!?][)\]”\"']*\s+(?=[\"“'(\[]*[A-Z0-9≥≤<>])")
_ABBREVIATIONS = frozenset(
    [
        "e.g",
        "i.e",
        "vs",
        "cf",
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "fig",
        "figs",
        "no",
        "nos",
        "approx",
        "ca",
        "resp",
        "et",
        "al",
        "st",
        "inc",
        "u.s",
        "a.m",
        "p.m",
        "ref",
        "refs",
        "vol",
        "ed",
        "eds",
    ]
)


def folded(text: str) -> str:
    """Lower case without accents, so that `Ménière` finds `meniere`."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).lower()


def words(text: str) -> list[str]:
    """Every word and number, folded; `0.5` and `1,000` stay whole."""
    return _WORD.findall(folded(text))


def terms(text: str) -> list[str]:
    """The words that carry meaning, plural endings cut, in order and with repeats."""
    return [singular(word) for word in words(text) if word not in STOPWORDS]


def singular(word: str) -> str:
    """A light plural stemmer (Harman 1991): stemming hardly matters here, but `doses` must meet `dose`."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("us", "ss", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1]


def inflected(one: str, other: str) -> bool:
    """The same stem with two usual endings: `treated` and `treatment`, not `nitrite` and `nitrate`."""
    shared = shared_start(one, other)
    return any(one[cut:] in _ENDINGS and other[cut:] in _ENDINGS for cut in range(SHORTEST_STEM, shared + 1))


def shared_start(one: str, other: str) -> int:
    """How many letters both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, each verbatim; line breaks and list marks are borders too."""
    found: list[str] = []
    for line in text.splitlines():
        found.extend(_split(line.strip().lstrip("-*•–").strip()))
    return found


def _split(line: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for stop in _STOP.finditer(line):
        before = line[start : stop.start()].rsplit(maxsplit=1)
        if before and before[-1].lstrip("([").lower() in _ABBREVIATIONS:
            continue
        parts.append(line[start : stop.end()].strip())
        start = stop.end()
    parts.append(line[start:].strip())
    return [part for part in parts if part]
