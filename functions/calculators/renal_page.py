"""docs/reference/renal-dosing.md, rendered from the table: `python -m functions.calculators.page` writes it."""

from collections import Counter

from functions.calculators.domain.evidence import FROM_MEMORY, Grade
from functions.calculators.domain.renal import Drug, Step, Use
from functions.calculators.domain.renal_table import DRUGS
from functions.calculators.domain.renal_table.checked import CHECKED

HEAD = """# Renal dosing

Rendered from `functions/calculators/domain/renal_table/` by `python -m functions.calculators.page`, which `make check`
runs; do not edit. The calculator [renal_dosing](calculators.md#renal_dosing) reads the same table. Doses are those of
the manufacturers' labels in the United States for adults, in our own words; limits are creatinine clearance by
Cockcroft-Gault in mL/min (actual weight below BMI 18.5, then ideal, from BMI 25 adjusted) unless the drug says that its
label goes by eGFR or by the actual weight. **Verify against the current label**: where
a revision was not recorded, nobody has compared the row with a dated label. Behind each row stands with what it was
compared; a row "from memory, to be reviewed" was compared with nothing.
"""


def render() -> str:
    """The whole page."""
    graded = Counter(check.grade for check in CHECKED.values())
    kinds = [f"- {graded[grade]}: {grade}" for grade in Grade]
    memory = f"- {len(DRUGS) - len(CHECKED)}: {FROM_MEMORY}"
    counts = [f"{len(DRUGS)} drugs, compared with:", "", *kinds, memory, ""]
    return "\n".join([HEAD, *counts, *(_section(drug) for drug in DRUGS.values())])


def _section(drug: Drug) -> str:
    brands = f" ({', '.join(drug.brands)})" if drug.brands else ""
    by = f"{drug.by} with the actual body weight" if drug.actual_weight else drug.by
    lines = [f"## {drug.name}", "", f"{drug.name}{brands}, by {by}. Source: {drug.label}; {drug.revised}.", ""]
    for use in drug.uses:
        lines += _use(use, named=len(drug.uses) > 1)
    notes = (*drug.notes, *((drug.dialysis,) if drug.dialysis else ()))
    told = [*(f"- Note: {note}" for note in notes), f"- {backing(drug.name)}"]
    return "\n".join([*lines, *told, ""])


def backing(name: str) -> str:
    """With what the row of this drug was compared, as the page says it."""
    text = CHECKED[name].told() if name in CHECKED else FROM_MEMORY
    return f"{text[0].upper()}{text[1:]}."


def _use(use: Use, *, named: bool) -> list[str]:
    name = f"{use.name}: " if named else ""
    rows = (
        [f"- {name}by its criteria"]
        if use.rule
        else [f"- {name}{_reach(step, use)}: {step.text}" for step in use.steps]
    )
    return [*rows, *(f"- {name}{note}" for note in use.notes)]


def _reach(step: Step, use: Use) -> str:
    """ "any", "below 30", "15 to below 30", "above 50 to 95"."""
    place = use.steps.index(step)
    following = use.steps[place + 1] if place + 1 < len(use.steps) else None
    if following is None and place == 0:
        return "any"
    start = "" if place == 0 else f"{'above' if step.above else 'from'} {step.floor:g}"
    end = "" if following is None else f"{'up to' if following.above else 'below'} {following.floor:g}"
    return f"{start} {end}".strip()
