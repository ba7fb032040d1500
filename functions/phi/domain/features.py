"""What the CRF sees of a token: its own form, the lists, what the rules found, and which word announced it.

Everything is a word of the form `name=value`. What depends on one word, or on two beside each other, is made once and
kept, for words repeat; names that a model has no weight for are left out of it. Features of a number, written or said,
look past the whole run of figures to the word that leads it, so that the fifth figure of a record number still knows of
`record number`.
"""

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from functions.phi.domain import lists as flags
from functions.phi.domain.announcing import trigger, word_kind
from functions.phi.domain.leading import ANNOUNCED, Around, bucket, leading, touching
from functions.phi.domain.lists import rank
from functions.phi.domain.manner import style
from functions.phi.domain.model import Entity
from functions.phi.domain.tokens import Tokens

# An unbroken stretch of more than one token: it has a sign inside, or before it, or behind it.
STRETCH = re.compile(r"""(?<![^\W_])[^\W_]*+(?:[^\w\s"',;=()<>|\[\]{}^&?]|_)[^\s"',;=()<>|\[\]{}^&?]*""")
ASCII_STRETCH = re.compile(  # the same, quicker
    r"""(?<![A-Za-z0-9])[A-Za-z0-9]*+[^A-Za-z0-9\t-\r\x1c-\x20"',;=()<>|\[\]{}^&?][^\t-\r\x1c-\x20"',;=()<>|\[\]{}^&?]*"""
)
AGED = re.compile(r"(\d{1,3})(?:yo|yrs?|y|f|m|F|M|YO|Y)")
Names = tuple[bytes, ...]
Stretch = tuple[int, int, Names]  # first token, end, what is said of each of them


class Word(NamedTuple):
    """What one word says by itself: features for its own place, and for its neighbours'."""

    own: Names
    before: Names
    after: Names
    before_two: Names
    after_two: Names
    text: str
    shape: str
    lists: str
    kind: str
    trigger: str
    rough: str  # its kind where it has one, else its key


def collapsed(text: str) -> str:
    """`PM-4417` as `A-9`: runs of capitals, small letters and figures are one sign each."""
    out: list[str] = []
    for sign in text:
        kind = "9" if sign.isdigit() else ("A" if sign.isupper() else "a") if sign.isalpha() else sign
        if not out or out[-1] != kind:
            out.append(kind)
    return "".join(out[:12])


def profile(known: int) -> tuple[str, str]:
    """The lists in one word: who bears it, and how common it is otherwise."""
    name = ""
    if known & flags.GIVEN:
        name += f"g{(rank(known, flags.GIVEN_RANK) + 1) // 3}"
    if known & flags.SURNAME:
        name += f"s{(rank(known, flags.SURNAME_RANK) + 1) // 3}"
    if known & flags.PLACE:
        name += "p"
    elif known & flags.WORLD:
        name += "q"
    other = "".join(
        sign
        for flag, sign in ((flags.FREQUENT, "f"), (flags.MEDICAL, "m"), (flags.DRUG, "d"), (flags.EPONYM, "e"))
        if known & flag
    )
    if known & flags.COMMON:
        other += f"c{(rank(known, flags.COMMON_RANK) + 1) // 3}"
    return name or "-", other or "-"


def own_features(word: str, key: str, known: int, text: str, kind: str) -> list[str]:
    shape = collapsed(word)
    who, what = profile(known)
    own = [
        f"w={text}",
        f"s={shape}",
        f"k={kind}",
        f"L={who}",
        f"C={what}",
        f"LC={who}{what}",
        f"LS={who}{what}{shape}",
        f"n={bucket(len(word))}",
    ]
    if kind in {"n", "c"} and len(word) < 12:
        own.append("S=" + "".join("9" if s.isdigit() else "A" if s.isupper() else "a" for s in word))
        if kind == "n" and len(word) == 4 and word[:2] in {"19", "20"}:
            own.append("year")
        if kind == "n" and len(word) <= 2:
            own.append("day" if 0 < int(word) <= 12 else "day31" if int(word) <= 31 else "over31")
        if kind == "n" and len(word) <= 3 and 89 < int(word) < 130:
            own.append("over89")
        if kind == "c" and (aged := AGED.fullmatch(word)):
            own.append("aged90" if 89 < int(aged[1]) < 130 else "aged")
    elif key.isalpha() and len(key) > 2:
        own += (f"p2={key[:2]}", f"p3={key[:3]}", f"x2={key[-2:]}", f"x3={key[-3:]}", f"x4={key[-4:]}")
    announced = trigger(word)
    if announced:
        own.append(f"T={announced}")
    return own


