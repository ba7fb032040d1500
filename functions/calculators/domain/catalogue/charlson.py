from dataclasses import replace

from functions.calculators.domain.criteria import (
    DIABETES_ORGAN_DAMAGE,
    HEART_FAILURE,
    LUNG_DISEASE,
    MYOCARDIAL_INFARCTION,
    STROKE_OR_TIA,
)
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, DIABETES
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo
from functions.calculators.domain.scoring import points, step

PAPER = "weights of Charlson 1987 and age points of Charlson 1994, added by hand"


def illness(name: str, label: str, *words: str) -> YesNo:
    return YesNo(name=name, label=label, question=f"Does the patient have {label}?", words=words)


WEIGHTS = {
    MYOCARDIAL_INFARCTION: 1,
    HEART_FAILURE: 1,
    illness("peripheral_vascular_disease", "peripheral vascular disease",
            r"peripheral (?:vascular|arterial|artery) disease|pvd|pad|claudication|aortic aneurysm"): 1,
    STROKE_OR_TIA: 1,
    illness("dementia", "dementia", r"dementia|alzheimers?(?: disease)?"): 1,
    LUNG_DISEASE: 1,
    illness("connective_tissue_disease", "connective tissue disease",
            r"connective tissue disease|(?:sle|lupus)(?! anticoagulant)|rheumatoid arthritis|polymyalgia"): 1,
    illness("peptic_ulcer", "peptic ulcer disease", r"(?:peptic |gastric |duodenal )ulcers?(?: disease)?"): 1,
    illness("mild_liver_disease", "mild liver disease",
            r"mild (?:liver|hepatic) disease|chronic hepatitis|hepatitis [bc]",
            r"cirrhosis without portal hypertension"): 1,
    replace(DIABETES, label="diabetes under drug treatment"): 1,
    illness("diabetes_damage", "diabetes with organ damage", *DIABETES_ORGAN_DAMAGE): 2,
    illness("hemiplegia", "hemiplegia", r"hemiplegi[ac]|paraplegi[ac]|hemiparesis"): 2,
    illness("kidney_disease", "moderate or severe kidney disease",
            r"(?:moderate |severe |moderate to severe |chronic )+(?:kidney|renal) (?:disease|failure|insufficiency)",
            r"(?:on )?dialysis|esrd|ckd|(?:kidney|renal) transplant"): 2,
    illness("solid_tumour", "solid tumour without metastases",
            r"(?:locali[sz]ed |solid )(?:solid )?(?:tumou?r|cancer)|(?:breast|lung|colon|prostate|\w+) cancer"): 2,
    illness("leukaemia", "leukaemia", r"leuka?emia"): 2,
    illness("lymphoma", "lymphoma", r"lymphoma|myeloma"): 2,
    illness("severe_liver_disease", "moderate or severe liver disease",
            r"(?:moderate |severe |moderate to severe )(?:liver|hepatic) disease|portal hypertension",
            r"(?:o?esophageal )?varices|cirrhosis(?! without)"): 3,
    illness("metastases", "metastatic solid tumour",
            r"metasta(?:tic|ses|sis)(?: \w+)?(?: (?:cancer|tumou?r|disease))?"): 6,
    illness("aids", "AIDS", r"aids|acquired immuno ?deficiency syndrome"): 6,
}  # fmt: skip
POINTS = {one.name: weight for one, weight in WEIGHTS.items()}
# The graver form of an illness counts, not both.
INCLUDED = {"metastases": "solid_tumour", "severe_liver_disease": "mild_liver_disease", "diabetes_damage": "diabetes"}


def formula(values: Values) -> int:
    twice = {milder for graver, milder in INCLUDED.items() if values[graver]}
    illnesses = points(values, {name: weight for name, weight in POINTS.items() if name not in twice})
    return illnesses + step(values["age"], (50, 1), (60, 2), (70, 3), (80, 4))


NONE = dict.fromkeys(POINTS, False)
CALCULATOR = Calculator(
    id="charlson",
    title="Charlson comorbidity index with age",
    short="Charlson comorbidity index",
    summary="Burden of illnesses as a forecast of mortality.",
    aliases=("Charlson comorbidity index", "Charlson index", "CCI", "Charlson score"),
    names=(r"charl(?:e?s(?:t)?on)(?: s)?(?: comorbidity)?(?: (?:index|score))?",),
    weak=(r"c ?c ?i",),
    inputs=(AGE, *WEIGHTS),
    unit="points",
    equation="; ".join(f"{one.label} {weight}" for one, weight in WEIGHTS.items())
    + "; age 1 for each decade from 50, at most 4",
    formula=formula,
    bands=(
        Band(0, "No point; of patients without illness points 12 percent died within a year (Charlson 1987)."),
        Band(1, "1 or 2: with as many illness points 26 percent died within a year (Charlson 1987)."),
        Band(3, "3 or 4: with as many illness points 52 percent died within a year (Charlson 1987)."),
        Band(5, "5 or more: with as many illness points 85 percent died within a year (Charlson 1987)."),
    ),
    caveats=("The mortality figures are of 1984, and of the index without age points.",),
    citations=(
        Reference("Charlson ME et al. J Chronic Dis 40:373-383", 1987, "10.1016/0021-9681(87)90171-8"),
        Reference("Charlson M et al. J Clin Epidemiol 47:1245-1251", 1994, "10.1016/0895-4356(94)90129-5"),
    ),
    examples=(
        Example({"age": 49} | NONE, 0, PAPER + ": the minimum"),
        Example({"age": 65} | NONE | {"diabetes": True, "copd": True, "solid_tumour": True}, 6, PAPER),
        Example(
            {"age": 80} | NONE | {"metastases": True, "solid_tumour": True, "severe_liver_disease": True},
            13,
            PAPER + ": the localised tumour is not counted again",
        ),
        Example({"age": 90} | dict.fromkeys(POINTS, True), 37, PAPER + ": the maximum"),
        Example(
            {"age": 75} | NONE | {"heart_failure": True, "copd": True, "diabetes": True, "kidney_disease": True},
            8,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
