"""Stage of acute kidney injury (KDIGO 2012) from creatinine, urine output and renal replacement."""

from dataclasses import replace

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import CREATININE
from functions.calculators.domain.model import (
    Band,
    Calculator,
    Choice,
    Example,
    Option,
    Reference,
    Value,
    Values,
    YesNo,
)

PAPER = "criteria of KDIGO 2012"
BASELINE = replace(
    CREATININE,
    name="baseline_creatinine",
    label="baseline creatinine",
    question="What was the creatinine before, within the last 7 days or presumed so, and in which unit?",
    words=(
        r"(?:baseline|previous|prior|usual|normal) (?:serum )?(?:creat(?:inine)?|cr)",
        r"(?:creat(?:inine)? |cr )?(?:up |risen )?from(?: an?)?(?: (?:baseline|usual))?(?: of)?",
        r"baseline",
    ),
)
RISE = YesNo(
    name="rise_within_48_hours",
    label="rise of 0.3 mg/dL or more within 48 hours",
    question="Did the creatinine rise by 0.3 mg/dL (26.5 µmol/L) or more within 48 hours?",
    words=(r"(?:within|in|over)(?: the last)? (?:48 hours|2 days)", r"rise (?:of 0\.3|within 48 hours)"),
)
REPLACEMENT = YesNo(
    name="replacement",
    label="renal replacement therapy",
    question="Was renal replacement therapy started?",
    words=(r"(?:on |started )?(?:hemo|haemo)?(?:dialysis|filtration)", r"crrt|cvvhd?f?|renal replacement(?: therapy)?"),
)
URINE = Choice(
    name="urine_output",
    label="urine output",
    question="Was the urine output below 0.5 mL/kg/h for 6 to 12 hours, for longer, or below 0.3 for 24 hours?",
    words=(r"(?:urine(?: output)?|uop|diuresis)",),
    required=False,
    options=(
        Option("normal", "0.5 mL/kg/h or more", (r"normal", r"good", r"preserved", r"adequate")),
        Option(
            "below 0.5 for 6 h",
            "below 0.5 mL/kg/h for 6 to 12 hours",
            (r"(?:below|under|less than) 0\.5(?: ml[ /]\w+[ /]\w+)? for (?:6|7|8|9|10|11) h(?:ou)?rs?",),
        ),
        Option(
            "below 0.5 for 12 h",
            "below 0.5 mL/kg/h for 12 hours or more",
            (r"(?:below|under|less than) 0\.5(?: ml[ /]\w+[ /]\w+)? for (?:1[2-9]|[2-9]\d) h(?:ou)?rs?",),
        ),
        Option(
            "below 0.3 for 24 h",
            "below 0.3 mL/kg/h for 24 hours, or none for 12 hours",
            (
                r"(?:below|under|less than) 0\.3(?: ml[ /]\w+[ /]\w+)? for (?:2[4-9]|[3-9]\d) h(?:ou)?rs?",
                r"anuri[ac]",
                r"none",
            ),
        ),
    ),
)
URINE_STAGE = {"normal": 0, "below 0.5 for 6 h": 1, "below 0.5 for 12 h": 2, "below 0.3 for 24 h": 3}
TEXTS = ("no AKI", "stage 1", "stage 2", "stage 3")
SLACK = 1e-9  # 0.9 / 0.6 is 1.5, whatever the last bit says


def _by_creatinine(values: Values) -> int:
    ratio = values["creatinine"] / values["baseline_creatinine"] + SLACK
    rise = values["rise_within_48_hours"]
    if ratio >= 3 or (values["creatinine"] >= 4 and (ratio >= 1.5 or rise)):
        return 3
    return 2 if ratio >= 2 else int(ratio >= 1.5 or rise)


def formula(values: Values) -> str:
    by_urine = URINE_STAGE[values.get("urine_output", "normal")]
    return TEXTS[max(3 * int(values["replacement"]), _by_creatinine(values), by_urine)]


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    return () if "urine_output" in values else ("The urine output was not given: the stage may be higher.",)


CALM = {"creatinine": 1.0, "baseline_creatinine": 1.0, "rise_within_48_hours": False, "replacement": False}
CALCULATOR = Calculator(
    id="kdigo_aki",
    title="Acute kidney injury stage (KDIGO)",
    short="AKI stage",
    summary="KDIGO stage of acute kidney injury.",
    aliases=("KDIGO AKI stage", "AKI stage", "AKI staging", "acute kidney injury stage"),
    inputs=(BASELINE, CREATININE, RISE, REPLACEMENT, URINE),
    formula=formula,
    bands=(
        Band("no AKI", "The criteria for acute kidney injury are not met."),
        Band("stage 1", "Creatinine 1.5 to 1.9 times, or up by 0.3 mg/dL in 48 hours, or little urine for 6 hours."),
        Band("stage 2", "Creatinine 2.0 to 2.9 times, or little urine for 12 hours."),
        Band("stage 3", "Creatinine 3 times or 4.0 mg/dL, replacement, or hardly any urine for a day."),
    ),
    notes=notes,
    caveats=("The rise to 1.5 times must have happened, or be presumed to have, within 7 days.",),
    citations=(
        Reference("KDIGO guideline for acute kidney injury. Kidney Int Suppl 2:1-138", 2012, "10.1038/kisup.2012.1"),
    ),
    examples=(
        Example(CALM, "no AKI", PAPER),
        Example(CALM | {"creatinine": 1.5}, "stage 1", PAPER),
        Example(
            CALM | {"creatinine": 1.3, "rise_within_48_hours": True},
            "stage 1",
            "KDIGO 2012, chapter 2.4, table 7, case A on day 1 by the second criterion",
            Origin.GUIDELINE,
        ),
        Example(CALM | {"creatinine": {"value": 212.16, "unit": "µmol/L"}}, "stage 2", PAPER + ": 2.4 mg/dL"),
        Example(CALM | {"creatinine": 4.0, "baseline_creatinine": 2.5}, "stage 3", PAPER),
        Example(CALM | {"urine_output": "below 0.5 for 12 h"}, "stage 2", PAPER),
    ),
)
