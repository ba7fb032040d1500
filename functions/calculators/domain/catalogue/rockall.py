"""Rockall score, before endoscopy (0 to 7) and with what it found (0 to 11)."""

from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.graded import graded
from functions.calculators.domain.inputs import AGE, HEART_RATE, SYSTOLIC
from functions.calculators.domain.model import Band, Calculator, Choice, Example, Option, Reference, Values, YesNo
from functions.calculators.domain.scoring import step

PAPER = "points of Rockall 1996, added by hand"
MAJOR = YesNo(
    name="major_comorbidity",
    label="heart failure, ischaemic heart disease or another major illness",
    question="Is there heart failure, ischaemic heart disease or another major illness?",
    words=(
        r"(?:congestive )?(?:heart|cardiac) failure|chf",
        r"isch(?:a)?emic heart disease|ihd|coronary (?:artery )?disease|cad",
        r"major (?:comorbidity|illness)",
    ),
)
SEVERE = YesNo(
    name="severe_comorbidity",
    label="renal failure, liver failure or disseminated cancer",
    question="Is there renal failure, liver failure or disseminated cancer?",
    words=(
        r"(?:renal|kidney|liver|hepatic) failure",
        r"(?:disseminated|metastatic) (?:cancer|malignancy|disease)|metastases",
    ),
)
DIAGNOSIS = Choice(
    name="diagnosis",
    label="endoscopic diagnosis",
    question="What did endoscopy find: Mallory-Weiss tear or no lesion, another diagnosis, or upper GI cancer?",
    words=(r"(?:endoscop(?:y|ic)|egd|ogd)(?: (?:diagnosis|finding|found|showed|shows|with))?", r"diagnosis"),
    options=(
        Option(
            "none", "Mallory-Weiss tear or no lesion", (r"mallory weiss(?: tear)?", r"no lesion", r"nothing", r"normal")
        ),
        Option(
            "other",
            "another diagnosis",
            (
                r"(?:gastric |duodenal |peptic )?ulcer",
                r"varices",
                r"(?:o?esophagitis|gastritis|erosions)",
                r"other",
                r"another",
            ),
        ),
        Option(
            "cancer",
            "cancer of the upper gastrointestinal tract",
            (r"(?:gastric |upper gi )?(?:cancer|malignancy|carcinoma|tumou?r)",),
        ),
    ),
)
STIGMATA = graded(
    "stigmata",
    "stigmata of recent haemorrhage",
    "none or a dark spot|none|no|dark spot",
    "blood, clot, visible or spurting vessel|visible vessel|spurting vessel|adherent clot|clot|blood|active bleeding",
    words=(r"stigmata(?: of (?:recent )?(?:bleeding|ha?emorrhage))?",),
)
FOUND = {"none": 0, "other": 1, "cancer": 2}


def before_endoscopy(values: Values) -> int:
    shock = 2 if values["systolic"] < 100 else int(values["heart_rate"] >= 100)
    illness = 3 if values["severe_comorbidity"] else 2 * int(values["major_comorbidity"])
    return step(values["age"], (60, 1), (80, 2)) + shock + illness


def full(values: Values) -> int:
    return before_endoscopy(values) + FOUND[values["diagnosis"]] + 2 * int(values["stigmata"])


SHARED = (AGE, SYSTOLIC, HEART_RATE, MAJOR, SEVERE)
CITATIONS = (Reference("Rockall TA et al. Gut 38:316-321", 1996, "10.1136/gut.38.3.316"),)
CALM = {
    "age": 59, "systolic": 100, "heart_rate": 99, "major_comorbidity": False, "severe_comorbidity": False,
}  # fmt: skip
SICK = {
    "age": 80, "systolic": 99, "heart_rate": 130, "major_comorbidity": True, "severe_comorbidity": True,
}  # fmt: skip
EARLY = (0.2, 2.4, 5.6, 11.0, 24.6, 39.6, 48.9, 50.0)
LATE = (0.0, 0.0, 0.2, 2.9, 5.3, 10.8, 17.3, 27.0, 41.1)
CALCULATORS = (
    Calculator(
        id="rockall_pre",
        title="Rockall score before endoscopy",
        short="Pre-endoscopy Rockall score",
        summary="Risk of death in upper gastrointestinal bleeding, before endoscopy.",
        aliases=("pre-endoscopy Rockall", "pre-endoscopy Rockall score", "clinical Rockall score", "admission Rockall"),
        inputs=SHARED,
        unit="points",
        formula=before_endoscopy,
        bands=tuple(
            Band(score, f"Mortality about {share:g} percent in the paper.") for score, share in enumerate(EARLY)
        ),
        caveats=("To decide who can go home, the Glasgow-Blatchford score serves better.",),
        citations=CITATIONS,
        examples=(
            Example(CALM, 0, PAPER + ": every value just short of its cut"),
            Example(SICK, 7, PAPER + ": the maximum"),
            Example(CALM | {"age": 60, "heart_rate": 100, "major_comorbidity": True}, 4, PAPER),
            Example(
                CALM | {"age": 72, "systolic": 95, "heart_rate": 110, "major_comorbidity": True},
                5,
                "computed with clincalc 0.4.0",
                Origin.SOFTWARE,
            ),
        ),
    ),
    Calculator(
        id="rockall",
        title="Rockall score (full)",
        short="Full Rockall score",
        summary="Risk of death in upper gastrointestinal bleeding, with the findings of endoscopy.",
        aliases=("full Rockall", "full Rockall score", "complete Rockall score", "post-endoscopy Rockall"),
        inputs=(*SHARED, DIAGNOSIS, STIGMATA),
        unit="points",
        formula=full,
        bands=tuple(
            Band(score, f"Mortality about {share:g} percent in the paper.") for score, share in enumerate(LATE)
        ),
        citations=CITATIONS,
        examples=(
            Example(CALM | {"diagnosis": "none", "stigmata": "0"}, 0, PAPER),
            Example(SICK | {"diagnosis": "cancer", "stigmata": "1"}, 11, PAPER + ": the maximum"),
            Example(CALM | {"age": 70, "systolic": 90, "diagnosis": "other", "stigmata": "1"}, 6, PAPER),
            Example(
                CALM
                | {
                    "age": 72,
                    "systolic": 95,
                    "heart_rate": 110,
                    "major_comorbidity": True,
                    "diagnosis": "other",
                    "stigmata": "1",
                },
                8,
                "computed with clincalc 0.4.0",
                Origin.SOFTWARE,
            ),
        ),
    ),
)
