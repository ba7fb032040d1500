"""Labels of inputs, found whole in a sentence: they are read aloud by our own question, and come back in the reply.

A label of several words holds words of other inputs, or a number ("8 or more alcoholic drinks a week"). So it becomes
one word before anything else is read, the mark of its input, and what stands behind it ("no", "2") belongs to it.
"""

import re
from functools import lru_cache

from functions.calculators.domain.model import Calculator, Choice, Input, YesNo
from functions.calculators.domain.wording import normalise

LETTERS = str.maketrans("0123456789_", "abcdefghijk")


def mark(one: Input) -> str:
    """A word that nobody says and that holds no number."""
    return f"zq{one.name.translate(LETTERS)}zq"


def marked(calculator: Calculator, text: str) -> str:
    """Normalised `text` with the mark of an input for its label."""
    for pattern, word in _labels(calculator.id, calculator.inputs):
        text = pattern.sub(word, text)
    return text


def pattern(label: str) -> str:
    """A label in normalised speech; its commas and brackets may be missing."""
    words = normalise(label).split()
    said = "(?: ,)? ".join(re.escape(word) for word in words if word != ",")
    return f"{said}(?: ,)?" if words[-1] == "," else said


@lru_cache(maxsize=256)
def _labels(_id: str, inputs: tuple[Input, ...]) -> list[tuple[re.Pattern[str], str]]:
    """The longest first. A short label of one or two words is found by the words of its input."""
    found = [(one, pattern(one.label)) for one in inputs if _by_label(one)]
    found.sort(key=lambda pair: -len(pair[1]))
    return [(re.compile(rf"(?<![\w|]){said}(?![\w|])"), mark(one)) for one, said in found]


def _by_label(one: Input) -> bool:
    words = normalise(one.label).split()
    told = isinstance(one, YesNo) or (isinstance(one, Choice) and bool(one.words))
    return told and (len(words) > 2 or any(word.isdecimal() for word in words))
