"""Results and failures in sentences that sound right when spoken. The first clause is short: it is heard first."""

import re
from collections.abc import Sequence
from datetime import date

from voiceassist.contracts.calculations import CalculatorInput, CalculatorResult, MissingInput
from voiceassist.core.errors import FieldError

CALCULATORS_DOWN = (
    "The calculators cannot be reached right now, so I cannot compute this. Please try again in a moment."
)
LIBRARY_DOWN = "The library cannot be reached right now, so I cannot answer this. Please try again in a moment."
LIBRARY_PREPARED = "The library is still being prepared after the first start. Please ask again in a few seconds."
KEPT_HERE = (
    "What you said stays in this house, and the library cannot be searched without a model outside. "
    "Please ask again without details that tell who the patient is."
)
NOT_COMPUTED = "I could not compute this. Please name the calculator and its values in one sentence."
FUNCTION_DOWN = (
    "This cannot be answered right now. The function that knows it does not answer; please try again in a moment."
)
FUNCTION_REFUSED = "You may not ask this here."
FUNCTION_PUZZLED = "I could not answer this. Please ask it in other words."
NO_DEED = "I cannot do that here yet. I answer clinical questions from the library and compute scores."
DRUG_UNCLEAR = (
    "I am not sure which drug you mean, and I give no dose without that. Please say its name again, or spell it."
)
WORD_UNCLEAR = "I am not sure which one you mean. Please ask again in other words."
DOSE_UNCLEAR = (
    "I am not sure which dose you said, and I use none without that. Please say yes if it was right, or say it again."
)
CASE_CLOSED = "The case is no longer there: it has expired or was deleted. I use nothing of it any more."
CASE_UNREADABLE = "The case cannot be read right now, so I answer without it."
DROPPED = "I leave the calculation there."


def result(computed: CalculatorResult) -> str:
    """The value, then what it rests on: numbers are read back because the ear mistakes them (SPEC P4.16)."""
    sentences = [computed.text.strip()]
    stated = [_input(one) for one in computed.inputs if not one.assumed and one.from_case is None]
    if stated:
        sentences.append(f"I used {listed(stated)}.")
    days = sorted({one.from_case for one in computed.inputs if one.from_case and not one.assumed})
    for day in days:
        known = [_input(one) for one in computed.inputs if one.from_case == day]
        sentences.append(f"From the case, as of {_day(day.isoformat())}: {listed(known)}.")
    assumed = [line.removeprefix("assumed:").strip() for line in computed.assumptions]
    if assumed:
        sentences.append(f"I assumed {listed(assumed)}; tell me if that is wrong.")
    sentences.extend(_sentence(warning) for warning in computed.warnings)
    return " ".join(sentences)


def not_computed(errors: Sequence[FieldError]) -> str:
    """Why values that are possible one by one allow no result together; the room's sentences hold no input."""
    reasons = [error.detail for error in errors if error.code == "NOT_COMPUTABLE"]
    return f"I cannot compute this. {' '.join(reasons)}" if reasons else NOT_COMPUTED


def _input(one: CalculatorInput) -> str:
    if isinstance(one.value, bool):
        return one.label if one.value else f"no {one.label}"
    value = _number(one.value) if isinstance(one.value, float) else _day(str(one.value))
    return " ".join(part for part in (one.label, value, one.unit) if part)


def _number(value: float) -> str:
    """Four digits, as many as a laboratory prints: 90 µmol/L of creatinine is read back as 1.018 mg/dL."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def _day(value: str) -> str:
    """A day as it is said, 5 March 2024; any other text as it is."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return value
    day = date.fromisoformat(value)
    return f"{day.day} {day:%B} {day.year}"


def still_missing(missing: Sequence[MissingInput], title: str | None) -> str:
    """Said instead of a third question."""
    named = listed([one.label for one in missing])
    return f"For {title or 'this calculation'} I still need {named}. Please say the values in one sentence."


def which(term: str, options: Sequence[str]) -> str:
    """The question which kind is meant; without options, for its name."""
    if not options:
        return f"Which kind of {term} do you mean? Please name it, or say: just answer."
    return f"Which kind of {term}: {', '.join(options[:-1])}, or {options[-1]}?"


def which_drug(options: Sequence[str]) -> str:
    """The question whether one name is meant, or which of several; without options, for the name."""
    if not options:
        return "Which drug do you mean? Please say its name, or spell it."
    if len(options) == 1:
        return f"Did you mean {options[0]}? Please say yes, no, or another name."
    return f"Which drug do you mean: {', '.join(options[:-1])}, or {options[-1]}?"


def which_word(options: Sequence[str]) -> str:
    """The question which of two opposites was said."""
    return f"Which do you mean: {', '.join(options[:-1])}, or {options[-1]}?"


def which_dose(amounts: Sequence[tuple[str, str]]) -> str:
    """The doses that were heard, digit by digit; without any, the question for the number."""
    if not amounts:
        return "Which dose did you say? Please say its number digit by digit."
    return f"{heard_dose(amounts)} Is that right?"


def heard_dose(amounts: Sequence[tuple[str, str]]) -> str:
    """What is said back in an emergency, where nothing is asked."""
    return f"I heard {listed([f'{shown}: {digits}' for shown, digits in amounts])}."


def for_the_dose(drug: str, lacks: Sequence[str]) -> str:
    """One question for all that the dose depends on and nobody said."""
    return f"For the dose of {drug} in this patient I need: {listed(lacks)}. Please say them, or: just answer."


def not_for_children(drug: str) -> str:
    """Said before a dose that may be an adult's."""
    return f"What I have on {drug} does not speak of children; this is no dose for a child."


def of_case(known: Sequence[str]) -> str:
    """Said before an answer for the patient of the case."""
    return f"From the case: {listed(known)}." if known else ""


def dose_without(lacks: Sequence[str]) -> str:
    """Said before an answer that nobody told these for."""
    return f"I do not know the {listed(lacks)} of this patient; the dose may differ with them." if lacks else ""


def also(examples: Sequence[str]) -> str:
    """What the hospital has added, behind the help."""
    return f" You can also ask: {'; '.join(examples)}." if examples else ""


def listed(parts: Sequence[str]) -> str:
    """Several things as one phrase: a, b and c."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _sentence(text: str) -> str:
    stripped = text.strip()
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."
