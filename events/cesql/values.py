"""Values, faults and casts of CESQL (specification, sections 3.1, 3.3 and 3.7).

The three types are Python's own str, int (32 bits, signed) and bool; a type's zero value is `type()`.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from voiceassist.core.errors import ValidationError

Value = str | int | bool
Event = Mapping[str, Value]
Kind = type[str] | type[int] | type[bool]

LEAST, MOST = -(2**31), 2**31 - 1
# Characters of a text we look at or make; about what servers take as one header line. It bounds the time of an
# evaluation: hundreds of LIKEs over an attribute of a megabyte would stop the broker for a minute.
LONGEST_TEXT = 8192
# Ten digits at most after leading zeros, so that no text, however long, becomes a huge number first.
_INTEGER = re.compile(r"([+-]?)0*([0-9]{1,10})\Z")


class Fault(StrEnum):
    """What may go wrong in an evaluation, by the names of the conformance kit; `parse` is ParseError."""

    MATH = "math"
    CAST = "cast"
    MISSING_ATTRIBUTE = "missingAttribute"
    MISSING_FUNCTION = "missingFunction"
    FUNCTION_EVALUATION = "functionEvaluation"
    GENERIC = "generic"  # here: an attribute longer than LONGEST_TEXT


# Told of every fault; may raise to stop the evaluation.
Report = Callable[[Fault], object]


class Faulty:
    """The value of a part that met a fault. Whoever has it as an operand does not compute with it."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


def faulty(report: Report, fault: Fault, value: Value) -> Faulty:
    report(fault)
    return Faulty(value)


class ParseError(ValidationError):
    """Not a CESQL expression, or one beyond our bounds. The sentence is a constant and never quotes the expression."""

    code = "INVALID_EXPRESSION"


def kind_of(value: Value) -> Kind:
    if isinstance(value, bool):
        return bool
    return int if isinstance(value, int) else str


def to_text(value: Value, _report: Report | None = None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def to_integer(value: Value, report: Report) -> int | Faulty:
    if not isinstance(value, str):
        return int(value)
    match = _INTEGER.match(value)
    number = int("".join(match.groups())) if match else None
    if number is None or not LEAST <= number <= MOST:
        return faulty(report, Fault.CAST, 0)
    return number


def to_boolean(value: Value, report: Report) -> bool | Faulty:
    if not isinstance(value, str):
        return bool(value)
    lowered = value.lower()
    if lowered not in {"true", "false"}:
        return faulty(report, Fault.CAST, value=False)
    return lowered == "true"


CASTS: Mapping[Kind, Callable[[Value, Report], Value | Faulty]] = {str: to_text, int: to_integer, bool: to_boolean}
