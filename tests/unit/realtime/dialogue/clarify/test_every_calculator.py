"""Every calculator by conversation: all inputs but one are said, exactly that one is asked for, and the value is right.

The sentences come from the worked examples of the catalogue, as they are typed ("no diabetes", "creatinine 1.2 mg/dL"),
as a form has them ("diabetes no") and as they are spoken (numbers and units in words). Voice and writing use the same
dialogue; what the ear makes of the words is tested with real speech in tests/e2e.
"""

from datetime import date

import pytest

from functions.calculators import service
from functions.calculators.domain.compute import Problem, compute, needed, read
from functions.calculators.domain.interpret import interpret
from functions.calculators.domain.model import Choice, Day, Quantity, YesNo
from functions.calculators.domain.registry import calculators
from realtime.dialogue.clarify.asking import Asking
from realtime.dialogue.manager import Dialogue
from voiceassist.contracts.answers import Answer
from voiceassist.contracts.calculations import ComputeRequest, InterpretRequest

NONE = Answer(status="abstained", text="I found no evidence.", spoken="I found no evidence.")
SMALL = str.split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = str.split("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
UNITS = {
    "mg/dL": "milligrams per deciliter", "µmol/L": "micromoles per liter", "g/dL": "grams per deciliter",
    "g/L": "grams per liter", "mmol/L": "millimoles per liter", "U/L": "units per liter", "mL/min": "mils per minute",
    "/min": "per minute", "10^9/L": "times ten to the nine per liter", "mL/day": "milliliters per day",
    "/day": "times a day", "%": "percent", "°C": "degrees", "kg": "kilograms", "cm": "centimeters",
    "ms": "milliseconds", "mg": "milligrams", "mmHg": "", "kg/m²": "", "mL/min/1.73 m²": "",
}  # fmt: skip


class Rooms:
    """The real calculators, and a library without evidence."""

    async def interpret(self, text, **options):
        options |= {name: dict(options.get(name) or {}) for name in ("known", "doubted")}
        return service.interpreted(InterpretRequest(text=text, **options))

    async def compute(self, calculator_id, interpretation):
        request = ComputeRequest(inputs=interpretation.inputs, assumed=interpretation.assumed)
        return service.computed(calculator_id, request)

    async def search(self, _question):
        return ()

    async def answer(self, _question):
        return NONE


def in_words(number):
    text = f"{number:g}"
    if "." in text:
        whole, decimals = text.split(".")
        return f"{in_words(int(whole))} point {' '.join(SMALL[int(digit)] for digit in decimals)}"
    value = int(number)
    if value < 20:
        return SMALL[value]
    for size, name in ((1000, " thousand"), (100, " hundred")):
        if value >= size:
            rest = f" {in_words(value % size)}" if value % size else ""
            return f"{in_words(value // size)}{name}{rest}"
    return TENS[value // 10] + (f" {SMALL[value % 10]}" if value % 10 else "")


def value_of(one, raw, style):
    if isinstance(one, Day):
        day = date.fromisoformat(raw)
        return f"{day.day} {day:%B} {day.year}"
    if isinstance(one, YesNo):
        return "yes" if raw else "no"
    if isinstance(one, Choice):
        option = next(option for option in one.options if raw in {option.value, option.label})
        digit = option.value.isdecimal()
        return (in_words(int(option.value)) if style == "spoken" else option.value) if digit else option.label
    number, unit = (raw["value"], raw.get("unit", one.unit)) if isinstance(raw, dict) else (raw, one.unit)
    if style == "spoken":
        return f"{in_words(number)} {UNITS.get(unit, unit)}".strip()
    return f"{number:g} {unit}".strip()


def said(one, raw, style):
    if isinstance(one, YesNo) and style != "form":
        return one.label if raw else f"no {one.label}"
    return f"{one.label} {value_of(one, raw, style)}"


def lacking(calculator, given):
    """Each input without which the others of `given` do not suffice, alone."""
    rates = {one.follows for one in calculator.inputs if isinstance(one, Quantity) and one.follows}
    for one in calculator.inputs:
        if one.name not in given or one.name in rates:  # "three times a day" without its dose says nothing
            continue
        rest = {name: raw for name, raw in given.items() if name != one.name}
        readings = {name: read(calculator.input(name), raw) for name, raw in rest.items()}
        plain = {name: found.value for name, found in readings.items() if not isinstance(found, Problem)}
        if [each.name for each in needed(calculator, plain)] == [one.name]:
            yield one, rest


def test_there_is_a_case_for_every_calculator():
    assert len(calculators()) >= 70
    assert all(list(lacking(one, one.examples[0].inputs)) for one in calculators().values())


@pytest.mark.req("P5.17")
@pytest.mark.req("P4.11")
@pytest.mark.parametrize("style", ["typed", "form", "spoken"])
@pytest.mark.parametrize("calculator", calculators().values(), ids=lambda one: one.id)
async def test_the_one_missing_input_is_asked_for_and_completes_the_request(calculator, style):
    given = calculator.examples[0].inputs
    expected = compute(calculator, given).value
    for one, rest in lacking(calculator, given):
        # What is present first: behind a denial, "and diabetes" can be meant either way.
        ordered = sorted(rest.items(), key=lambda pair: pair[1] is False)
        stated = ", ".join(said(calculator.input(name), raw, style) for name, raw in ordered)
        dialogue = Dialogue(Rooms(), asking=Asking())

        asked = await dialogue.reply(f"calculate the {calculator.short}: {stated}")
        assert asked.ask is not None, (one.name, asked.text)
        assert [missing.name for missing in dialogue.open.interpretation.missing] == [one.name]

        told = await dialogue.reply(value_of(one, given[one.name], style))
        assert told.result is not None, (one.name, told.text)
        assert told.result.value == expected, (one.name, told.text)


@pytest.mark.parametrize("form", ["the patient has no {}", "no {}", "{} no", "{}: no", "without {}"])
@pytest.mark.parametrize("calculator", calculators().values(), ids=lambda one: one.id)
def test_a_criterion_denied_by_its_own_label_is_never_taken_as_present(calculator, form):
    for one in calculator.inputs:
        if isinstance(one, YesNo):
            found = interpret(form.format(one.label), calculator=calculator.id)
            assert found.inputs.get(one.name) is False or one.name not in found.inputs, one.name
            affirmed = [name for name, value in found.inputs.items() if value is True]
            assert affirmed == [], one.name
