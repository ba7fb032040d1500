from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import AGE
from functions.calculators.domain.model import Band, Calculator, Example, Measured, Reference, Values, YesNo

PAPER = "points of Pisters 2010, added by hand"
POINTS = (
    "uncontrolled_hypertension", "renal_disease", "liver_disease", "stroke",
    "bleeding", "labile_inr", "drugs", "alcohol",
)  # fmt: skip

UNCONTROLLED = YesNo(
    name="uncontrolled_hypertension",
    label="uncontrolled hypertension",
    question="Is the systolic blood pressure above 160?",
    words=(r"(?:uncontrolled|poorly controlled|severe) (?:hyper ?tension|htn|blood pressure)",),
    unclear=(r"hyper ?tension", r"hypertensive", r"high blood pressure", r"htn"),
    absent=(r"(?:well )?controlled (?:hyper ?tension|htn|blood pressure)", r"normal blood pressure"),
    measured=(
        Measured(r"(?:systolic|sbp)(?: blood)?(?: pressure)?", lambda pressure: pressure > 160),
        Measured(r"(?:bp|blood pressure)", lambda pressure: pressure > 160),
    ),
)
CRITERIA = (
    UNCONTROLLED,
    YesNo(
        name="renal_disease",
        label="abnormal renal function",
        question="Is the patient on dialysis, transplanted, or is creatinine 2.26 mg/dL (200 µmol/L) or more?",
        words=(r"(?:hemo|haemo)?dialysis", r"(?:renal|kidney) transplant", r"abnormal (?:renal|kidney) function",
               r"end stage (?:renal|kidney) disease|esrd|eskd"),
        unclear=(r"(?:renal|kidney) (?:disease|failure|impairment)|ckd",),
        absent=(r"normal (?:renal|kidney)(?: and liver)? function",),
    ),
    YesNo(
        name="liver_disease",
        label="abnormal liver function",
        question="Does the patient have cirrhosis, or bilirubin above twice with enzymes above three times normal?",
        words=(r"cirrhosis|cirrhotic", r"abnormal liver function"),
        unclear=(r"(?:liver|hepatic) disease|hepatitis",),
        absent=(r"normal liver function",),
    ),
    YesNo(
        name="stroke",
        label="stroke",
        question="Has the patient had a stroke?",
        words=(r"strokes?(?! risk| prevention)", r"cva", r"cerebrovascular accident"),
    ),
    YesNo(
        name="bleeding",
        label="prior major bleeding or predisposition",
        question="Has the patient had major bleeding, or anaemia or another predisposition to bleeding?",
        words=(r"(?:prior |previous |major |gi |gastrointestinal |history of )+(?:bleed(?:ing)?|ha?emorrhage)",
               r"ana?emia", r"bleeding (?:history|diathesis|predisposition|tendency)"),
    ),
    YesNo(
        name="labile_inr",
        label="labile INR",
        question="Is the INR labile, with less than 60 percent of time in range?",
        words=(r"(?:labile|unstable|fluctuating) (?:inr|i n r)s?", r"poor (?:inr|time in therapeutic range|ttr)"),
        absent=(r"stable (?:inr|i n r)",),
        measured=(Measured(r"ttr|time in (?:therapeutic )?range", lambda share: share < 60),),
    ),
    YesNo(
        name="drugs",
        label="antiplatelet drugs or NSAIDs",
        question="Does the patient take antiplatelet drugs or NSAIDs?",
        words=(r"aspirin|asa|clopidogrel|plavix|ticagrelor|prasugrel|antiplatelets?(?: drugs?| therapy)?",
               r"nsaids?|ibuprofen|naproxen|diclofenac|anti inflammator(?:y|ies)(?: drugs?)?"),
    ),
    YesNo(
        name="alcohol",
        label="8 or more alcoholic drinks a week",
        question="Does the patient have 8 or more alcoholic drinks a week?",
        words=(r"alcohol (?:abuse|misuse|excess|use disorder|dependence)|alcohol(?:ism|ic)",
               r"heavy (?:drinker|drinking)|drinks heavily"),
        unclear=(r"drinks alcohol|alcohol use",),
        measured=(Measured(r"drinks(?: about)?", lambda drinks: drinks >= 8),
                  Measured(r"@ drinks", lambda drinks: drinks >= 8)),
    ),
)  # fmt: skip


def formula(values: Values) -> int:
    return int(values["age"] > 65) + sum(int(values[name]) for name in POINTS)


STORY = r"on|from|with|after|into|while|twice|again|during|before|since"
NONE = dict.fromkeys(POINTS, False)
CALCULATOR = Calculator(
    id="has_bled",
    version="1.0.0",
    title="HAS-BLED score",
    short="HAS-BLED score",
    summary="Risk of major bleeding under anticoagulation for atrial fibrillation.",
    aliases=("HAS-BLED", "HASBLED"),
    # "the patient has bled on warfarin" is a sentence, not a score.
    names=(
        rf"(?<!\bpatient )(?<!\bwho )(?<!\bhe )(?<!\bshe )(?<!man )has blee?d(?: score)?(?! (?:{STORY}))",
        r"hasb?leds?(?: score)?",
        r"hasbleed(?: score)?",
        r"has (?:blood|led) (?:score|risk)",
    ),
    inputs=(AGE, *CRITERIA),
    unit="points",
    equation="1 each: systolic above 160, kidney, liver, stroke, bleeding, labile INR, age above 65, drugs, alcohol",
    formula=formula,
    bands=(
        Band(0, "Low bleeding risk."),
        Band(2, "Moderate bleeding risk."),
        Band(3, "High bleeding risk: review modifiable factors and follow up more often."),
    ),
    caveats=("A high score asks to correct what can be corrected, not by itself to withhold anticoagulation.",),
    citations=(
        Reference("Pisters R et al. Chest 138:1093-1100", 2010, "10.1378/chest.10-0134"),
        Reference("Hindricks G et al. 2020 ESC guidelines. Eur Heart J 42:373-498", 2021, "10.1093/eurheartj/ehaa612"),
    ),
    examples=(
        Example({"age": 65} | NONE, 0, PAPER + ": exactly 65 gives no point"),
        Example({"age": 70} | NONE | {"drugs": True, "stroke": True}, 3, PAPER),
        Example({"age": 80} | dict.fromkeys(POINTS, True), 9, PAPER + ": the maximum"),
        Example(
            {"age": 60}
            | NONE
            | {"uncontrolled_hypertension": True, "renal_disease": True, "stroke": True, "bleeding": True},
            4,
            "tests of open-medicine 0.12.0",
            Origin.SOFTWARE,
        ),
    ),
)
