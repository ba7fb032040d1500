"""Calculator results and the reading of a spoken request, as realtime and the page receive them."""

from datetime import date

from pydantic import Field

from voiceassist.contracts.answers import Contract
from voiceassist.contracts.cases import CaseFact

Value = float | int | bool | str


class Reference(Contract):
    text: str
    doi: str | None = None
    year: int | None = None


class CalculatorInput(Contract):
    """An input as the formula used it, in its canonical unit; `assumed` when the speaker did not say it.

    `from_case`: the day from which the open case has it, where nobody said it in the question.
    """

    name: str
    label: str
    value: Value
    unit: str | None = None
    assumed: bool = False
    from_case: date | None = None


class CalculatorResult(Contract):
    calculator_id: str
    title: str
    version: str
    value: Value
    unit: str | None = None
    text: str
    band: str | None = None
    inputs: tuple[CalculatorInput, ...] = ()
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    citations: tuple[Reference, ...] = ()


class MissingInput(Contract):
    """`members` names the inputs that one question stands for: the yes/no criteria that nobody mentioned."""

    name: str
    label: str
    question: str
    options: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class ComputeRequest(Contract):
    """`inputs`: name to a value, or to {"value": …, "unit": …}; `assumed` names inputs nobody stated.

    {"from_case": "2026-01-02"} beside a value: it is out of the open case, of that day.
    """

    inputs: dict[str, object] = Field(max_length=100)
    assumed: tuple[str, ...] = ()


class InterpretRequest(Contract):
    """`known`, `asked` and `doubted` are those of the interpretation that this text replies to.

    `assume`: take criteria that nobody mentioned as "no", marked as assumed; only at the speaker's own wish. `case`:
    what is known of the patient, for inputs that the text does not say; what is taken from it says `from_case`.
    """

    text: str = Field(min_length=1, max_length=2000)
    calculator: str | None = None
    known: dict[str, object] = Field(default_factory=dict, max_length=100)
    asked: str | None = None
    assume: bool = False
    doubted: dict[str, object] = Field(default_factory=dict, max_length=100)
    case: tuple[CaseFact, ...] = Field(default=(), max_length=200)


class Interpretation(Contract):
    """What a sentence asks of a calculator; `calculator_id` is None when it asks for none.

    `choices` is filled when a name fits several calculators (Wells: DVT or PE). `doubted`: numbers that were said and
    could not be used, {"value", "likely"} by input; a reply may then name the unit alone.
    """

    calculator_id: str | None = None
    title: str | None = None
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    inputs: dict[str, object] = Field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    missing: tuple[MissingInput, ...] = ()
    assumptions: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    question: str | None = None
    doubted: dict[str, object] = Field(default_factory=dict)
