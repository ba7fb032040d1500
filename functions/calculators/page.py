"""docs/reference/calculators.md and its companions, rendered: `python -m functions.calculators.page` writes them."""

from pathlib import Path

from functions.calculators import examples_page, renal_page
from functions.calculators.domain.checked import CITED, NUMBERS
from functions.calculators.domain.compute import accepted_units, span
from functions.calculators.domain.evidence import FROM_MEMORY
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Choice,
    Day,
    Example,
    Input,
    Outcome,
    Quantity,
    Reference,
)
from functions.calculators.domain.registry import calculators

PLACE = Path(__file__).resolve().parents[2] / "docs/reference/calculators.md"
HEAD = """# Calculators

Rendered from `functions/calculators/domain/catalogue/` by `python -m functions.calculators.page`, which `make check`
runs; do not edit. Outside the possible range an input is refused, outside the usual one the result carries a warning.
How the room answers stands [here](rooms/calculators.md), how to add a calculator [here](../guides/new-calculator.md),
the table of renal doses [here](renal-dosing.md), who published the examples [here](calculators-examples.md). An
identifier is *confirmed* where an independent text gives it for the same paper; "numbers checked" says with what
points, coefficients or limits were compared. No clinician has signed.
"""


def render() -> str:
    """The whole page."""
    found = calculators().values()
    contents = [f"- [{one.title}](#{one.id}): {one.summary}" for one in found]
    return "\n".join([HEAD, *contents, "", *(_section(one) for one in found)])


def write(place: Path = PLACE) -> None:
    """Nothing to do where the documents are not: in an image, in an installed package."""
    if place.parent.is_dir():
        place.write_text(render())
        (place.parent / "renal-dosing.md").write_text(renal_page.render())
        (place.parent / "calculators-examples.md").write_text(examples_page.render())


def _section(one: Calculator) -> str:
    kind = one.unit or ("text" if isinstance(one.examples[0].value, str) else "a number without a unit")
    lines = [
        f"## {one.id}",
        "",
        f"{one.title}, version {one.version}. {one.summary} Result: {kind}.",
        "",
        "| input | what | unit | possible | usual | required |",
        "|---|---|---|---|---|---|",
        *(_row(given) for given in one.inputs),
        "",
        *([f"- Formula: {one.equation}"] if one.equation else []),
        *(f"- Left out: {given.name}, then {given.unstated}" for given in one.inputs if given.unstated),
        *(_band(band) for band in one.bands),
        *(f"- Note: {caveat}" for caveat in one.caveats),
        *([f"- Licence: {one.licence}"] if one.licence else []),
        *(_source(reference) for reference in one.citations),
        f"- {backing(one.id)}",
        *(_example(example) for example in one.examples),
        *(_outcome(row) for row in one.outcomes),
        "",
    ]
    return "\n".join(lines)


def _row(one: Input) -> str:
    required = "yes" if one.required else "no"
    if isinstance(one, Quantity):
        units = ", ".join(unit for unit in accepted_units(one) if unit)
        spans = (span(limits.low, limits.high, one.unit) for limits in (one.possible, one.usual))
        return f"| `{one.name}` | {one.label} | {units} | {' | '.join(spans)} | {required} |"
    options = ", ".join(option.value for option in one.options) if isinstance(one, Choice) else "yes, no"
    options = "a day" if isinstance(one, Day) else options
    return f"| `{one.name}` | {one.label} | | {options} | | {required} |"


def _band(band: Band) -> str:
    named = f" ({band.when[0]} {band.when[1]})" if band.when else ""
    if isinstance(band.floor, str):
        reach = band.floor
    elif band.floor == float("-inf"):
        reach = "lower"
    else:
        reach = f"from {band.floor:g}" if band.inclusive else f"above {band.floor:g}"
    return f"- {reach}{named}: {band.text}"


def _source(reference: Reference) -> str:
    doi = f", [doi:{reference.doi}](https://doi.org/{reference.doi})" if reference.doi else ""
    found = "" if reference.doi is None else ", confirmed" if reference.doi in CITED else ", not confirmed"
    return f"- Source: {reference.text} ({reference.year}){doi}{found}"


def backing(name: str) -> str:
    """With what the numbers of this calculator were compared, as the page says it."""
    return NUMBERS[name].told() if name in NUMBERS else f"Numbers {FROM_MEMORY}."


def _example(example: Example) -> str:
    given = ", ".join(f"{name} {_given(value)}" for name, value in example.inputs.items())
    printed = f", printed as {example.printed}" if example.printed else ""
    why = f": {example.differs}" if example.differs else ""
    return f"- Example: {given} gives {example.value}{printed}{why} ({example.source}; {example.origin})"


def _outcome(row: Outcome) -> str:
    return f"- Row: {row.value} means {row.says} ({row.source}; {row.origin})"


def _given(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values())
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    write()
