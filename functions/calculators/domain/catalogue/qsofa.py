from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import RESPIRATORY_RATE, SYSTOLIC
from functions.calculators.domain.model import Band, Calculator, Example, Measured, Reference, Values, YesNo

PAPER = "criteria of Singer 2016, added by hand"
MENTATION = YesNo(
    name="altered_mentation",
    label="altered mentation (GCS below 15)",
    question="Is the mental state altered, that is, a Glasgow coma scale below 15?",
    words=(
        r"altered (?:mental (?:status|state)|mentation|sensorium)", r"confus(?:ed|ion)", r"deliri(?:um|ous)",
        r"disorient(?:ed|ation)", r"drowsy|obtunded|somnolent|letharg(?:ic|y)|encephalopathy",
    ),
    absent=(r"(?:alert|awake) and orient(?:at)?ed", r"normal (?:mental (?:status|state)|mentation)", r"alert"),
    measured=(Measured(r"(?:gcs|g c s|glasgow(?: coma)?(?: scale| score)*)", lambda scale: scale < 15),),
)  # fmt: skip


def formula(values: Values) -> int:
    fast = int(values["respiratory_rate"] >= 22)
    return fast + int(values["systolic"] <= 100) + int(values["altered_mentation"])


CALCULATOR = Calculator(
    id="qsofa",
    version="1.0.0",
    title="Quick SOFA (qSOFA)",
    short="qSOFA",
    summary="Risk of a poor outcome in suspected infection outside intensive care.",
    aliases=("qSOFA", "quick SOFA"),
    names=(r"(?:q|cue|queue|quick) ?sofa(?: score)?",),
    inputs=(RESPIRATORY_RATE, SYSTOLIC, MENTATION),
    unit="points",
    equation="1 each: breathing from 22, systolic up to 100, altered mentation",
    formula=formula,
    bands=(
        Band(0, "Not high risk by qSOFA; this does not exclude sepsis."),
        Band(2, "High risk of a poor outcome: assess for sepsis and organ dysfunction now."),
    ),
    caveats=("Not recommended as the only screening tool for sepsis (Surviving Sepsis Campaign 2021).",),
    citations=(
        Reference("Singer M et al. (Sepsis-3) JAMA 315:801-810", 2016, "10.1001/jama.2016.0287"),
        Reference(
            "Evans L et al. Surviving Sepsis Campaign. Crit Care Med 49:e1063-e1143",
            2021,
            "10.1097/CCM.0000000000005337",
        ),
    ),
    examples=(
        Example({"respiratory_rate": 22, "systolic": 100, "altered_mentation": True}, 3, PAPER + ": the maximum"),
        Example({"respiratory_rate": 21, "systolic": 101, "altered_mentation": False}, 0, PAPER),
        Example({"respiratory_rate": 28, "systolic": 95, "altered_mentation": False}, 2, PAPER),
        Example(
            {"respiratory_rate": 22, "systolic": 120, "altered_mentation": False},
            1,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
