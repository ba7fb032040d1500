"""What the door shows of a calculator, and the JSON Schema of its inputs (draft 2020-12)."""

from typing import Any

from pydantic import Field

from functions.calculators.domain.compute import accepted_units
from functions.calculators.domain.model import Band, Calculator, Choice, Day, Input, Quantity
from voiceassist.contracts.answers import Contract
from voiceassist.contracts.calculations import Reference

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Summary(Contract):
    id: str
    title: str
    short: str
    summary: str
    version: str
    aliases: tuple[str, ...]


class Summaries(Contract):
    items: tuple[Summary, ...]
    next_cursor: str | None = None


class Span(Contract):
    low: float
    high: float


class InputField(Contract):
    """One field of the form; `kind` is quantity, choice, date or yes_no.

    `unstated`: what the formula takes, and says, when an optional input is left out.
    """

    name: str
    label: str
    question: str
    kind: str
    required: bool
    unstated: str | None = None
    unit: str | None = None
    units: tuple[str, ...] = ()
    possible: Span | None = None
    usual: Span | None = None
    options: tuple[str, ...] = ()


class Interpretation(Contract):
    """A band: from `at_least` (or `above`), or for the result `equals`; `when` limits it, e.g. to {"sex": "male"}."""

    text: str
    at_least: float | None = None
    above: float | None = None
    equals: str | None = None
    when: dict[str, str] = Field(default_factory=dict)


class Detail(Summary):
    unit: str | None
    equation: str
    licence: str
    inputs: tuple[InputField, ...]
    input_schema: dict[str, Any]
    bands: tuple[Interpretation, ...]
    caveats: tuple[str, ...]
    citations: tuple[Reference, ...]


def summary_of(calculator: Calculator) -> Summary:
    return Summary(**_shared(calculator))


def detail_of(calculator: Calculator) -> Detail:
    return Detail(
        **_shared(calculator),
        unit=calculator.unit,
        equation=calculator.equation,
        licence=calculator.licence,
        inputs=tuple(field_of(one) for one in calculator.inputs),
        input_schema=json_schema(calculator),
        bands=tuple(band_of(band) for band in calculator.bands),
        caveats=calculator.caveats,
        citations=references_of(calculator),
    )


def _shared(calculator: Calculator) -> dict[str, Any]:
    names = ("id", "title", "short", "summary", "version", "aliases")
    return {name: getattr(calculator, name) for name in names}


def references_of(calculator: Calculator) -> tuple[Reference, ...]:
    return tuple(Reference(text=one.text, doi=one.doi, year=one.year) for one in calculator.citations)


def field_of(one: Input) -> InputField:
    names = ("name", "label", "question", "required", "unstated")
    shared: dict[str, Any] = {name: getattr(one, name) for name in names}
    if isinstance(one, Quantity):
        return InputField(
            **shared,
            kind="quantity",
            unit=one.unit or None,
            units=tuple(unit for unit in accepted_units(one) if unit),
            possible=Span(low=one.possible.low, high=one.possible.high),
            usual=Span(low=one.usual.low, high=one.usual.high),
        )
    if isinstance(one, Choice):
        return InputField(**shared, kind="choice", options=tuple(option.value for option in one.options))
    return InputField(**shared, kind="date" if isinstance(one, Day) else "yes_no")


def band_of(band: Band) -> Interpretation:
    when = {band.when[0]: band.when[1]} if band.when else {}
    if isinstance(band.floor, str):
        return Interpretation(text=band.text, equals=band.floor, when=when)
    if band.floor == float("-inf"):
        return Interpretation(text=band.text, when=when)
    if band.inclusive:
        return Interpretation(text=band.text, at_least=band.floor, when=when)
    return Interpretation(text=band.text, above=band.floor, when=when)


def json_schema(calculator: Calculator) -> dict[str, Any]:
    """The object `inputs` of a compute request. A number without a unit is in the canonical unit."""
    return {
        "$schema": DIALECT,
        "type": "object",
        "title": calculator.title,
        "additionalProperties": False,
        "required": [one.name for one in calculator.inputs if one.required],
        "properties": {one.name: _property(one) for one in calculator.inputs},
    }


def _property(one: Input) -> dict[str, Any]:
    described: dict[str, Any] = {"title": one.label, "description": one.question}
    if isinstance(one, Choice):
        return described | _stated({"enum": [option.value for option in one.options]})
    if isinstance(one, Day):
        return described | _stated({"type": "string", "format": "date"})
    if not isinstance(one, Quantity):
        return described | _stated({"type": "boolean"})
    bounds = {"minimum": one.possible.low, "maximum": one.possible.high}
    number = {"type": "integer" if one.whole else "number"}
    usual = {"low": one.usual.low, "high": one.usual.high}
    with_unit = _object(number, {"unit": {"enum": list(accepted_units(one))}})
    return described | {"x-unit": one.unit, "x-usual": usual, "anyOf": [number | bounds, with_unit]}


def _stated(value: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [value, _object(value, {})]}


def _object(value: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A value with what is known about it; `assumed`: nobody stated it; `from_case`: its day in the open case."""
    flags = {
        "assumed": {"type": "boolean"},
        "unit_assumed": {"type": "boolean"},
        "from_case": {"type": "string", "format": "date"},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["value"],
        "properties": {"value": value, **more, **flags},
    }
