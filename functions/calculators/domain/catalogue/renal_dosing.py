"""Doses by kidney function from the labels of `renal_table/`, for one drug and where needed one indication."""

from collections.abc import Mapping
from dataclasses import replace

from functions.calculators.domain.catalogue.ckd_stage import EGFR as FILTRATION
from functions.calculators.domain.catalogue.cockcroft_gault import clearance, dosing_weight
from functions.calculators.domain.evidence import FROM_MEMORY, Origin
from functions.calculators.domain.inputs import ADULT_HEIGHT, AGE, CREATININE, SEX, WEIGHT
from functions.calculators.domain.model import (
    Calculator,
    Choice,
    Example,
    Input,
    Option,
    Quantity,
    Range,
    Reference,
    Value,
    Values,
    spoken,
)
from functions.calculators.domain.renal import VERIFY, By, Drug, Use, dose
from functions.calculators.domain.renal_table import DRUGS
from functions.calculators.domain.renal_table.checked import CHECKED

LABEL = "the drug's label"
COCKCROFT_GAULT = tuple(replace(one, required=False) for one in (AGE, SEX, WEIGHT, ADULT_HEIGHT, CREATININE))
DRUG = Choice(
    name="drug",
    label="drug",
    question="Which drug?",
    options=tuple(Option(one.name, one.name, one.words) for one in DRUGS.values()),
)


def _indication(uses: Mapping[str, tuple[str, ...]]) -> Choice:
    return Choice(
        name="indication",
        label="indication or regimen",
        question=f"For which of these: {', '.join(uses)}?",
        options=tuple(Option(name, name, words) for name, words in uses.items()),
        required=False,
    )


def _all_uses() -> dict[str, tuple[str, ...]]:
    """Every name of a use with the words of all drugs that have it."""
    found: dict[str, tuple[str, ...]] = {}
    for drug in DRUGS.values():
        for use in drug.uses:
            if len(drug.uses) > 1:
                words = (*found.get(use.name, ()), *use.words, *spoken(use.name))
                found[use.name] = tuple(dict.fromkeys(words))
    return found


INDICATION = replace(_indication(_all_uses()), question="For which indication or regimen, where the label has several?")
CLEARANCE = Quantity(
    name="clearance",
    label="creatinine clearance",
    question=(
        "What is the creatinine clearance in mL/min? Or tell me age, sex, weight, height and creatinine instead?"
    ),
    words=(r"(?:creat(?:inine)? clearance|cr ?cl|clearance)(?: by cockcroft gault)?",),
    quantity="clearance",
    unit="mL/min",
    possible=Range(0, 300),
    usual=Range(5, 180),
    required=False,
)
EGFR = replace(FILTRATION, required=False)
NOT_BY_EGFR = replace(
    CLEARANCE,
    question=(
        "The label of this drug goes by creatinine clearance (Cockcroft-Gault), not by eGFR. What is the clearance in "
        "mL/min? Or tell me age, sex, weight, height and creatinine instead?"
    ),
)


def chosen(values: Values) -> tuple[Drug, Use | None]:
    """The drug and its use; a drug with one table has that for every indication."""
    drug = DRUGS[values["drug"]]
    return drug, drug.use(values.get("indication") if len(drug.uses) > 1 else None)


def wanted(drug: Drug) -> tuple[Input, ...]:
    """What Cockcroft-Gault takes; the height only chooses the body weight."""
    return tuple(one for one in COCKCROFT_GAULT if one.name != "height" or not drug.actual_weight)


def weight_of(drug: Drug, values: Values) -> tuple[float, str]:
    """The body weight for the clearance, and what it is called."""
    return (values["weight"], "actual") if drug.actual_weight else dosing_weight(values)


def clearance_of(drug: Drug, values: Values) -> float | None:
    """The clearance that was given, else by Cockcroft-Gault; None where an input of that lacks."""
    if "clearance" in values:
        return float(values["clearance"])
    if any(one.name not in values for one in wanted(drug)):
        return None
    return clearance(values, weight_of(drug, values)[0])


def needs(values: Values) -> tuple[Input, ...]:
    drug, use = chosen(values)
    if use is None:
        named = {one.name: one.words or spoken(one.name) for one in drug.uses}
        return () if "indication" in values else (_indication(named),)
    if drug.by is By.CLEARANCE:
        return _for_clearance(drug, values)
    others = {
        By.PHARMACY: (),
        By.EGFR: (EGFR,),
        By.CRITERIA: tuple(one for one in COCKCROFT_GAULT if one.name in use.needs),
    }[drug.by]
    return tuple(one for one in others if one.name not in values)


def _for_clearance(drug: Drug, values: Values) -> tuple[Input, ...]:
    """The clearance itself, or what Cockcroft-Gault lacks once one of its inputs was given."""
    missing = tuple(one for one in wanted(drug) if one.name not in values)
    if "clearance" in values or not missing:
        return ()
    if len(missing) < len(wanted(drug)):
        return missing
    return (NOT_BY_EGFR if "egfr" in values else CLEARANCE,)