def rule_labels(tokens: Tokens, found: Sequence[Entity]) -> list[str]:
    """The rules' label of each token, empty where they found nothing; of overlapping findings the surest."""
    labels = [""] * len(tokens)
    scores = [0.0] * len(tokens)
    for one in sorted(found, key=itemgetter(0)):
        at = bisect_left(tokens.ends, one.start + 1)
        while at < len(labels) and tokens.starts[at] < one.end:
            if one.score > scores[at]:
                labels[at], scores[at] = one.label, one.score
            at += 1
    return labels


def stretch(text: str) -> tuple[str, ...]:
    text = text.rstrip(".:!")
    figures = sum(sign.isdigit() for sign in text)
    shape = collapsed(text)
    made = [f"ch={shape}", f"chn={bucket(figures)}{shape[:2]}"]
    if len(text) <= 14:
        made.append(
            "chS=" + "".join("9" if s.isdigit() else "A" if s.isupper() else "a" if s.isalpha() else s for s in text)
        )
    if "@" in text:
        made.append("ch@")
    if "://" in text or text.startswith("www."):
        made.append("chURL")
    ending = text.rpartition(".")[2].lower()
    if ending in {"jpg", "jpeg", "png", "heic", "tiff", "bmp", "gif"}:
        made.append("chIMG")
    elif ending in {"py", "js", "java", "go", "svc", "local", "so", "dll", "onnx", "gz"}:
        made.append("chFILE")
    if text.startswith("/") or text.count("/") > 2:
        made.append("chPATH")
    return tuple(made)


