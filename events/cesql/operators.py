"""The operators as closures: `run(event, report)` gives the value of a part, Faulty where that part met a fault.

`report` is told of each fault; where it raises, the evaluation ends there. Else it goes on: who has a faulty operand
gives the zero value of its own type (specification, sections 3.2 and 3.3), so `1 / missing` is 0 and no division by
zero, and the kit's `1 != 1 / 0` is false.
"""

import operator
from collections.abc import Callable
from functools import partial

from events.cesql import like
from events.cesql.values import (
    CASTS,
    LEAST,
    LONGEST_TEXT,
    MOST,
    Event,
    Fault,
    Faulty,
    Kind,
    Report,
    Value,
    faulty,
    kind_of,
)

Run = Callable[[Event, Report], Value | Faulty]

ORDERS: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ALWAYS_THERE = frozenset({"specversion", "id", "source", "type"})


def constant(value: Value) -> Run:
    return lambda _event, _report: value


def attribute(name: str) -> Run:
    def run(event: Event, report: Report) -> Value | Faulty:
        value = event.get(name)
        if value is None:
            return faulty(report, Fault.MISSING_ATTRIBUTE, value=False)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            return faulty(report, Fault.GENERIC, value=False)
        return value

    return run


def exists(name: str) -> Run:
    if name in _ALWAYS_THERE:
        return constant(value=True)
    return lambda event, _report: name in event


def missing_function(_event: Event, report: Report) -> Faulty:
    return faulty(report, Fault.MISSING_FUNCTION, value=False)


def cast(run: Run, kind: Kind) -> Run:
    convert = CASTS[kind]

    def casted(event: Event, report: Report) -> Value | Faulty:
        value = run(event, report)
        if value.__class__ is kind or isinstance(value, Faulty):
            return value
        return convert(value, report)

    return casted


def not_(operand: Run) -> Run:
    """The specification's text casts an integer, the kit wants a fault and the negation of false: the kit decides."""

    def run(event: Event, report: Report) -> bool | Faulty:
        value = operand(event, report)
        if isinstance(value, bool):
            return not value
        if isinstance(value, Faulty):
            return Faulty(value=False)
        if isinstance(value, int) or value.lower() not in {"true", "false"}:
            return faulty(report, Fault.CAST, value=True)
        return value.lower() == "false"

    return run


def negate(operand: Run) -> Run:
    def run(event: Event, report: Report) -> int | Faulty:
        value = operand(event, report)
        return Faulty(0) if isinstance(value, Faulty) else _within(-int(value), report)

    return run


def like_(operand: Run, pattern: str, *, negated: bool) -> Run:
    matches = like.compile_pattern(pattern)

    def run(event: Event, report: Report) -> bool | Faulty:
        value = operand(event, report)
        return Faulty(value=False) if isinstance(value, Faulty) else matches(str(value)) is not negated

    return run


def in_(operand: Run, elements: tuple[Run, ...], *, negated: bool) -> Run:
    """Elements take the left side's type, and none is looked at after one that is equal."""

    def run(event: Event, report: Report) -> bool | Faulty:
        value = operand(event, report)
        if isinstance(value, Faulty):
            return Faulty(value=False)
        convert = CASTS[kind_of(value)]
        for element in elements:
            other = element(event, report)
            if other.__class__ is not value.__class__ and not isinstance(other, Faulty):
                other = convert(other, report)
            if isinstance(other, Faulty):
                return Faulty(value=False)
            if other == value:
                return not negated
        return negated

    return run


def equal(left: Run, right: Run, *, negated: bool) -> Run:
    """The left side takes the right side's type."""

    def run(event: Event, report: Report) -> bool | Faulty:
        one, other = left(event, report), right(event, report)
        if isinstance(one, Faulty) or isinstance(other, Faulty):
            return Faulty(value=False)
        alike = one if one.__class__ is other.__class__ else CASTS[kind_of(other)](one, report)
        return Faulty(value=False) if isinstance(alike, Faulty) else (alike == other) is not negated

    return run


def order(compare: Callable[[Value, Value], bool], left: Run, right: Run) -> Run:
    def run(event: Event, report: Report) -> bool | Faulty:
        one, other = left(event, report), right(event, report)
        if isinstance(one, Faulty) or isinstance(other, Faulty):
            return Faulty(value=False)
        return compare(one, other)

    return run


def arithmetic(compute: Callable[[int, int], int | None], left: Run, right: Run) -> Run:
    """`compute` gives None for a division by zero."""

    def run(event: Event, report: Report) -> int | Faulty:
        one, other = left(event, report), right(event, report)
        if isinstance(one, Faulty) or isinstance(other, Faulty):
            return Faulty(0)
        return _within(compute(int(one), int(other)), report)

    return run


def _within(number: int | None, report: Report) -> int | Faulty:
    if number is None or not LEAST <= number <= MOST:
        return faulty(report, Fault.MATH, 0)
    return number


def _quotient(one: int, other: int) -> int | None:
    """Rounded towards 0."""
    if other == 0:
        return None
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


def _remainder(one: int, other: int) -> int | None:
    """With the sign of `one`."""
    quotient = _quotient(one, other)
    return None if quotient is None else one - other * quotient


COMPUTE: dict[str, Callable[[int, int], int | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": _remainder,
}


def _until(decided: bool, operands: tuple[Run, ...]) -> Run:
    """AND and OR, from left to right: nothing is looked at after one that is `decided`, or faulty."""

    def run(event: Event, report: Report) -> bool | Faulty:
        for operand in operands:
            value = operand(event, report)
            if value is decided:
                return decided
            if isinstance(value, Faulty):
                return Faulty(value=False)
        return not decided

    return run


def _xor(operands: tuple[Run, ...]) -> Run:
    def run(event: Event, report: Report) -> bool | Faulty:
        odd = False
        for operand in operands:
            value = operand(event, report)
            if isinstance(value, Faulty):
                return Faulty(value=False)
            odd ^= bool(value)
        return odd

    return run


LOGIC: dict[str, Callable[[tuple[Run, ...]], Run]] = {
    "AND": partial(_until, False),
    "OR": partial(_until, True),
    "XOR": _xor,
}