def refuses(values: Values) -> Mapping[str, str]:
    drug, use = chosen(values)
    names = ", ".join(one.name for one in drug.uses)
    return {} if use else {"indication": f"The label has doses for: {names}."}


def formula(values: Values) -> str:
    drug, use = chosen(values)
    if use is None:
        raise ValueError("refused before")
    function = values["egfr"] if drug.by is By.EGFR else clearance_of(drug, values) or 0.0
    named = f" ({use.name})" if len(drug.uses) > 1 else ""
    return f"{drug.name}{named}: {dose(use, function, values)}"


def notes(values: Values, _value: Value) -> tuple[str, ...]:
    """By what the dose goes, what the label adds, where it stands, and that it has to be checked."""
    drug, use = chosen(values)
    return (
        *_function(drug, values),
        *_warning(drug, values),
        *(use.notes if use else ()),
        *drug.notes,
        *((drug.dialysis,) if drug.dialysis else ()),
        f"Source: {drug.label}; {drug.revised}.",
        *(() if drug.name in CHECKED else (f"This row is {FROM_MEMORY}.",)),
        VERIFY,
    )


def _warning(drug: Drug, values: Values) -> tuple[str, ...]:
    """What stage of kidney disease the dose is for (KDIGO categories), where the label goes by the function."""
    found = values["egfr"] if drug.by is By.EGFR else clearance_of(drug, values)
    if drug.by is By.PHARMACY or found is None or found >= 60:
        return ()
    if found < 30:
        return ("Warning: severe chronic kidney disease, stage 4 or 5, if it lasts; watch for accumulation.",)
    return ("Warning: moderate chronic kidney disease, stage 3, if it lasts.",)


def _function(drug: Drug, values: Values) -> tuple[str, ...]:
    if drug.by is By.EGFR:
        return (f"This label goes by eGFR: {values['egfr']:.3g} mL/min/1.73 m².",)
    if drug.by is By.CRITERIA:
        return ("This label goes by criteria of its own, not by the clearance alone.",)
    if drug.by is By.PHARMACY:
        return ()
    found = clearance_of(drug, values) or 0.0
    if "clearance" in values:
        told = f"Creatinine clearance {found:.3g} mL/min, as given."
    else:
        weight = weight_of(drug, values)[1]
        told = f"Creatinine clearance {found:.3g} mL/min by Cockcroft-Gault with the {weight} body weight."
    return (told, "The eGFR was not used.") if "egfr" in values else (told,)


PATIENT = {"age": 80, "sex": "female", "weight": 55, "height": 160, "creatinine": 1.2}
CALCULATOR = Calculator(
    id="renal_dosing",
    title="Renal dosing",
    short="Renal dosing",
    summary="The dose that the label gives at a creatinine clearance, for the drugs of the table.",
    aliases=("renal dosing", "renal dose", "renal dose adjustment", "dose adjustment for kidney function"),
    inputs=(DRUG, INDICATION, CLEARANCE, *COCKCROFT_GAULT, EGFR),
    formula=formula,
    equation="creatinine clearance by Cockcroft-Gault, then the band of the drug's label that holds it",
    needs=needs,
    refuses=refuses,
    notes=notes,
    caveats=(
        "Adults with stable kidney function; doses of the labels in the United States, in our own words.",
        "Not for augmented clearance, acute kidney injury or continuous replacement: ask the pharmacy.",
    ),
    citations=(
        Reference("Cockcroft DW, Gault MH. Nephron 16:31-41", 1976, "10.1159/000180580"),
        Reference("FDA. Pharmacokinetics in patients with impaired renal function, guidance for industry", 2024),
    ),
    examples=(
        Example(
            {"drug": "levetiracetam", "clearance": 45},
            "levetiracetam: 250 to 750 mg every 12 hours",
            LABEL,
            Origin.LABEL,
        ),
        Example(
            {"drug": "rivaroxaban", "indication": "atrial fibrillation"} | PATIENT,
            "rivaroxaban (atrial fibrillation): 15 mg once a day with the evening meal",
            LABEL + "; by hand (140 - 80) x 55 x 0.85 / (72 x 1.2) = 32.5 mL/min",
            Origin.LABEL,
        ),
        Example(
            {"drug": "apixaban", "indication": "atrial fibrillation", "age": 80, "weight": 55, "creatinine": 1.2},
            "apixaban (atrial fibrillation): 2.5 mg twice a day (2 of the label's 3 criteria are met; 2 are enough)",
            LABEL,
            Origin.LABEL,
        ),
        Example(
            {"drug": "metformin", "egfr": 40},
            "metformin: do not start; on treatment weigh benefit against risk",
            LABEL,
            Origin.LABEL,
        ),
    ),
)