class Features:
    """The maker for one model: `known` are the names it has weights for; None, as in training: all names are made."""

    def __init__(self, known: Container[str] | None = None) -> None:
        self._known = known
        self._word = lru_cache(32_768)(self._worded)
        self._beside = lru_cache(32_768)(lambda text, shape: self._kept((f"-w={text}{shape}",)))
        self._rough = lru_cache(8_192)(lambda two, last: self._kept((f"--={two}_{last}",)))
        self._rule = lru_cache(4_096)(lambda rule, known: self._kept((f"R={rule}", f"RL={rule}|{known}")))
        self._stretch = lru_cache(4_096)(lambda text: self._kept(stretch(text)))
        self._near = lru_cache(4_096)(self._announced)
        self._said = lru_cache(64)(lambda kind: self._kept((f"said={kind}",)))
        self._lead = lru_cache(4_096)(self._led)
        self._one = lru_cache(4_096)(lambda name: self._kept((name,)))

    def of(self, text: str, tokens: Tokens, known: Sequence[int], rules: Sequence[str]) -> Iterator[list[bytes]]:
        """One list of features a token, made when it is taken, so that there is one at a time. `known`: the flags of its
        lists; `rules`: as `rule_labels` gives them.
        """
        words = list(map(self._word, tokens.words, tokens.keys, known))
        glued = touching(tokens)
        manner, lines = style(text), lines_begin(text, tokens)
        spans, leads = spread(self._stretches(text, tokens), len(words)), self._leads(tokens, words, glued)
        styled, beside, rough, rule_of, one_of = self._one(manner), self._beside, self._rough, self._rule, self._one
        end = len(words) - 1
        for at, one in enumerate(words):
            rule = rules[at]
            made = [*styled, *one.own, *spans[at], *leads[at], *rule_of(rule, one.lists)]
            if at:
                last = words[at - 1]
                made += last.before
                made += beside(last.text, one.shape)
                if glued[at]:
                    made += one_of("gl")
                elif at in lines:
                    made += one_of("nl")
                if at > 1:
                    two = words[at - 2]
                    made += two.before_two
                    made += rough(two.rough, last.rough)
                if rules[at - 1] != rule:
                    made += one_of(f"-R={rules[at - 1]}")
            else:
                made += one_of("BOT")
            if at < end:
                made += words[at + 1].after
                if glued[at + 1]:
                    made += one_of("gr")
                if at + 2 <= end:
                    made += words[at + 2].after_two
                if rules[at + 1] != rule:
                    made += one_of(f"+R={rules[at + 1]}")
            else:
                made += one_of("EOT")
            made += self._one(f"y={manner}{one.lists}")
            yield made

    def _kept(self, names: Iterable[str]) -> Names:
        return tuple(
            name.encode("utf-8", "surrogatepass") for name in names if self._known is None or name in self._known
        )

    def _worded(self, word: str, key: str, known: int) -> Word:
        kind = word_kind(word, key)
        text = f"{kind}{len(word)}" if kind in {"n", "c"} else key
        own = own_features(word, key, known, text, kind)
        who, what = profile(known)
        shape = own[1]
        short = shape[2:] if len(shape) < 6 else "long"
        compact, start = f"{who}{what}{short}", f"{kind}{shape[2:3]}"
        return Word(
            self._kept(own),
            self._kept((f"-w={text}", f"-LS={compact}", f"-k={start}")),
            self._kept((f"+w={text}", f"+LS={compact}", f"+k={start}")),
            self._kept((f"-2w={text}",)),
            self._kept((f"+2w={text}",)),
            text,
            shape,
            f"LC={who}{what}",
            kind,
            trigger(word),
            kind or key,
        )

    def _leads(self, tokens: Tokens, words: Sequence[Word], glued: Sequence[bool]) -> list[Names]:
        found = leading(tokens, [word.kind for word in words], [word.trigger for word in words], glued)
        out = [self._near(number, word.lists) if number else () for number, word in zip(found.near, words, strict=True)]
        for first, end, kind in found.said:
            out[first:end] = [self._said(kind)] * (end - first)
        for first, end, around in found.runs:
            lead = self._lead(around)
            for at in range(first, end):
                out[at] = (*lead, *self._one(f"ldk={around[0][0]}{words[at].kind}"))
        return out

    def _stretches(self, text: str, tokens: Tokens) -> Iterator[Stretch]:
        """The unbroken stretches of several tokens, such as a whole address or file name."""
        starts, end = tokens.starts, 0
        for match in (ASCII_STRETCH if text.isascii() else STRETCH).finditer(text):
            first = bisect_left(starts, match.start(), end)
            end = bisect_left(starts, match.end(), first)
            if end - first > 1:
                yield first, end, self._stretch(match[0])

    def _announced(self, number: int, known: str) -> Names:
        kind, words = ANNOUNCED[number]
        return self._kept((f"t={kind}", f"t{words}={kind}", f"tL={kind}{known}"))

    def _led(self, around: Around) -> Names:
        (last, two, behind), long, figures, old, aged, near, words = around
        made = [f"ld={last}", f"ld2={two}", f"tl={behind}", f"run={long}", f"fig={figures}"]
        if aged:
            made.append("aged90")
        if old:
            made.append(f"n90{long}")
        if near:
            made += (f"rt={near}", f"rt={near}{long}", f"rt{words}={near}")
        return self._kept(made)


def lines_begin(text: str, tokens: Tokens) -> set[int]:
    """The tokens before which a line ended."""
    found, at = set(), text.find("\n")
    while at >= 0:
        found.add(bisect_left(tokens.starts, at))
        at = text.find("\n", at + 1)
    return found


def spread(stretches: Iterable[Stretch], count: int) -> list[Names]:
    """The names of each token."""
    out: list[Names] = [()] * count
    for first, end, names in stretches:
        out[first:end] = [names] * (end - first)
    return out
