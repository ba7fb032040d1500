from functions.calculators.domain.criteria import CANCER, LUNG_DISEASE
from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, MASS_INDEX
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo
from functions.calculators.domain.scoring import points, step

PAPER = "points of Caprini 2005, added by hand"
MONTH = " within a month"


def factor(name: str, label: str, *words: str) -> YesNo:
    return YesNo(name=name, label=label, words=words)


FACTORS = {
    factor("minor_surgery", "minor surgery planned", r"minor (?:surgery|operation)"): 1,
    factor("recent_surgery", "earlier major surgery" + MONTH, r"(?:earlier|previous|prior) major surgery"): 1,
    factor("varicose_veins", "varicose veins", r"varicose veins"): 1,
    factor("bowel_disease", "inflammatory bowel disease",
           r"inflammatory bowel disease|ibd|crohns?|ulcerative colitis"): 1,
    factor("swollen_legs", "swollen legs at present", r"(?:swollen|o?edematous) legs?|legs? (?:swelling|swollen)"): 1,
    factor("infarction", "acute myocardial infarction",
           r"(?:acute |recent )?(?:myocardial infarction|heart attack|mi|stemi|nstemi)"): 1,
    factor("heart_failure", "heart failure" + MONTH, r"(?:congestive )?heart failure|chf"): 1,
    factor("sepsis", "sepsis" + MONTH, r"sepsis|septic"): 1,
    factor("pneumonia", "serious lung disease or pneumonia" + MONTH, r"pneumonia|serious lung disease"): 1,
    LUNG_DISEASE: 1,
    factor("bed_rest", "medical patient on bed rest", r"(?:on )?bed ?rest"): 1,
    factor("hormones", "oral contraceptive or hormone replacement",
           r"(?:oral )?contracepti(?:ves?|on)|birth control|hormone (?:replacement|therapy)|hrt"): 1,
    factor("pregnancy", "pregnancy, or delivery" + MONTH, r"pregnan(?:t|cy)|post ?partum"): 1,
    factor("pregnancy_loss", "unexplained stillbirth or recurrent miscarriage",
           r"(?:unexplained )?stillb(?:irth|orn)|(?:recurrent )?(?:miscarriages?|spontaneous abortions?)"): 1,
    factor("major_surgery", "major open surgery over 45 minutes", r"(?:major|open)(?: open)? (?:surgery|operation)"): 2,
    factor("laparoscopy", "laparoscopic surgery over 45 minutes", r"laparoscop(?:ic|y)(?: surgery)?"): 2,
    factor("arthroscopy", "arthroscopic surgery", r"arthroscop(?:ic|y)(?: surgery)?"): 2,
    CANCER: 2,
    factor("bedridden", "confined to bed over 72 hours", r"(?:confined to bed|bed ?ridden|bed ?bound)"): 2,
    factor("plaster_cast", "immobilising plaster cast" + MONTH, r"(?:plaster |leg )?cast"): 2,
    factor("central_line", "central venous access",
           r"central (?:venous )?(?:access|line|catheter)|picc|port ?a ?cath"): 2,
    factor("previous_vte", "previous DVT or PE",
           r"(?:(?:previous|prior|past|history of)(?: an?)? )?(?:dvt|vte|pe|deep vein thrombosis)",
           r"(?:previous|prior|past|history of)(?: an?)? pulmonary embolism"): 3,
    factor("family_thrombosis", "family history of thrombosis",
           r"family history of (?:thrombosis|clots?|dvt|vte|pe)"): 3,
    factor("factor_v_leiden", "factor V Leiden", r"factor (?:v|5)(?: leiden)?"): 3,
    factor("prothrombin", "prothrombin 20210A", r"prothrombin(?: 20210 ?a)?(?: mutation)?"): 3,
    factor("lupus_anticoagulant", "lupus anticoagulant", r"lupus anticoagulant"): 3,
    factor("anticardiolipin", "raised anticardiolipin antibodies", r"anti ?cardiolipin(?: antibod(?:y|ies))?"): 3,
    factor("homocysteine", "raised homocysteine", r"(?:high |raised |elevated )?homocysteine"): 3,
    factor("hit", "heparin-induced thrombocytopenia", r"heparin induced thrombocytopenia|hit"): 3,
    factor("thrombophilia", "another thrombophilia", r"(?:another |other )?thrombophilia"): 3,
    factor("stroke", "stroke" + MONTH, r"strokes?(?! risk)"): 5,
    factor("arthroplasty", "elective arthroplasty of hip or knee",
           r"(?:hip|knee|elective) (?:arthroplasty|replacement)|arthroplasty"): 5,
    factor("fracture", "fracture of hip, pelvis or leg" + MONTH,
           r"(?:hip|pelvi[sc]|leg|femur|tibia) fractures?",
           r"fractured? (?:of (?:the )?)?(?:hip|pelvis|leg|femur|tibia)"): 5,
    factor("spinal_cord_injury", "acute spinal cord injury with paralysis" + MONTH, r"spinal cord injury|paralysis"): 5,
    factor("trauma", "multiple trauma" + MONTH, r"(?:multiple |poly ?|major )trauma"): 5,
}  # fmt: skip
POINTS = {one.name: worth for one, worth in FACTORS.items()}


def formula(values: Values) -> int:
    heavy = int(values["body_mass_index"] > 25)
    return points(values, POINTS) + heavy + step(values["age"], (41, 1), (61, 2), (75, 3))


NONE = dict.fromkeys(POINTS, False)
CALCULATOR = Calculator(
    id="caprini",
    title="Caprini score (2005)",
    short="Caprini score",
    summary="Risk of venous thromboembolism of surgical patients.",
    aliases=("Caprini", "Caprini score", "Caprini risk assessment"),
    names=(r"c[ao]prin[iy](?: (?:vte|dvt|risk|score|assessment|model))*",),
    inputs=(AGE, MASS_INDEX, *FACTORS),
    unit="points",
    equation="age from 41 1, from 61 2, from 75 3; BMI above 25 1; "
    + "; ".join(f"{one.label} {worth}" for one, worth in FACTORS.items()),
    formula=formula,
    bands=(
        Band(0, "Low risk (0 or 1): early walking."),
        Band(2, "Moderate risk (2): compression or heparin."),
        Band(3, "High risk (3 or 4): compression and heparin."),
        Band(5, "Highest risk (5 or more): heparin with compression, for longer than the stay."),
    ),
    caveats=("Weigh the risk of bleeding before giving heparin.",),
    citations=(Reference("Caprini JA. Dis Mon 51:70-78", 2005, "10.1016/j.disamonth.2005.02.003"),),
    examples=(
        Example({"age": 40, "body_mass_index": 25} | NONE, 0, PAPER + ": the minimum"),
        Example({"age": 65, "body_mass_index": 30} | NONE | {"major_surgery": True, "cancer": True}, 7, PAPER),
        Example({"age": 75, "body_mass_index": 22} | NONE | {"arthroplasty": True}, 8, PAPER),
        Example(
            {"age": 80, "body_mass_index": 40} | dict.fromkeys(POINTS, True),
            84,
            PAPER + ": everything counts, the maximum",
        ),
        Example(
            {"age": 50, "body_mass_index": 26} | NONE | {"minor_surgery": True},
            3,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
