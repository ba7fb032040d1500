"""Texts that hide: zero-width and look-alike characters, percent, HTML and JSON escapes, base64.

A reading is what a text says once such a layer is taken off, with the place in the original of each of its characters.
Every layer is one linear pass, and no more than DEPTH of them are taken off.
"""

import base64
import binascii
import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

DEPTH = 3
# Nothing is seen of them: zero-width signs, soft hyphen, direction marks, variation selectors, byte order mark.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufe00-\ufe0f\ufeff"
)
INVISIBLE = re.compile(f"[{_UNSEEN}]")
UNSEEN = frozenset(
    chr(code)
    for first, last in re.findall("(.)(?:-(.))?", _UNSEEN, re.DOTALL)
    for code in range(ord(first), ord(last or first) + 1)
)
_SAME = (
    # Cyrillic and Greek letters that are drawn like Latin ones
    "аaеeоoрpсcхxуyіiјjѕsһhԁdԛqԝwкkтtмmнhвbАAВBЕEКKМMНHОOРPСCТTХXУYІIЈJЅSԚQԜW"
    "αaοoνvιiκkρpτtυuχxεeΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX"
    # dashes, quotes, spaces, signs
    "‐-‑-‒-–-—-―-−-﹣-‘'’'‚'‛'′'“\"”\"„\"″\"⁄/∕/․.。.﹒.·.∙."
)
LOOKS = {ord(_SAME[place]): _SAME[place + 1] for place in range(0, len(_SAME), 2)}
ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|nbsp|commat|period|hyphen|sol);"
    r"|(?:\\u[0-9A-Fa-f]{4})+|\\x[0-9A-Fa-f]{2}"
)
LEAST_PACKED = 16  # characters
BASE64 = re.compile(rf"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{{{LEAST_PACKED},}}={{0,2}}(?![A-Za-z0-9+/_=-])")
HEX = re.compile(r"[0-9a-fA-F-]+\Z")
MOST_ALIKE = 4_096  # characters that are remembered
SHORT = 8  # characters of an escape that is remembered, as the same few are everywhere
LEAST_PRINTABLE = 0.95


@dataclass(frozen=True, slots=True)
class Reading:
    """`places[i]` is where character i begins in the original; one more for the end. None: the same places."""

    text: str
    places: "array[int] | None" = None

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that says characters `start` to `end`."""
        if self.places is None:
            return start, end
        return self.places[start], max(self.places[end], self.places[start] + 1) if end > start else self.places[end]


def plain(text: str) -> Reading:
    """The text as it looks: invisible characters gone, look-alikes and compatibility forms replaced, one for one."""
    if text.isascii():
        return Reading(text)
    looked = text.translate(_ALIKE)
    if not INVISIBLE.search(looked):
        return Reading(looked)
    places = array("q", (place for place, sign in enumerate(looked) if sign not in UNSEEN))
    places.append(len(looked))
    return Reading(INVISIBLE.sub("", looked), places)


def _like(character: str) -> str:
    """One character for one: full-width and mathematical letters, figures of other scripts, odd spaces, half surrogates."""
    if character.isdigit():
        return str(unicodedata.digit(character))
    if character < "\u0100":
        return " " if character == "\u00a0" else character
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    if character.isspace():
        return character if character in "\u2028\u2029\u0085" else " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


class _Alike(dict[int, str]):
    """What a character looks like, remembered for those that were met; for `str.translate`."""

    def __missing__(self, code: int) -> str:
        made = _like(LOOKS.get(code) or chr(code))
        if len(self) < MOST_ALIKE:
            self[code] = made
        return made


_ALIKE = _Alike()


def unescaped(reading: Reading) -> Iterator[Reading]:
    """Readings of the text without its escapes, one layer after the other, while there are any."""
    for _ in range(DEPTH):
        if not escaped(reading.text):
            return
        reading = _once(reading)
        yield reading


def escaped(text: str) -> bool:
    return ("%" in text or "&" in text or "\\" in text) and ESCAPE.search(text) is not None


def _once(reading: Reading) -> Reading:
    text, kept, places, last = reading.text, [], array("q"), 0
    for match in ESCAPE.finditer(text):
        kept.append(text[last : match.start()])
        places.extend(_places(reading, last, match.start()))
        escape = match[0]
        said = _short(escape) if len(escape) <= SHORT else _said(escape)
        kept.append(said)
        places.extend([*_places(reading, match.start(), match.start() + 1)] * len(said))
        last = match.end()
    kept.append(text[last:])
    places.extend(_places(reading, last, len(text) + 1))
    return Reading("".join(kept), places)


def _places(reading: Reading, start: int, end: int) -> Sequence[int]:
    return range(start, end) if reading.places is None else reading.places[start:end]


@lru_cache(maxsize=4_096)
def _short(escape: str) -> str:
    return _said(escape)


def _said(escape: str) -> str:
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[0] == "&":
        return unescape(escape)
    if escape[1] == "x":
        return bytes.fromhex(escape[2:]).decode("latin-1")
    return bytes.fromhex(escape.replace("\\u", "")).decode("utf-16-be", "replace")


def packed(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what it says) of every stretch of base64 that says a text."""
    if max(map(len, text.split()), default=0) < LEAST_PACKED:
        return
    for match in BASE64.finditer(text):
        told = match[0]
        if HEX.match(told) or (told.isalpha() and (told.islower() or told.isupper())):
            continue
        try:
            data = base64.b64decode(
                told.rstrip("=") + "=" * (-len(told.rstrip("=")) % 4), altchars=b"-_" if set(told) & set("-_") else None
            )
            said = data.decode("utf-8")
        except (binascii.Error, ValueError):
            continue
        if said and sum(one.isprintable() or one.isspace() for one in said) >= LEAST_PRINTABLE * len(said):
            yield match.start(), match.end(), said
