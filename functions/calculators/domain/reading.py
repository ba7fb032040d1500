"""The inputs a sentence states for a calculator: quantities with their units, days, options, criteria with negation.

Works on normalised text (wording.py). What it has read it masks with `|`, so that no number is used twice.
Where the words leave it open, the input is put under `unclear` and asked for; nothing is guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from functions.calculators.domain import dates, doses, labels, negation, units
from functions.calculators.domain.model import Calculator, Choice, Day, Input, Option, Quantity, YesNo

NUMBER = r"(\d+(?:\.\d+)?)(?![\w.]*\d)"
FILL = (
    r"(?: (?:is|was|of|at|equals?|=|about|around|approximately|roughly|level|value|reading|currently|now|measured|count"
    r"|result|a|an|the|to|being|currently|came back|came back at|interval|in his|in her|,)){0,4} ?"
)
# Kinds of quantity whose unit alone says which input is meant.
TELLING = frozenset({"mass", "length", "duration", "rate", "pressure", "temperature", "dose"})
# Kinds with several units of which only one is ever meant when none is said.
SETTLED = frozenset({"age", "rate", "pressure", "enzyme", "temperature", "share", "period"})
AGES = (
    rf"{NUMBER} ?(years?|yrs?|y|months?|mos?|weeks?|wks?|days?)(?: ?/ ?o| ?old| ?o\b| of age)",
    rf"{NUMBER} ?(yo)\b",
    rf"\bage[ds]?{FILL}{NUMBER}(?: (years?|yrs?|months?|weeks?|days?))?",
    rf"{NUMBER} (years?|yrs?)\b(?! ago| history| of (?!age)| prior| back)",
    rf"\b(?:s?he|s?hes|they|patient|who)(?: is| was)? {NUMBER}()(?= ?(?:[,.|]|$)| and| with| has)",
)
PRESSURE = (
    rf"(?:(?:bp|blood pressure|pressure){FILL})?(?<![\d./])(\d{{2,3}}) ?(?:/|over) ?(\d{{2,3}})(?![\d/.])(?: ?mm ?hg)?"
)
PRONOUNS = frozenset({"he", "his", "him", "she", "her", "hers"})


@dataclass(slots=True)
class Stated:
    """`values`: what the API takes; `unclear`: mentioned, but not decided; `bare`: numbers whose unit is unclear."""

    values: dict[str, Any] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    bare: dict[str, float] = field(default_factory=dict)


class Sentence:
    """Normalised text that shrinks as its parts are understood."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.ends: dict[str, int] = {}  # where the quantities ended, by input name

    def mask(self, start: int, end: int) -> None:
        self.text = f"{self.text[:start]}{'|' * (end - start)}{self.text[end:]}"

    def take(self, pattern: str) -> re.Match[str] | None:
        found = re.search(pattern, self.text)
        if found:
            self.mask(*found.span())
        return found


def read(calculator: Calculator, text: str, today: date | None = None) -> Stated:
    dosed = any(isinstance(one, Quantity) and one.follows for one in calculator.inputs)
    text = labels.marked(calculator, text)
    sentence, stated = Sentence(doses.marked(text) if dosed else text), Stated()
    by_name = {one.name: one for one in calculator.inputs}
    _days(sentence, calculator, stated, today)
    for name, given in _persons(sentence, by_name):
        stated.values[name] = given
    criteria = tuple(one for one in calculator.inputs if isinstance(one, YesNo))
    _measured(sentence, criteria, stated)
    _quantities(sentence, calculator, stated)
    _choices(sentence, calculator, stated)
    _named_options(sentence, calculator, stated)
    for criterion, decided in negation.decide(sentence.text, criteria):
        if decided is None and criterion.name not in stated.values:
            stated.unclear.add(criterion.name)
        elif decided is not None:
            stated.values.setdefault(criterion.name, decided)
    stated.unclear -= stated.values.keys()
    return stated


def _quantities(sentence: Sentence, calculator: Calculator, stated: Stated) -> None:
    """By their words first; then by a unit that tells; then how often a day the doses are given."""
    quantities = [one for one in calculator.inputs if isinstance(one, Quantity) and one.name not in stated.values]
    measured = [one for one in quantities if not one.follows]
    for one in measured:
        _keep(one, _fixed(sentence, one) or _after_word(sentence, one) or _before_word(sentence, one), stated)
    for one in measured:
        if one.name not in stated.values and one.name not in stated.unclear:
            _keep(one, _by_unit(sentence, one, calculator), stated)
    for one in quantities:
        if one.follows in sentence.ends:
            _keep(one, _frequency_behind(sentence, one), stated)


