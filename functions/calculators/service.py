"""The use cases: list, show, compute, interpret; outcomes of the library become contracts or problems."""

from functions.calculators import schema
from functions.calculators.domain.case import Fact
from functions.calculators.domain.compute import Computed, Needs, Problem, Refused, compute
from functions.calculators.domain.interpret import Interpreted, interpret
from functions.calculators.domain.model import Calculator
from functions.calculators.domain.registry import calculators
from voiceassist.contracts.calculations import (
    CalculatorInput,
    CalculatorResult,
    ComputeRequest,
    Interpretation,
    InterpretRequest,
    MissingInput,
)
from voiceassist.contracts.cases import current
from voiceassist.core import clock
from voiceassist.core.errors import FieldError, NeedsInputError, NotFoundError, ValidationError


def listed() -> schema.Summaries:
    return schema.Summaries(items=tuple(schema.summary_of(one) for one in calculators().values()))


def shown(calculator_id: str) -> schema.Detail:
    return schema.detail_of(_known(calculator_id))


def computed(calculator_id: str, request: ComputeRequest) -> CalculatorResult:
    """Raises NeedsInputError with every missing input, ValidationError with every impossible one."""
    outcome = compute(_known(calculator_id), request.inputs, request.assumed)
    if isinstance(outcome, Needs):
        missing = (FieldError(f"/inputs/{one.name}", "NEEDS_INPUT", one.question) for one in outcome.missing)
        raise NeedsInputError("The calculator needs more inputs.", errors=tuple(missing))
    if isinstance(outcome, Refused):
        raise ValidationError("An input cannot be used.", errors=tuple(_fault(one) for one in outcome.problems))
    return _result(outcome)


def interpreted(request: InterpretRequest) -> Interpretation:
    if request.calculator is not None:
        _openable(request.calculator)
    now = clock.now()
    reading = interpret(
        request.text,
        calculator=request.calculator,
        known=request.known,
        asked=request.asked,
        today=now.date(),
        assume=request.assume,
        doubted=request.doubted,
        case=[Fact(one.kind, one.text, one.since.date()) for one in current(request.case, now)],
    )
    return _interpretation(reading)


def _known(calculator_id: str) -> Calculator:
    calculator = calculators().get(calculator_id)
    if calculator is None:
        raise NotFoundError("There is no such calculator.")
    return calculator


def _openable(name: str) -> None:
    from functions.calculators.domain.naming import by_title

    if by_title(name) is None:
        raise NotFoundError("There is no such calculator.")


def _fault(problem: Problem) -> FieldError:
    """A name the calculator does not know is the caller's text, so it is not repeated."""
    pointer = "/inputs" if problem.code == "UNKNOWN_INPUT" else f"/inputs/{problem.name}"
    return FieldError(pointer, problem.code, problem.detail)


def _result(outcome: Computed) -> CalculatorResult:
    calculator = outcome.calculator
    return CalculatorResult(
        calculator_id=calculator.id,
        title=calculator.title,
        version=calculator.version,
        value=outcome.value,
        unit=calculator.unit,
        text=outcome.text,
        band=outcome.band,
        inputs=tuple(
            CalculatorInput(
                name=one.input.name,
                label=one.input.label,
                value=one.plain,
                unit=one.unit,
                assumed=one.assumed,
                from_case=one.from_case,
            )
            for one in outcome.used
        ),
        assumptions=outcome.assumptions,
        warnings=outcome.warnings,
        citations=schema.references_of(calculator),
    )


def _interpretation(reading: Interpreted) -> Interpretation:
    calculator = reading.calculator
    return Interpretation(
        calculator_id=calculator.id if calculator else None,
        title=calculator.title if calculator else None,
        confidence=reading.confidence,
        inputs=dict(reading.inputs),
        assumed=reading.assumed,
        missing=tuple(
            MissingInput(
                name=one.name, label=one.label, question=one.question, options=one.options, members=one.members
            )
            for one in reading.missing
        ),
        assumptions=reading.assumptions,
        choices=reading.choices,
        question=reading.question,
        doubted=dict(reading.doubted),
    )
