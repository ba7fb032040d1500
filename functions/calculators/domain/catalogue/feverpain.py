from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.model import Band, Calculator, Example, Reference, YesNo, outcomes
from functions.calculators.domain.scoring import points

PAPER = "criteria of Little 2013, counted by hand"
CRITERIA = (
    YesNo(
        name="fever",
        label="fever in the past 24 hours",
        question="Has there been a fever in the past 24 hours?",
        words=(r"(?:recent )?(?:fever|febrile)(?: (?:in|during) the (?:past|last) (?:24 hours|day))?",),
        absent=(r"afebrile",),
    ),
    YesNo(
        name="purulence",
        label="pus on the tonsils",
        question="Is there pus on the tonsils?",
        words=(r"(?:pus|exudates?)(?: on (?:the )?tonsils)?|purulen(?:t tonsils|ce)|tonsill?ar exudates?",),
    ),
    YesNo(
        name="rapid",
        label="onset within 3 days",
        question="Did it begin within the past three days?",
        words=(r"(?:attended |came |onset |symptoms? |ill |began )*(?:rapidly|within (?:the (?:past |last )?)?3 days)",
               r"(?:1|2|3) days? of (?:symptoms|sore throat|illness)|rapid (?:onset|attendance)"),
    ),
    YesNo(
        name="inflamed",
        label="severely inflamed tonsils",
        question="Are the tonsils severely inflamed?",
        words=(r"(?:severe(?:ly)? |very )?inflam(?:ed|mation of the) tonsils",
               r"tonsils (?:are )?(?:severely |very )inflamed",
               r"(?:severe )?tonsill?ar inflammation"),
    ),
    YesNo(
        name="cough_or_cold",
        label="cough or cold",
        question="Is there a cough or a cold?",
        words=(r"(?:cough(?:s|ing)?|runny nose|coryza|(?:common |a )cold)(?: or (?:cold|coryza|runny nose))?",),
        judgement=True,
    ),
)  # fmt: skip
SIGNS = ("fever", "purulence", "rapid", "inflamed")
NONE = dict.fromkeys(SIGNS, False) | {"cough_or_cold": True}
ALL = dict.fromkeys(SIGNS, True) | {"cough_or_cold": False}

CALCULATOR = Calculator(
    id="feverpain",
    title="FeverPAIN score",
    summary="Probability of streptococci in a sore throat, from 3 years on.",
    aliases=("FeverPAIN", "FeverPAIN score", "fever pain score"),
    names=(r"fever ?pain(?: (?:score|criteria))", r"feverpain"),
    inputs=CRITERIA,
    unit="points",
    equation="1 for each: fever, pus, onset within 3 days, severely inflamed tonsils, neither cough nor cold",
    formula=lambda values: points(values, dict.fromkeys(SIGNS, 1)) + int(not values["cough_or_cold"]),
    bands=(
        Band(0, "Streptococci in 13 to 18 percent: no antibiotic (NICE NG84)."),
        Band(2, "Streptococci in 34 to 40 percent: no antibiotic, or one to be fetched later (NICE NG84)."),
        Band(4, "Streptococci in 62 to 65 percent: consider an antibiotic now or to be fetched later (NICE NG84)."),
    ),
    citations=(
        Reference("Little P et al. BMJ 347:f5806", 2013, "10.1136/bmj.f5806"),
        Reference("NICE guideline NG84, sore throat (acute)", 2018),
    ),
    outcomes=outcomes(
        "NICE NG84, terms used in the guideline",
        Origin.GUIDELINE,
        (1, "13 to 18 percent"),
        (3, "34 to 40 percent"),
        (5, "62 to 65 percent"),
    ),
    examples=(
        Example(NONE, 0, PAPER + ": the minimum"),
        Example(NONE | {"fever": True, "purulence": True}, 2, PAPER),
        Example(ALL, 5, "NICE NG84, terms used: the maximum", Origin.GUIDELINE, bound=True),
        Example(
            NONE | {"fever": True, "rapid": True, "cough_or_cold": False},
            3,
            "computed with clincalc 0.4.0",
            Origin.SOFTWARE,
        ),
    ),
)