def _keep(one: Quantity, found: tuple[float, str | None] | None, stated: Stated) -> None:
    """A number without a unit is taken in a `bare` unit where it is usual; else its unit is asked for."""
    if found is None:
        return
    number, unit = found
    if unit is not None:
        stated.values[one.name] = {"value": number, "unit": unit}
        return
    factor = units.QUANTITIES[one.quantity]
    for code in one.bare_units:
        if one.usual.holds(units.convert(one.quantity, number, code, one.unit)):
            ambiguous = len(set(factor.values())) > 1 and one.quantity not in SETTLED
            stated.values[one.name] = {"value": number, "unit": code} | ({"unit_assumed": True} if ambiguous else {})
            return
    # One known unit only: let the calculator name the range. Several: the unit is what is missing.
    if len(set(factor.values())) == 1:
        stated.values[one.name] = {"value": number, "unit": one.unit}
    else:
        stated.unclear.add(one.name)
        stated.bare[one.name] = number


def _persons(sentence: Sentence, inputs: dict[str, Input]) -> Iterator[tuple[str, Any]]:
    """Age, sex, blood pressure and height in feet, whose wording is their own. Always masked, also if not needed."""
    short = sentence.take(r"(?<![\d.])(\d{2,3}) ?(m|f)(?:ale)?\b(?! ?(?:\d|tall))") if "age" in inputs else None
    if short and float(short[1]) <= 120:
        yield "age", {"value": float(short[1]), "unit": "years"}
        if "sex" in inputs:
            yield "sex", "male" if short[2] == "m" else "female"
    else:
        sex = _sex(sentence.text)
        if sex and "sex" in inputs:
            yield "sex", sex
        age = next((found for found in map(sentence.take, AGES) if found), None)
        if age and "age" in inputs:
            unit = units.canonical("age", age[2] or "years") or "years"
            yield "age", {"value": float(age[1]), "unit": unit}
    pressure = sentence.take(PRESSURE)
    if pressure:
        for name, number in (("systolic", pressure[1]), ("diastolic", pressure[2])):
            if name in inputs:
                yield name, {"value": float(number), "unit": "mmHg"}
        if "uncontrolled_hypertension" in inputs:
            yield "uncontrolled_hypertension", float(pressure[1]) > 160
    feet = sentence.take(r"\b(\d) ?(?:feet|foot|ft)(?: ?(?:and )?(\d{1,2})(?: ?(?:inch(?:es)?|in)\b)?)?(?: tall)?")
    if feet and "height" in inputs:
        yield "height", {"value": 12.0 * float(feet[1]) + float(feet[2] or 0), "unit": "in"}


def person(text: str) -> tuple[float | None, str | None]:
    """Age in years and sex of whom normalised text tells of; None for what it does not say."""
    from functions.calculators.domain.inputs import AGE, SEX

    told = dict(_persons(Sentence(text), {"age": AGE, "sex": SEX}))
    age = told.get("age")
    return (units.convert("age", age["value"], age["unit"], "years") if age else None), told.get("sex")


def _frequency_behind(sentence: Sentence, one: Quantity) -> tuple[float, str | None] | None:
    """The frequency between the end of the dose and the beginning of the next one."""
    start = sentence.ends[one.follows or ""]
    later = [end for end in sentence.ends.values() if end > start]
    found = doses.SAID.search(sentence.text, start, min(later, default=len(sentence.text)))
    if not found:
        return None
    sentence.mask(*found.span())
    return float(found[1]), one.unit


def _days(sentence: Sentence, calculator: Calculator, stated: Stated, today: date | None) -> None:
    """Days behind or before the words of their input; what remains belongs to the only input without one."""
    open_days = [one for one in calculator.inputs if isinstance(one, Day)]
    found = dates.find(sentence.text, today) if open_days else []
    for one in tuple(open_days):
        named = re.compile(rf"\b(?:{'|'.join(_names(one))})\b(?: [\w,]+){{0,5}} ?$")
        own = next((day for day in found if named.search(sentence.text[: day.start])), None)
        if own:
            _keep_day(sentence, one, own, stated)
            found.remove(own)
            open_days.remove(one)
    if len(found) == 1 and len(open_days) == 1:
        _keep_day(sentence, open_days[0], found[0], stated)


def _keep_day(sentence: Sentence, one: Day, found: dates.Found, stated: Stated) -> None:
    if found.day is None:
        stated.unclear.add(one.name)
    else:
        stated.values[one.name] = found.day.isoformat()
    sentence.mask(found.start, found.end)


