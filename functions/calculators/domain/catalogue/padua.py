from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE, BEFORE
from functions.calculators.domain.model import Band, Calculator, Example, Measured, Reference, Values, YesNo
from functions.calculators.domain.scoring import points

PAPER = "points of Barbar 2010, added by hand"
CRITERIA = (
    YesNo(
        name="cancer",
        label="active cancer",
        question="Is there active cancer, or was it treated within the last 6 months?",
        words=(r"(?:active )?(?:cancer|malignancy)", r"metasta(?:tic|ses)(?: disease)?", r"on chemo(?:therapy)?"),
    ),
    YesNo(
        name="previous_vte",
        label="previous venous thromboembolism",
        question="Has the patient had a venous thromboembolism, superficial ones aside?",
        words=(rf"{BEFORE} (?:dvt|pe|vte|deep vein thrombosis|pulmonary embolism|venous thromboembolism)",),
    ),
    YesNo(
        name="reduced_mobility",
        label="reduced mobility",
        question="Is the patient in bed, but for the bathroom, for at least 3 days?",
        words=(r"reduced mobility", r"bed ?(?:ridden|rest|bound)", r"immobil\w+"),
    ),
    YesNo(
        name="thrombophilia",
        label="known thrombophilia",
        question="Is a thrombophilia known?",
        words=(
            r"thrombophilia",
            r"factor (?:v|5) leiden",
            r"antiphospholipid(?: syndrome| antibodies)?",
            r"protein [cs] deficiency",
        ),
    ),
    YesNo(
        name="surgery",
        label="trauma or surgery within a month",
        question="Was there trauma or surgery within the last month?",
        words=(r"(?:recent |major )*(?:surgery|trauma|operation)",),
    ),
    YesNo(
        name="heart_or_lung_failure",
        label="heart or respiratory failure",
        question="Is there heart failure or respiratory failure?",
        words=(r"(?:congestive )?(?:heart|cardiac|respiratory) failure", r"chf"),
    ),
    YesNo(
        name="infarction_or_stroke",
        label="acute myocardial infarction or ischaemic stroke",
        question="Is there an acute myocardial infarction or ischaemic stroke?",
        words=(
            r"(?:acute )?(?:myocardial infarction|heart attack|mi|(?:n?stemi))",
            r"(?:acute |isch(?:a)?emic )*stroke",
        ),
    ),
    YesNo(
        name="infection",
        label="acute infection or rheumatological disorder",
        question="Is there an acute infection or rheumatological disorder?",
        words=(r"(?:acute )?infection", r"pneumonia|sepsis|septic", r"rheumat\w+(?: (?:disease|disorder|arthritis))?"),
    ),
    YesNo(
        name="obesity",
        label="obesity (BMI 30 or more)",
        question="Is the body mass index 30 or more?",
        words=(r"obes(?:e|ity)",),
        measured=(Measured(r"(?:b ?m ?i|body mass index)", lambda index: index >= 30),),
    ),
    YesNo(
        name="hormones",
        label="hormonal treatment",
        question="Does the patient take hormones, such as oestrogens?",
        words=(
            r"hormon(?:es?|al)(?: treatment| therapy| replacement)*",
            r"(?:birth control|contraceptives?|the pill|o?estrogens?)",
        ),
    ),
)
TABLE = {
    "cancer": 3, "previous_vte": 3, "reduced_mobility": 3, "thrombophilia": 3, "surgery": 2, "heart_or_lung_failure": 1,
    "infarction_or_stroke": 1, "infection": 1, "obesity": 1, "hormones": 1,
}  # fmt: skip


def formula(values: Values) -> int:
    return int(values["age"] >= 70) + points(values, TABLE)


NONE = dict.fromkeys(TABLE, False)
CALCULATOR = Calculator(
    id="padua",
    title="Padua prediction score",
    summary="Risk of venous thromboembolism of medical inpatients.",
    aliases=("Padua score", "Padua VTE score"),
    inputs=(AGE, *CRITERIA),
    unit="points",
    formula=formula,
    bands=(
        Band(0, "Low risk: thromboembolism in 0.3 percent of such patients."),
        Band(4, "High risk: thromboembolism in 11 percent without prophylaxis; weigh it against the risk of bleeding."),
    ),
    citations=(Reference("Barbar S et al. J Thromb Haemost 8:2450-2457", 2010, "10.1111/j.1538-7836.2010.04044.x"),),
    examples=(
        Example({"age": 69} | NONE, 0, PAPER),
        Example({"age": 70} | dict.fromkeys(TABLE, True), 20, PAPER + ": the maximum"),
        Example({"age": 75} | NONE | {"reduced_mobility": True, "infection": True}, 5, PAPER),
        Example({"age": 70} | NONE | {"cancer": True}, 4, "tests of open-medicine 0.12.0", Origin.SOFTWARE),
    ),
)
