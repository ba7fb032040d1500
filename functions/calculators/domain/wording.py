"""Typed or heard text in one plain form: lower case, digits for number words, no stray punctuation.

"a sixty-eight-year-old man, BP one twenty over eighty" becomes "a 68 year old man , bp 120 over 80".
Commas and full stops that are not part of a number stay as separate tokens: negation ends there.
"""

import re
import unicodedata

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_LARGE = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: value for value, word in enumerate(str.split(_SMALL))}
_TENS = {word: 10 * value for value, word in enumerate(str.split(_LARGE), start=2)}
_TENS["fourty"] = 40
_DIGITS = {word: value for word, value in _UNITS.items() if value < 10} | {"oh": 0, "o": 0, "nought": 0}
_NUMBER_WORDS = frozenset(_UNITS) | frozenset(_TENS)


def normalise(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower().replace("μ", "u").replace("µ", "u")
    plain = re.sub(r"[’‘`´]", "'", plain)
    plain = re.sub(r"(\d)\s*'\s*(\d{1,2})\s*(?:\"|''|”)?", r"\1 feet \2 inches ", plain)  # 5'10"
    plain = re.sub(r"(?<=[a-z])'(?=[a-z])|(?<=s)'(?=\s|$)", "", plain)  # what's, Wells'
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)  # 150,000
    plain = re.sub(r"(?<![\w.])\.(?=\d)", "0.", plain)  # .9
    plain = re.sub(r"(?<=\d)\.(?=\d)", "\x00", plain)
    plain = re.sub(r"\b([a-z])\.(?=[a-z]\b)", r"\1", plain)  # q.t.
    plain = re.sub(r"[:;()\[\]]|\s[-–—]+\s", " , ", plain)
    plain = re.sub(r"[.!?\n]+", " . ", plain)
    plain = re.sub(r",", " , ", plain).replace("\x00", ".")
    plain = re.sub(r"[^\w\s.,/%<>=^#+]|_", " ", plain)
    plain = re.sub(r"(?<=[a-z]{3})/(?=(?!min|lit|deci|micro|gram)[a-z]{3})", " or ", plain)  # stroke/TIA
    plain = re.sub(r"\be ?([1-4]) ?v ?([1-5]|t) ?m ?([1-6])\b", r"eye \1 verbal \2 motor \3", plain)  # E4V5M6
    return " ".join(_digits(plain.split()))


def _digits(tokens: list[str]) -> list[str]:
    """Replace runs of number words by digits."""
    out: list[str] = []
    position = 0
    while position < len(tokens):
        if tokens[position] in _NUMBER_WORDS:
            text, position = _number(tokens, position)
            out.append(text)
        elif tokens[position] == "point" and _decimal_length(tokens, position + 1):
            out.append(f"0.{_decimal_digits(tokens, position + 1)}")
            position += 1 + _decimal_length(tokens, position + 1)
        elif _spoken_decimal(tokens, position):
            out.append(f"{tokens[position]}.{_decimal_digits(tokens, position + 2)}")
            position += 2 + _decimal_length(tokens, position + 2)
        else:
            out.append(tokens[position])
            position += 1
    return _thousands(out)


def _number(tokens: list[str], start: int) -> tuple[str, int]:
    """The number that begins at `start` and the position after it."""
    value, position = _below_hundred(tokens, start)
    following = tokens[position] if position < len(tokens) else ""
    if following == "hundred":
        value, position = value * 100, position + 1
        after_and = position + 1 if position < len(tokens) and tokens[position] == "and" else position
        if after_and < len(tokens) and tokens[after_and] in _NUMBER_WORDS:
            rest, position = _below_hundred(tokens, after_and)
            value += rest
    elif 1 <= value <= 9 and position == start + 1 and _colloquial(tokens, position):
        if following in {"oh", "o"}:
            value, position = value * 100 + _DIGITS[tokens[position + 1]], position + 2
        else:
            rest, position = _below_hundred(tokens, position)
            value = value * 100 + rest
    if position < len(tokens) and tokens[position] == "thousand":
        value, position = value * 1000, position + 1
        if position + 1 < len(tokens) and tokens[position] == "and" and tokens[position + 1] in _NUMBER_WORDS:
            position += 1
        if position < len(tokens) and tokens[position] in _NUMBER_WORDS:
            rest_text, position = _number(tokens, position)
            return str(value + int(float(rest_text))), position
    if position < len(tokens) and tokens[position] == "point" and _decimal_length(tokens, position + 1):
        decimals = _decimal_digits(tokens, position + 1)
        return f"{value}.{decimals}", position + 1 + _decimal_length(tokens, position + 1)
    return str(value), position


def _below_hundred(tokens: list[str], start: int) -> tuple[int, int]:
    word = tokens[start]
    if word in _UNITS:
        return _UNITS[word], start + 1
    value, position = _TENS[word], start + 1
    if position < len(tokens) and 1 <= _DIGITS.get(tokens[position], 0) <= 9 and tokens[position] in _UNITS:
        return value + _UNITS[tokens[position]], position + 1
    return value, position


def _colloquial(tokens: list[str], position: int) -> bool:
    """ "one twenty", "one fifteen", "one oh five": hundreds without the word."""
    word = tokens[position] if position < len(tokens) else ""
    if word in {"oh", "o"}:
        return position + 1 < len(tokens) and 1 <= _DIGITS.get(tokens[position + 1], 0) <= 9
    return word in _TENS or _UNITS.get(word, 0) >= 10


def _spoken_decimal(tokens: list[str], position: int) -> bool:
    return (
        tokens[position].isdecimal()
        and position + 2 < len(tokens)
        and tokens[position + 1] == "point"
        and _decimal_length(tokens, position + 2) > 0
    )


def _decimal_length(tokens: list[str], start: int) -> int:
    """How many tokens after "point" are its digits; "point eighty seven" has two."""
    if start < len(tokens) and (tokens[start].isdecimal() or tokens[start] in _TENS):
        return 2 if tokens[start] in _TENS and _decimal_unit(tokens, start + 1) else 1
    length = 0
    while start + length < len(tokens) and tokens[start + length] in _DIGITS:
        length += 1
    return length


def _decimal_unit(tokens: list[str], position: int) -> bool:
    return position < len(tokens) and 1 <= _DIGITS.get(tokens[position], 0) <= 9


def _decimal_digits(tokens: list[str], start: int) -> str:
    length = _decimal_length(tokens, start)
    if tokens[start].isdecimal():
        return tokens[start]
    if tokens[start] in _TENS:
        return str(_TENS[tokens[start]] + (_DIGITS[tokens[start + 1]] if length == 2 else 0))
    return "".join(str(_DIGITS[token]) for token in tokens[start : start + length])


def _thousands(tokens: list[str]) -> list[str]:
    """ "150 thousand" and "150k" are 150000."""
    out: list[str] = []
    for token in tokens:
        if token == "thousand" and out and out[-1].isdecimal():  # noqa: S105 - a word, not a secret
            out[-1] = str(int(out[-1]) * 1000)
        elif re.fullmatch(r"\d{2,3}k", token):
            out.append(token[:-1] + "000")
        else:
            out.append(token)
    return out