def _sex(text: str) -> str | None:
    """The patient's sex by noun, else by pronoun; None when both or neither occur."""
    from functions.calculators.domain.inputs import SEX

    nouns = {o.value for o in SEX.options for word in o.words if word not in PRONOUNS and _has(word, text)}
    pronouns = {o.value for o in SEX.options for word in o.words if word in PRONOUNS and _has(word, text)}
    for found in (nouns, pronouns):
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _has(word: str, text: str) -> bool:
    return re.search(rf"\b{word}\b", text) is not None


def _fixed(sentence: Sentence, one: Quantity) -> tuple[float, str | None] | None:
    return next((((value, one.unit)) for phrase, value in one.fixed if sentence.take(rf"\b(?:{phrase})\b")), None)


def _after_word(sentence: Sentence, one: Quantity) -> tuple[float, str | None] | None:
    """ "creatinine of 1.2 mg/dL": the word, then the number, then perhaps the unit."""
    for word in one.words:
        found = re.search(rf"\b(?:{word}){FILL}(?<![\d.]){NUMBER}", sentence.text)
        if found:
            number, unit = _number_with_unit(sentence, one, found, found.start())
            sentence.ends[one.name] = found.end()
            if one.bare_after and unit in {None, one.unit}:
                return number, (one.unit if word in one.bare_after else None)
            return number, unit
    return None


def _before_word(sentence: Sentence, one: Quantity) -> tuple[float, str | None] | None:
    """ "90 systolic", "175 cm tall": the number and perhaps the unit, then the word."""
    for word in one.words:
        for found in re.finditer(rf"(?<![\w./]){NUMBER}", sentence.text):
            unit, end = unit_at(sentence.text, found.end(), one)
            if re.match(rf" ?(?:{word})\b", sentence.text[end:]):
                sentence.mask(found.start(), end)
                sentence.ends[one.name] = end
                return float(found[1]), unit
    return None


def _by_unit(sentence: Sentence, one: Quantity, calculator: Calculator) -> tuple[float, str | None] | None:
    """ "80 kilos": the unit alone tells, where this calculator has one such input."""
    alike = [other for other in calculator.inputs if isinstance(other, Quantity) and other.quantity == one.quantity]
    if one.quantity not in TELLING or len(alike) > 1:
        return None
    for found in re.finditer(rf"(?<![\w./]){NUMBER}", sentence.text):
        unit, end = unit_at(sentence.text, found.end(), one)
        said = sentence.text[found.end() : end]
        other_rate = one.quantity == "rate" and ("breath" in said) == (one.name == "heart_rate")
        if (
            unit
            and unit in units.QUANTITIES[one.quantity]
            and not other_rate
            and not _too_little(one, float(found[1]), unit)
        ):
            sentence.mask(found.start(), end)
            return float(found[1]), unit
    return None


def _too_little(one: Quantity, number: float, unit: str) -> bool:
    """ "2 g every 8 hours" is no body weight."""
    return units.convert(one.quantity, number, unit, one.unit) < one.possible.low


def _number_with_unit(sentence: Sentence, one: Quantity, found: re.Match[str], start: int) -> tuple[float, str | None]:
    unit, end = unit_at(sentence.text, found.end(), one)
    sentence.mask(start, end)
    return float(found[1]), unit


def unit_at(text: str, position: int, one: Quantity) -> tuple[str | None, int]:
    """The unit that follows, and where it ends; a concentration this input does not know is returned as said."""
    best: tuple[str | None, int] = (None, position)
    known = units.QUANTITIES[one.quantity]
    for code in units.SPELLINGS:
        if code not in known and "/" not in code.strip("/"):
            continue
        found = _unit_behind(code).match(text, position)
        better = found and (found.end(), code in known) > (best[1], best[0] in known)
        if found and better:
            best = (code, found.end())
    return best


@cache
def _unit_behind(code: str) -> re.Pattern[str]:
    return re.compile(rf" ?(?:{units.SPELLINGS[code]})(?![\w/])(?! (?:a|an|the|this|my)\b)")


def _measured(sentence: Sentence, criteria: tuple[YesNo, ...], stated: Stated) -> None:
    for one in criteria:
        for rule in one.measured:
            pattern = (
                rule.pattern.replace("@", NUMBER) if "@" in rule.pattern else rf"\b(?:{rule.pattern}){FILL}{NUMBER}"
            )
            found = sentence.take(pattern) if one.name not in stated.values else None
            if found:
                stated.values[one.name] = rule.holds(float(found[1]))


