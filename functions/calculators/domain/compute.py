"""Inputs in, result or the reason why there is none. Nothing is defaulted and nothing is echoed in a refusal."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from functions.calculators.domain import units
from functions.calculators.domain.model import Calculator, Choice, Day, Input, Quantity, Value, Values

YES = frozenset({"yes", "true", "y"})
NO = frozenset({"no", "false", "n"})
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an input is refused. `detail` names the range and the likely unit, never the value."""

    name: str
    code: str  # UNKNOWN_INPUT, WRONG_TYPE, UNKNOWN_OPTION, UNKNOWN_UNIT, OUT_OF_RANGE, NOT_COMPUTABLE
    detail: str
    likely_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """An input as the formula used it, in its canonical unit; `from_case`: its day, where it is out of the case."""

    input: Input
    value: Any
    unit: str | None = None
    assumed: bool = False
    unit_assumed: bool = False
    warning: str | None = None
    from_case: date | None = None

    @property
    def plain(self) -> Any:
        """The value as JSON has it: a day is text."""
        return self.value.isoformat() if isinstance(self.value, date) else self.value


@dataclass(frozen=True, slots=True)
class Computed:
    calculator: Calculator
    value: Value
    text: str
    band: str | None
    used: tuple[Used, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    missing: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    problems: tuple[Problem, ...]


def compute(
    calculator: Calculator, given: Mapping[str, Any], assumed: Collection[str] = ()
) -> Computed | Needs | Refused:
    """Apply a calculator to `{name: value | {"value": …, "unit": …, "assumed": …}}`; None counts as not given."""
    stated = {name: raw for name, raw in given.items() if raw is not None}
    problems = [
        Problem(name, "UNKNOWN_INPUT", "This calculator has no such input.")
        for name in stated
        if calculator.input(name) is None
    ]
    used: list[Used] = []
    for one in calculator.inputs:
        if one.name in stated:
            reading = read(one, stated[one.name], assumed=one.name in assumed)
            (problems if isinstance(reading, Problem) else used).append(reading)  # type: ignore[arg-type]
    if problems:
        return Refused(tuple(problems))
    values = {reading.input.name: reading.value for reading in used}
    missing = needed(calculator, values)
    if missing:
        return Needs(missing)
    why = calculator.refuses(values)
    if why:
        return Refused(tuple(Problem(name, "NOT_COMPUTABLE", detail) for name, detail in why.items()))
    return _result(calculator, tuple(used), values)


def needed(calculator: Calculator, values: Values) -> tuple[Input, ...]:
    """The inputs that are missing: the required ones, then those that the given values call for."""
    missing = tuple(one for one in calculator.inputs if one.required and one.name not in values)
    return missing or calculator.needs(values)


def _result(calculator: Calculator, used: tuple[Used, ...], values: Values) -> Computed:
    value = calculator.formula(values)
    band = band_of(calculator, value, values)
    return Computed(
        calculator=calculator,
        value=value,
        text=sentence(calculator, value, band, values),
        band=band,
        used=used,
        assumptions=tuple(line for reading in used for line in _assumptions(reading)) + unstated(calculator, values),
        warnings=tuple(reading.warning for reading in used if reading.warning) + calculator.notes(values, value),
    )


def _assumptions(reading: Used) -> list[str]:
    lines = []
    if reading.assumed:
        stated = f"no {reading.input.label}" if reading.value is False else f"{reading.input.label} {reading.value}"
        lines.append(f"assumed: {stated}")
    if reading.unit_assumed:
        lines.append(f"assumed: {reading.input.label} in {reading.unit}")
    return lines


def unstated(calculator: Calculator, values: Values) -> tuple[str, ...]:
    """What the formula takes for optional inputs that nobody gave."""
    return tuple(f"assumed: {one.unstated}" for one in calculator.inputs if one.unstated and one.name not in values)


def band_of(calculator: Calculator, value: Value, values: Mapping[str, Any]) -> str | None:
    reached = [band for band in calculator.bands if band.reached(value, values)]
    return reached[-1].text if reached else None


def display(calculator: Calculator, value: Value, values: Mapping[str, Any]) -> str:
    """Rounded for reading; with one more decimal where rounding would step into another band (59.6 is not G2)."""
    if isinstance(value, str):
        return value
    if calculator.unit == "points":
        return f"{value:g}"
    rounded = f"{value:.{calculator.decimals}f}"
    if band_of(calculator, float(rounded), values) == band_of(calculator, value, values):
        return rounded
    return f"{value:.{calculator.decimals + 1}f}"


def sentence(calculator: Calculator, value: Value, band: str | None, values: Mapping[str, Any]) -> str:
    unit = calculator.unit or ""
    if unit == "points" and value == 1:
        unit = "point"
    shown = calculator.say(value) if calculator.say else f"{display(calculator, value, values)} {unit}".strip()
    said = f"{calculator.short}: {shown}"
    return f"{said}. {band}" if band else f"{said}."


def read(one: Input, raw: Any, *, assumed: bool = False) -> Used | Problem:
    """One input, checked and converted."""
    unit: Any = None
    unit_assumed = False
    from_case: date | None = None
    if isinstance(raw, Mapping):
        if "value" not in raw or set(raw) - {"value", "unit", "assumed", "unit_assumed", "from_case"}:
            return Problem(one.name, "WRONG_TYPE", "Give a value, or an object with value and unit.")
        unit, assumed = raw.get("unit"), assumed or raw.get("assumed") is True
        unit_assumed = raw.get("unit_assumed") is True
        if "from_case" in raw:
            of = _day(one, raw["from_case"], assumed=False)
            if isinstance(of, Problem):
                return of
            from_case = of.value
        raw = raw["value"]
    found = _read(one, raw, unit, assumed=assumed, unit_assumed=unit_assumed)
    return found if from_case is None or isinstance(found, Problem) else replace(found, from_case=from_case)


def _read(one: Input, raw: Any, unit: Any, *, assumed: bool, unit_assumed: bool) -> Used | Problem:
    if isinstance(one, Quantity):
        return _quantity(one, raw, unit, assumed=assumed, unit_assumed=unit_assumed)
    if unit is not None:
        return Problem(one.name, "UNKNOWN_UNIT", "This input has no unit.")
    if isinstance(one, Day):
        return _day(one, raw, assumed)
    return _choice(one, raw, assumed) if isinstance(one, Choice) else _yes_no(one, raw, assumed)


def _day(one: Input, raw: Any, assumed: bool) -> Used | Problem:
    """ISO 8601, so that nobody has to guess whether 03/05 is in March or in May."""
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", raw.strip()):
        return Problem(one.name, "WRONG_TYPE", "Must be a date, YYYY-MM-DD.")
    try:
        day = date.fromisoformat(raw.strip())
    except ValueError:
        return Problem(one.name, "OUT_OF_RANGE", "There is no such day.")
    if not FIRST_DAY <= day <= LAST_DAY:
        return Problem(one.name, "OUT_OF_RANGE", f"{one.label} must be from {FIRST_DAY} to {LAST_DAY}.")
    return Used(one, day, assumed=assumed)


def _choice(one: Choice, raw: Any, assumed: bool) -> Used | Problem:
    word = raw.strip().lower() if isinstance(raw, str) else None
    for option in one.options:
        if word in {option.value.lower(), option.label.lower()}:
            return Used(one, option.value, assumed=assumed)
    options = ", ".join(option.value for option in one.options)
    return Problem(one.name, "UNKNOWN_OPTION", f"Must be one of: {options}.")


def _yes_no(one: Input, raw: Any, assumed: bool) -> Used | Problem:
    if isinstance(raw, str):
        raw = True if raw.strip().lower() in YES else False if raw.strip().lower() in NO else raw
    if not isinstance(raw, bool):
        return Problem(one.name, "WRONG_TYPE", "Must be yes or no (true or false).")
    return Used(one, raw, assumed=assumed)


def _quantity(one: Quantity, raw: Any, unit: Any, *, assumed: bool, unit_assumed: bool) -> Used | Problem:
    number = _number(raw)
    if number is None:
        return Problem(one.name, "WRONG_TYPE", "Must be a number.")
    code = one.unit if unit is None else units.canonical(one.quantity, unit) if isinstance(unit, str) else None
    if code is None:
        return _unit_problem(one, number)
    value = units.convert(one.quantity, number, code, one.unit)
    if not one.possible.holds(value) or (one.whole and value != int(value)):
        return _range_problem(one, number, code)
    warning = None if one.usual.holds(value) else _unusual(one, number, value)
    return Used(one, int(value) if one.whole else value, one.unit or None, assumed, unit_assumed, warning)


def _unusual(one: Quantity, number: float, value: float) -> str:
    """The warning; with the likely unit only where the value is far off: a child's weight or age is no slip."""
    far = one.quantity != "age" and not one.usual.low / 10 <= value <= one.usual.high * 10
    usual = span(one.usual.low, one.usual.high, one.unit)
    return f"The {one.label} is outside the usual range ({usual}).{_ask(_likely(one, number)) if far else ''}"


def _number(raw: Any) -> float | None:
    """A finite number, also as text; True is not 1 here."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def accepted_units(one: Quantity) -> tuple[str, ...]:
    return tuple(units.QUANTITIES[one.quantity])


def _likely(one: Quantity, number: float) -> str | None:
    return units.likely(one.quantity, number, accepted_units(one), (one.usual.low, one.usual.high), one.unit)


def _unit_problem(one: Quantity, number: float) -> Problem:
    guess = _likely(one, number)
    accepted = ", ".join(unit for unit in accepted_units(one) if unit) or "none, it is a plain number"
    return Problem(one.name, "UNKNOWN_UNIT", f"Accepted units for {one.label}: {accepted}.{_ask(guess)}", guess)


def _range_problem(one: Quantity, number: float, code: str) -> Problem:
    low, high = (units.convert(one.quantity, end, one.unit, code) for end in (one.possible.low, one.possible.high))
    guess = _likely(one, number)
    guess = None if guess == code else guess
    kind = "a whole number from" if one.whole else "from"
    return Problem(one.name, "OUT_OF_RANGE", f"{one.label} must be {kind} {span(low, high, code)}.{_ask(guess)}", guess)


def span(low: float, high: float, unit: str) -> str:
    return f"{low:.6g} to {high:.6g} {unit}".strip()


def _ask(guess: str | None) -> str:
    return f" Did you mean {guess}?" if guess else ""
