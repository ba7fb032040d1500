from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import BEFORE, WELLS
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo

PAPER = "points of Wells 2003, table 1, added by hand"
CRITERIA = (
    YesNo(
        name="cancer",
        label="active cancer",
        question="Is there active cancer: treated within six months or palliative?",
        words=(r"(?:active )?(?:cancer|malignancy)", r"metastatic \w+(?: cancer)?", r"on chemo(?:therapy)?"),
    ),
    YesNo(
        name="paralysis",
        label="paralysis, paresis or plaster of the leg",
        question="Is there paralysis, paresis or a recent plaster cast of the leg?",
        words=(r"paralysis|paralysed|paralyzed|paresis|hemiparesis", r"(?:plaster|leg) cast|plaster|in a cast"),
    ),
    YesNo(
        name="bedridden_or_surgery",
        label="bedridden 3 days or more, or major surgery within 12 weeks",
        question="Has the patient been bedridden for three days, or had major surgery within twelve weeks?",
        words=(r"bed ?ridden|bed ?bound|bed ?rest|immobili[sz](?:ed|ation)",
               r"(?:major |recent |hip |knee |abdominal )*(?:surgery|operation)|post ?op(?:erative)?"),
    ),
    YesNo(
        name="tenderness",
        label="tenderness along the deep veins",
        question="Is there localised tenderness along the deep veins?",
        words=(r"tender(?:ness)?(?: along the deep veins?| over the deep veins?| of the calf)?|calf tenderness",),
    ),
    YesNo(
        name="leg_swollen",
        label="entire leg swollen",
        question="Is the entire leg swollen?",
        words=(r"(?:entire|whole) leg (?:is )?(?:swollen|swelling)",
               r"(?:swelling|swollen) (?:of )?(?:the )?(?:entire|whole) leg"),
    ),
    YesNo(
        name="calf_swelling",
        label="calf swelling of 3 cm or more",
        question="Is the calf at least three centimetres thicker than the other one?",
        words=(r"calf (?:is )?(?:swelling|swollen)|swollen calf",),
    ),
    YesNo(
        name="pitting_edema",
        label="pitting oedema of that leg",
        question="Is there pitting oedema confined to the symptomatic leg?",
        words=(r"pitting (?:o?edema)?|pitting",),
    ),
    YesNo(
        name="collateral_veins",
        label="collateral superficial veins",
        question="Are there collateral, non-varicose superficial veins?",
        words=(r"collateral(?: superficial)?(?: veins?)?|collaterals",),
    ),
    YesNo(
        name="previous_dvt",
        label="previous DVT",
        question="Has the patient had a documented deep vein thrombosis before?",
        words=(rf"{BEFORE} (?:dvt|deep ve(?:in|nous) thrombosis)",),
    ),
    YesNo(
        name="alternative_diagnosis",
        label="alternative diagnosis at least as likely",
        question="Is another diagnosis at least as likely as deep vein thrombosis?",
        words=(r"alternat(?:ive|e) diagnosis(?: is)?(?: at least)?(?: as| more| equally)?(?: likely)?",
               r"another diagnosis(?: is)?(?: at least)?(?: as| more| equally)?(?: likely)?",
               r"(?:cellulitis|baker s? ?cyst)(?: is)? (?:more|as|equally) likely"),
        absent=(r"(?:dvt|deep vein thrombosis) is (?:the )?most likely",),
        judgement=True,
    ),
)  # fmt: skip
NAMES = tuple(one.name for one in CRITERIA)
NONE = dict.fromkeys(NAMES, False)


def formula(values: Values) -> int:
    return sum((-2 if name == "alternative_diagnosis" else 1) * int(values[name]) for name in NAMES)


CALCULATOR = Calculator(
    id="wells_dvt",
    version="1.0.0",
    title="Wells criteria for deep vein thrombosis",
    short="Wells score for DVT",
    summary="Pretest probability of deep vein thrombosis.",
    aliases=("Wells score for DVT", "Wells DVT", "Wells' criteria for DVT", "DVT Wells score"),
    names=(
        rf"{WELLS} (?:dvt|d v t|deep vein(?: thrombosis)?|deep venous thrombosis)(?: (?:score|criteria))?",
        r"(?:dvt|deep vein thrombosis) wells(?: score| criteria)?",
    ),
    inputs=CRITERIA,
    unit="points",
    equation="1 for each criterion, 2 less where another diagnosis is as likely",
    formula=formula,
    bands=(
        Band(-2, "DVT unlikely: D-dimer can rule it out (two-level Wells score)."),
        Band(2, "DVT likely: compression ultrasound is advised (two-level Wells score)."),
    ),
    citations=(Reference("Wells PS et al. N Engl J Med 349:1227-1235", 2003, "10.1056/NEJMoa023153"),),
    examples=(
        Example(NONE | {"cancer": True, "calf_swelling": True, "pitting_edema": True}, 3, PAPER),
        Example(NONE | {"alternative_diagnosis": True}, -2, PAPER + ": the minimum"),
        Example(dict.fromkeys(NAMES, True) | {"alternative_diagnosis": False}, 9, PAPER + ": the maximum"),
        Example(NONE | {"cancer": True, "pitting_edema": True}, 2, "tests of open-medicine 0.12.0", Origin.SOFTWARE),
    ),
)