def _choices(sentence: Sentence, calculator: Calculator, stated: Stated) -> None:
    """Graded findings: "no ascites", "moderate ascites", "ascites is mild", "without ascites or encephalopathy"."""
    denied_until = -1
    for one in calculator.inputs:
        if not isinstance(one, Choice) or one.name in stated.values or not one.words:
            continue
        found = re.search(rf"\b(?:{'|'.join(_names(one))})\b", sentence.text)
        if not found:
            continue
        chained = denied_until >= 0 and sentence.text[denied_until : found.start()].strip() in {"or", "nor", "or any"}
        others = tuple(other for other in calculator.inputs if isinstance(other, Choice) and other is not one)
        option = one.options[0].value if chained else _option_near(sentence, one, found, others)
        if option is None:
            stated.unclear.add(one.name)
            continue
        stated.values[one.name] = option
        denied_until = found.end() if option == one.options[0].value else -1
        sentence.mask(*found.span())


def _names(one: Input) -> tuple[str, ...]:
    """What an input is called, its label first: "sensory" alone would leave "loss" in the way of the grade."""
    return (labels.mark(one), labels.pattern(one.label), *one.words)


def _grades(option: Option) -> tuple[str, ...]:
    return (labels.pattern(option.label), *option.words)


def _named_options(sentence: Sentence, calculator: Calculator, stated: Stated) -> None:
    """Options that say by themselves what they answer, where only one of them is named: "prednisone"."""
    for one in calculator.inputs:
        if isinstance(one, Choice) and not one.words and one.name not in stated.values | dict.fromkeys(stated.unclear):
            option = option_named(one, sentence.text) if one.name != "sex" else None
            if option:
                stated.values[one.name] = option


def _option_near(sentence: Sentence, one: Choice, found: re.Match[str], others: tuple[Choice, ...]) -> str | None:
    """The grade behind the word, unless it belongs to what comes next; else the one before it, which is no digit:
    in "left arm 1 gaze 2" the 1 is not about the gaze."""
    for option in one.options:
        words = "|".join(_grades(option))
        after = re.match(rf" ?(?:(?:is|was|,|of|that is) )*({words})\b", sentence.text[found.end() :])
        if after and not _belongs_to_next(sentence.text[found.end() + after.end() :], others):
            sentence.mask(found.end() + after.start(), found.end() + after.end())
            return option.value
    for option in () if one.behind else one.options:
        words = "|".join(word for word in option.words if not word.isdecimal())
        before = re.search(rf"\b({words})(?: (?:evidence|signs?) of)?(?: any)? ?$", sentence.text[: found.start()])
        if words and before:
            sentence.mask(*before.span())
            return option.value
    return None


def _belongs_to_next(rest: str, others: tuple[Choice, ...]) -> bool:
    """In "ascites no encephalopathy" the "no" is not about the ascites; in "ascites none encephalopathy mild" it is."""
    for other in others:
        named = re.match(rf" (?:{'|'.join(other.words)})\b(.*)", rest) if other.words else None
        if named:
            graded = "|".join(word for option in other.options for word in option.words)
            return re.match(rf" ?(?:(?:is|was|,) )*(?:{graded})\b", named[1]) is None
    return False


def option_named(one: Choice, text: str) -> str | None:
    """The option a bare reply names; None when it names several or none. "no drift" names no "drift"."""
    hits = [
        (*found.span(), option.value)
        for option in one.options
        for word in _grades(option)
        for found in re.finditer(rf"\b(?:{word})\b", text)
    ]
    whole = {
        value
        for start, end, value in hits
        if not any(first <= start and end <= last and last - first > end - start for first, last, _other in hits)
    }
    return whole.pop() if len(whole) == 1 else None


def bare_number(one: Quantity, text: str) -> Stated:
    """The only number of a reply to an open question, with its unit if one was said."""
    stated, sentence = Stated(), Sentence(text)
    if one.quantity == "times a day":
        said = doses.SAID.search(doses.marked(text))
        if said:
            stated.values[one.name] = {"value": float(said[1]), "unit": one.unit}
            return stated
    found = list(re.finditer(rf"(?<![\w./]){NUMBER}", text))
    # The unit may hold numbers itself: 8 x 10^9/L.
    if found and not any(other.start() >= unit_at(text, found[0].end(), one)[1] for other in found[1:]):
        _keep(one, _number_with_unit(sentence, one, found[0], found[0].start()), stated)
    return stated
