"""The functions of CESQL (specification, section 3.5, and the casts the kit calls INT, BOOL and STRING).

Each takes `report` and its arguments, which are cast before and without a fault. Positions count characters, from 1.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from events.cesql.values import (
    LEAST,
    LONGEST_TEXT,
    MOST,
    Fault,
    Faulty,
    Kind,
    Report,
    Value,
    faulty,
    to_boolean,
    to_integer,
    to_text,
)

# Unicode's White_Space; Python's strip() takes the information separators too, which are control characters.
_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


class Function(NamedTuple):
    """`parameters`: the types to cast to, None for any. `rest`: the type of any number of further arguments."""

    call: Callable[..., Value | Faulty]
    result: Kind
    parameters: tuple[Kind | None, ...]
    rest: Kind | None = None


def find(name: str, count: int) -> Function | None:
    """By name in capitals and number of arguments."""
    for function in _FUNCTIONS.get(name, ()):
        fixed = len(function.parameters)
        if count == fixed or (function.rest is not None and count > fixed):
            return function
    return None


def _concat(report: Report, *texts: str) -> str | Faulty:
    return _join(report, "", *texts)


def _join(report: Report, delimiter: str, *texts: str) -> str | Faulty:
    if sum(map(len, texts)) + len(delimiter) * (len(texts) - 1) > LONGEST_TEXT:
        return faulty(report, Fault.FUNCTION_EVALUATION, "")
    return delimiter.join(texts)


def _left(report: Report, text: str, count: int) -> str | Faulty:
    if count < 0:
        return faulty(report, Fault.FUNCTION_EVALUATION, text)
    return text[:count]


def _right(report: Report, text: str, count: int) -> str | Faulty:
    if count < 0:
        return faulty(report, Fault.FUNCTION_EVALUATION, text)
    return text[max(len(text) - count, 0) :]


def _substring(report: Report, text: str, position: int, length: int = MOST) -> str | Faulty:
    if abs(position) > len(text) or length < 0:
        return faulty(report, Fault.FUNCTION_EVALUATION, "")
    if position == 0:
        return ""
    start = position - 1 if position > 0 else len(text) + position
    return text[start : start + length]


def _abs(report: Report, number: int) -> int | Faulty:
    if number == LEAST:
        return faulty(report, Fault.MATH, MOST)
    return abs(number)


_FUNCTIONS: Mapping[str, tuple[Function, ...]] = {
    "INT": (Function(lambda report, value: to_integer(value, report), int, (None,)),),
    "BOOL": (Function(lambda report, value: to_boolean(value, report), bool, (None,)),),
    "STRING": (Function(lambda _report, value: to_text(value), str, (None,)),),
    "ABS": (Function(_abs, int, (int,)),),
    "LENGTH": (Function(lambda _report, text: len(text), int, (str,)),),
    "CONCAT": (Function(_concat, str, (), rest=str),),
    "CONCAT_WS": (Function(_join, str, (str,), rest=str),),
    "LOWER": (Function(lambda _report, text: text.lower(), str, (str,)),),
    "UPPER": (Function(lambda _report, text: text.upper(), str, (str,)),),
    "TRIM": (Function(lambda _report, text: text.strip(_SPACES), str, (str,)),),
    "LEFT": (Function(_left, str, (str, int)),),
    "RIGHT": (Function(_right, str, (str, int)),),
    "SUBSTRING": (Function(_substring, str, (str, int)), Function(_substring, str, (str, int, int))),
}
