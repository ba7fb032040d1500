from functions.calculators.domain.criteria import HEART_FAILURE, STROKE_OR_TIA
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import CREATININE
from functions.calculators.domain.model import Band, Calculator, Example, Reference, YesNo
from functions.calculators.domain.scoring import points

PAPER = "criteria of Lee 1999, counted by hand"
CRITERIA = (
    YesNo(
        name="high_risk_surgery",
        label="high-risk surgery",
        question="Is the operation within abdomen or chest, or on a vessel above the groin?",
        words=(r"(?:high|elevated) risk (?:surgery|operation)",
               r"(?:intra ?peritoneal|intra ?thoracic|suprainguinal|abdominal|thoracic|aortic)(?: vascular)? surgery"),
    ),
    YesNo(
        name="ischaemic_heart_disease",
        label="ischaemic heart disease",
        question="Is there a history of ischaemic heart disease: infarction, angina, nitrates, Q waves, positive test?",
        words=(r"(?:ischa?emic|coronary) (?:heart |artery )?disease|cad|ihd",
               r"(?:prior |previous )?(?:myocardial infarction|heart attack|mi)|angina|nitrates?|q waves"),
    ),
    HEART_FAILURE,
    STROKE_OR_TIA,
    YesNo(
        name="insulin",
        label="treatment with insulin",
        question="Is the patient treated with insulin?",
        words=(r"(?:on |takes |taking )?insulin(?: treatment| therapy)?",),
    ),
)  # fmt: skip
NONE = {one.name: False for one in CRITERIA}

CALCULATOR = Calculator(
    id="rcri",
    title="Revised cardiac risk index (Lee)",
    short="Revised cardiac risk index",
    summary="Risk of major cardiac complications of non-cardiac surgery.",
    aliases=("RCRI", "revised cardiac risk index", "Lee index", "Lee criteria"),
    names=(r"(?:revised )?cardiac risk index", r"r ?c ?r ?i", r"lees? (?:index|criteria)"),
    inputs=(*CRITERIA, CREATININE),
    unit="points",
    equation="1 for each: high-risk surgery, ischaemic heart disease, heart failure, stroke or TIA, insulin, "
    "creatinine above 2.0 mg/dL",
    formula=lambda v: points(v, dict.fromkeys(NONE, 1)) + int(v["creatinine"] > 2),
    bands=(
        Band(0, "Major cardiac complications in 0.4 percent (Lee 1999); 3.9 percent by later studies (Duceppe 2017)."),
        Band(1, "Major cardiac complications in 0.9 percent (Lee 1999); 6.0 percent by later studies (Duceppe 2017)."),
        Band(2, "Major cardiac complications in 6.6 percent (Lee 1999); 10.1 percent by later studies (Duceppe 2017)."),
        Band(3, "Major cardiac complications in 11 percent (Lee 1999); 15 percent by later studies (Duceppe 2017)."),
    ),
    caveats=("Made for patients from 50 years on with planned surgery of two days or more in hospital.",),
    citations=(
        Reference("Lee TH et al. Circulation 100:1043-1049", 1999, "10.1161/01.CIR.100.10.1043"),
        Reference("Duceppe E et al. Can J Cardiol 33:17-32", 2017, "10.1016/j.cjca.2016.09.008"),
    ),
    examples=(
        Example(NONE | {"creatinine": 2.0}, 0, PAPER + ": exactly 2.0 gives no point"),
        Example(NONE | {"creatinine": {"value": 177, "unit": "µmol/L"}, "insulin": True}, 2, PAPER),
        Example(dict.fromkeys(NONE, True) | {"creatinine": 2.1}, 6, PAPER + ": the maximum"),
        Example(
            NONE | {"creatinine": 1.0, "high_risk_surgery": True}, 1, "tests of open-medicine 0.12.0", Origin.SOFTWARE
        ),
    ),
)
