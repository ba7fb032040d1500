"""A sentence, typed or heard, as a request to a calculator: which one, what it states, what is still missing.

What nobody said is asked for: a number or a category by itself, the yes/no criteria in one question together, "which of
these apply?". "None" decides them all; the ones that a reply leaves out while it names others are passed on as "no" and
named as assumptions. Otherwise a criterion is assumed only where the caller says that the speaker wants it (`assume`),
and a clinician's own judgement, or what somebody mentioned without deciding it, never (ADR 0007). The values themselves
are checked like any other input.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from functions.calculators.domain import case as cases
from functions.calculators.domain import dates, naming, reading
from functions.calculators.domain.compute import Problem, needed, read, unstated
from functions.calculators.domain.model import Calculator, Choice, Day, Input, Quantity, YesNo
from functions.calculators.domain.registry import calculators
from functions.calculators.domain.wording import normalise

CRITERIA = "criteria"  # the one question that stands for all yes/no criteria that nobody mentioned
AGREES = re.compile(
    r"^(?:yes|yeah|yep|yup|correct|right|true|positive|present|(?:he|she|they) (?:does|do|has|have|is)\b(?! not))"
)
DISAGREES = re.compile(
    r"^(?:no\b|nope|nah|none|negative|absent|false|neither|never|not\b"
    r"|(?:he|she|they) (?:does|do|has|is|did)(?: not|nt))"
)
NOTHING_APPLIES = re.compile(r"\b(?:none|no|nothing|neither|nope)\b(?: of (?:them|these|those|the above))?")
ALL_APPLY = re.compile(r"^(?:yes |yeah )?(?:all|both|every one)(?: of (?:them|these|those|the above))?(?: apply)?$")
# "None but vascular disease" denies everything else.
NONE_BUT = re.compile(
    r"^(?:none|no|nope|nothing|neither)(?: of (?:them|these|those))?[ ,]+(?:only|just|but|except(?: for)?|apart from)\b"
)
# The speaker closes the list: what was not named does not apply.
CLOSED = re.compile(
    r"\b(?:nothing else|no (?:other|further) (?:criteria|criterion|conditions?|risk factors?|diagnos[ei]s|diseases?"
    r"|comorbidit(?:y|ies)|findings?|history)|none of the (?:others?|rest)|otherwise (?:none|no|negative|healthy|well)"
    r"|(?:the rest|(?:all |the )*others)(?: (?:is|are))? (?:no|none|negative|absent)|no others?)\b"
)
ONLY = re.compile(r"\b(?:only|just|alone)\b")


@dataclass(frozen=True, slots=True)
class Missing:
    """`members`: the inputs that the question stands for, where it stands for several."""

    name: str
    label: str
    question: str
    options: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interpreted:
    """`inputs` may be sent to `compute` and back here as `known` unchanged; assumed ones say so themselves.

    `doubted` holds the numbers that were said and could not be used as they were, by input: {"value", "likely"}, the
    likely unit where there is one. Sent back, they let a reply name only the unit, or agree to it.
    """

    calculator: Calculator | None = None
    confidence: float = 0.0
    inputs: dict[str, Any] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    assumptions: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    question: str | None = None
    doubted: dict[str, dict[str, Any]] = field(default_factory=dict)


def interpret(
    text: str,
    *,
    calculator: str | None = None,
    known: Mapping[str, Any] | None = None,
    asked: str | None = None,
    today: date | None = None,
    assume: bool = False,
    doubted: Mapping[str, Any] | None = None,
    case: Sequence[cases.Fact] = (),
) -> Interpreted:
    """Read `text`; `calculator` is the open one (id or title), `asked` the input its last question was about.

    `assume`: the speaker wants the result now, with criteria that nobody mentioned taken as "no" and named.
    Without `today` the words "today" and "5 March" name no day and are asked for. `case`: what is known of the patient,
    newest first, for inputs that nobody says.
    """
    said = normalise(text)
    known = {name: value for name, value in (known or {}).items() if not _is_of_case(value)}  # it may have changed

    def of_case(calculator: Calculator) -> dict[str, Any]:
        return cases.taken(calculator, said, case) if case else {}

    opened = naming.by_title(calculator) if calculator else None
    request = naming.find(said, count_stated)
    if opened is None and request is None:
        return Interpreted()
    if opened is None or _switches(request, opened):
        assert request is not None  # noqa: S101 - the case above
        if request.question:
            titles = tuple(calculators()[member].title for member in request.members)
            return Interpreted(confidence=request.confidence, choices=titles, question=request.question)
        opened = calculators()[request.members[0]]
        rest = said if opened.input_in_name else _without(said, request.span)
        return _interpreted(opened, rest, known, None, request.confidence, today, assume=assume, case=of_case(opened))
    named = next((one for one in naming.mentions(said) if opened.id in one.members), None)
    rest = _without(said, (named.start, named.end)) if named and not opened.input_in_name else said
    before = {**known, **_resolved(opened, rest, asked, doubted or {})}
    found = _interpreted(opened, rest, before, asked, None, today, assume=assume, case=of_case(opened))
    still = {name: said for name, said in (doubted or {}).items() if name not in found.inputs}
    confidence = found.confidence if before == known else 0.95
    return replace(found, confidence=confidence, doubted={**still, **found.doubted})


def _is_of_case(value: Any) -> bool:
    return isinstance(value, Mapping) and "from_case" in value


def count_stated(calculator: Calculator, text: str) -> int:
    stated = reading.read(calculator, text)
    return len(stated.values) + len(stated.unclear)


def _switches(request: naming.Request | None, opened: Calculator) -> bool:
    return request is not None and request.confidence >= 0.85 and opened.id not in request.members


def _without(text: str, span: tuple[int, int]) -> str:
    return f"{text[: span[0]]}{'|' * (span[1] - span[0])}{text[span[1] :]}"


def _interpreted(
    calculator: Calculator,
    text: str,
    known: Mapping[str, Any],
    asked: str | None,
    confidence: float | None,
    today: date | None,
    *,
    assume: bool,
    case: Mapping[str, Any],
) -> Interpreted:
    said = NONE_BUT.sub("only", text.strip(" ,.")) if asked == CRITERIA else text
    stated = reading.read(calculator, said, today)
    values = {name: value for name, value in known.items() if calculator.input(name) and value is not None}
    replied = _reply(calculator, said, asked, stated, values, today)
    before = dict(values)
    values |= stated.values
    faults = {problem.name: problem for problem in _faults(calculator, values)}
    for name in faults.keys() | stated.unclear:
        values.pop(name, None)
    unsaid = {name: value for name, value in case.items() if name not in values.keys() | faults.keys() | stated.unclear}
    values |= unsaid
    before |= unsaid
    _close(calculator, said, asked, stated, values)
    named = asked == CRITERIA and any(_is_criterion(calculator, name) for name in _affirmed(stated))
    if named or assume:
        _assume(calculator, values, stated.unclear)
    readings = {one.name: read(one, values[one.name]) for one in calculator.inputs if one.name in values}
    plain = {name: found.value for name, found in readings.items() if not isinstance(found, Problem)}
    wanted = needed(calculator, plain)
    missing = _missing(calculator, values, wanted, stated.unclear, faults) or _corrections(calculator, plain)
    if confidence is None:
        confidence = 0.95 if replied or values != before or faults or stated.unclear else 0.2
    return Interpreted(
        calculator=calculator,
        confidence=confidence,
        inputs=values,
        assumed=tuple(name for name, value in values.items() if isinstance(value, Mapping) and value.get("assumed")),
        missing=missing,
        assumptions=(*_spoken_assumptions(calculator, values), *(() if missing else unstated(calculator, plain))),
        question=missing[0].question if missing else None,
        doubted=_doubted(stated, faults),
    )


def _doubted(stated: reading.Stated, faults: Mapping[str, Problem]) -> dict[str, dict[str, Any]]:
    found = {name: {"value": number} for name, number in stated.bare.items()}
    for name, fault in faults.items():
        said = stated.values.get(name)
        if isinstance(said, Mapping) and fault.code in {"OUT_OF_RANGE", "UNKNOWN_UNIT"}:
            found[name] = {"value": said["value"]} | ({"likely": fault.likely_unit} if fault.likely_unit else {})
    return found


def _resolved(calculator: Calculator, text: str, asked: str | None, doubted: Mapping[str, Any]) -> dict[str, Any]:
    """The doubted number with the unit that a reply names by itself, or agrees to: "micromoles per liter", "yes"."""
    one, said = calculator.input(asked or ""), doubted.get(asked or "")
    if not isinstance(one, Quantity) or not isinstance(said, Mapping) or "value" not in said:
        return {}
    plain = re.sub(r"^(?:(?:it is|its|in|that is|yes|sorry|i mean|i meant)\b[ ,]*)+", "", text.strip(" ,.")).strip(
        " ,."
    )
    unit, end = reading.unit_at(plain, 0, one)
    if unit and not plain[end:].strip(" ,."):
        return {one.name: {"value": said["value"], "unit": unit}}
    if said.get("likely") and AGREES.match(text.strip(" ,.")) and len(text.split()) <= 4:
        return {one.name: {"value": said["value"], "unit": said["likely"]}}
    return {}


def _reply(
    calculator: Calculator,
    text: str,
    asked: str | None,
    stated: reading.Stated,
    known: Mapping[str, Any],
    today: date | None,
) -> bool:
    """Fill the asked slot from a bare reply; what the sentence itself names wins. "None" is about what is not known."""
    plain = text.strip(" ,.")
    if asked == CRITERIA and not any(_is_criterion(calculator, name) for name in stated.values):
        applies = ALL_APPLY.match(plain) is not None
        if applies or NOTHING_APPLIES.search(plain):
            stated.values |= {one.name: applies for one in _silent(calculator, known, set())}
            return True
        return False
    one = calculator.input(asked) if asked else None
    if one is None or one.name in stated.values:
        return one is not None
    answer = _answer(one, plain, today)
    if answer.unclear:
        stated.unclear |= answer.unclear
    elif answer.values:
        stated.values |= answer.values
        stated.unclear -= answer.values.keys()
        _keep_alike(calculator, one, stated, known)
    return bool(answer.values or answer.unclear)


def _keep_alike(calculator: Calculator, one: Input, stated: reading.Stated, known: Mapping[str, Any]) -> None:
    """ "Dexamethasone" in reply to "to which steroid?" does not change the steroid that is given now."""
    others = (other for other in calculator.inputs if isinstance(other, Choice) and not other.words and other != one)
    for other in others if isinstance(one, Choice) else ():
        if other.name in known:
            stated.values.pop(other.name, None)


def _affirmed(stated: reading.Stated) -> list[str]:
    return [name for name, value in stated.values.items() if value is True]


def _is_criterion(calculator: Calculator, name: str) -> bool:
    return isinstance(calculator.input(name), YesNo)


def _answer(one: Input, plain: str, today: date | None) -> reading.Stated:
    if isinstance(one, Quantity):
        return reading.bare_number(one, plain)
    if isinstance(one, Day):
        days = [found.day for found in dates.find(plain, today)]
        if len(days) != 1 or days[0] is None:
            return reading.Stated(unclear={one.name} if days else set())
        return reading.Stated(values={one.name: days[0].isoformat()})
    value: Any = None
    if isinstance(one, Choice):
        value = reading.option_named(one, plain)
        if (
            value is None
            and DISAGREES.match(plain)
            and len(plain.split()) <= 2
            and one.options[0].value in {"absent", "none"}
        ):
            value = one.options[0].value
    elif DISAGREES.match(plain):
        value = False
    elif AGREES.match(plain):
        value = True
    return reading.Stated() if value is None else reading.Stated(values={one.name: value})


def _faults(calculator: Calculator, values: Mapping[str, Any]) -> list[Problem]:
    readings = (read(one, values[one.name]) for one in calculator.inputs if one.name in values)
    return [found for found in readings if isinstance(found, Problem)]


def _silent(calculator: Calculator, values: Mapping[str, Any], unclear: set[str]) -> list[YesNo]:
    """The criteria that nobody mentioned."""
    criteria = (one for one in calculator.inputs if isinstance(one, YesNo) and one.required)
    return [one for one in criteria if one.name not in values and one.name not in unclear]


def _close(
    calculator: Calculator, text: str, asked: str | None, stated: reading.Stated, values: dict[str, Any]
) -> None:
    """ "Hypertension, nothing else", or "only hypertension" in reply: the speaker denies what was not named."""
    only = asked == CRITERIA and _affirmed(stated) and ONLY.search(text)
    if only or (values.keys() - {"sex"} and CLOSED.search(text)):
        # What a score leaves to the clinician's judgement was denied only if it had been named in the question.
        closed = _silent(calculator, values, stated.unclear)
        values |= {one.name: False for one in closed if only or not one.judgement}


def _assume(calculator: Calculator, values: dict[str, Any], unclear: set[str]) -> None:
    """Pass unmentioned criteria on as "no", marked as assumed."""
    for one in _silent(calculator, values, unclear):
        if not one.judgement:
            values[one.name] = {"value": False, "assumed": True}


def _missing(
    calculator: Calculator,
    values: Mapping[str, Any],
    lacking: tuple[Input, ...],
    unclear: set[str],
    faults: Mapping[str, Problem],
) -> tuple[Missing, ...]:
    """`lacking`: what the calculator itself needs; what was said and could not be used is asked for besides."""
    again = [one for one in calculator.inputs if one.name not in values and one.name in faults.keys() | unclear]
    wanted = [*lacking, *(one for one in again if one not in lacking)]
    silent = [one for one in wanted if isinstance(one, YesNo) and one.name not in unclear]
    together = silent if len(silent) > 1 else []
    asked = [_slot(one, one.name in unclear, faults.get(one.name)) for one in wanted if one not in together]
    if together:
        labels = tuple(one.label for one in together)
        question = f"Which of these apply: {'; '.join(labels)}; or none?"
        asked.insert(0, Missing(CRITERIA, "criteria", question, labels, tuple(one.name for one in together)))
    # What was said but could not be used comes first: the speaker still has it in mind.
    return tuple(sorted(asked, key=lambda slot: slot.name not in faults.keys() | unclear))


def _corrections(calculator: Calculator, plain: Mapping[str, Any]) -> tuple[Missing, ...]:
    """What is possible by itself and cannot be computed with the rest is asked for again, with the reason."""
    refused = calculator.refuses(plain)
    return tuple(
        replace(_slot(one, False, None), question=f"{refused[one.name]} What is right?")
        for one in calculator.inputs
        if one.name in refused
    )


def _slot(one: Input, mentioned: bool, fault: Problem | None) -> Missing:
    question = one.question
    if fault:
        guess = f" Did you mean {fault.likely_unit}?" if fault.likely_unit else ""
        question = f"The {one.label} cannot be right as I understood it.{guess} Please say it again with its unit."
    elif mentioned and isinstance(one, Day):
        question = f"On which day exactly? Please say the {one.label} with the month by its name and the year."
    elif mentioned and isinstance(one, Quantity) and not one.bare_after:
        question = f"In which unit is the {one.label}? Please say the value with its unit."
    options: tuple[str, ...] = ()
    if isinstance(one, Choice):
        options = tuple(option.label for option in one.options)
    elif isinstance(one, YesNo):
        options = ("yes", "no")
    return Missing(one.name, one.label, question, options)


def _spoken_assumptions(calculator: Calculator, values: Mapping[str, Any]) -> list[str]:
    lines = []
    for one in calculator.inputs:
        value = values.get(one.name)
        if isinstance(value, Mapping) and value.get("assumed"):
            lines.append(f"assumed: no {one.label}")
        if isinstance(value, Mapping) and value.get("unit_assumed"):
            lines.append(f"assumed: {one.label} in {value['unit']}")
    return lines
