from functions.calculators.domain.evidence import Origin
from functions.calculators.domain.inputs import BEFORE, HEART_RATE, WELLS
from functions.calculators.domain.model import Band, Calculator, Example, Reference, Values, YesNo

PAPER = "points of Wells 2000, added by hand"
POINTS = {
    "dvt_signs": 3.0, "pe_most_likely": 3.0, "immobilisation_or_surgery": 1.5,
    "previous_vte": 1.5, "haemoptysis": 1.0, "malignancy": 1.0,
}  # fmt: skip
CRITERIA = (
    YesNo(
        name="dvt_signs",
        label="clinical signs of DVT",
        question="Are there clinical signs of deep vein thrombosis: leg swelling and pain on palpation?",
        words=(r"(?:signs?|symptoms?|evidence) of (?:a )?(?:dvt|deep ve(?:in|nous) thrombosis)",
               r"(?:leg|calf) (?:is )?(?:swelling|swollen)|swollen (?:leg|calf)"),
    ),
    YesNo(
        name="pe_most_likely",
        label="PE the most likely diagnosis, or equally likely",
        question="Is pulmonary embolism the most likely diagnosis, or equally likely?",
        words=(r"(?:pe|p e|pulmonary embolism)(?: is)?(?: the)? (?:(?:most|more|equally) likely|likeliest|number 1|#1)",
               r"no (?:more likely )?alternative diagnosis|alternative diagnosis(?: is)? less likely"),
        absent=(r"(?:another|an? alternative) diagnosis(?: is)? more likely",
                r"(?:pe|pulmonary embolism)(?: is)? (?:unlikely|less likely|not (?:the )?most likely)"),
        judgement=True,
    ),
    YesNo(
        name="immobilisation_or_surgery",
        label="immobilisation for 3 days or surgery within 4 weeks",
        question="Has the patient been immobilised for three days, or had surgery within four weeks?",
        words=(r"immobili[sz](?:ed|ation)|immobile|bed ?ridden|bed ?bound|bed ?rest",
               r"(?:major |recent |hip |knee |abdominal )*(?:surgery|operation)|post ?op(?:erative)?"),
    ),
    YesNo(
        name="previous_vte",
        label="previous PE or DVT",
        question="Has the patient had a pulmonary embolism or deep vein thrombosis before?",
        words=(rf"{BEFORE} (?:dvt|deep ve(?:in|nous) thrombosis)(?: or pe)?",
               rf"{BEFORE} (?:pe|pulmonary embol(?:ism|us)|vte|clots?)(?: or dvt)?"),
    ),
    YesNo(
        name="haemoptysis",
        label="haemoptysis",
        question="Is there haemoptysis?",
        words=(r"ha?emopt[yi]sis|coughing (?:up )?blood|coughed (?:up )?blood",),
    ),
    YesNo(
        name="malignancy",
        label="malignancy",
        question="Is there a malignancy treated within six months or palliative?",
        words=(r"(?:active )?(?:cancer|malignancy)|on chemo(?:therapy)?|metastatic \w+",),
    ),
)  # fmt: skip
NONE = dict.fromkeys(POINTS, False)


def formula(values: Values) -> float:
    fast = 1.5 if values["heart_rate"] > 100 else 0.0
    return fast + sum(points for name, points in POINTS.items() if values[name])


CALCULATOR = Calculator(
    id="wells_pe",
    version="1.0.0",
    title="Wells criteria for pulmonary embolism",
    short="Wells score for PE",
    summary="Pretest probability of pulmonary embolism.",
    aliases=("Wells score for PE", "Wells PE", "Wells' criteria for PE", "PE Wells score"),
    names=(
        rf"{WELLS} (?:pe|p e|pulmonary embol(?:ism|us))(?: (?:score|criteria))?",
        r"(?:pe|pulmonary embolism) wells(?: score| criteria)?",
    ),
    inputs=(HEART_RATE, *CRITERIA),
    unit="points",
    decimals=1,
    equation="3 each: signs of DVT, PE most likely; 1.5 each: rate above 100, immobilisation or surgery, previous "
    "DVT or PE; 1 each: haemoptysis, malignancy",
    formula=formula,
    bands=(
        Band(0, "PE unlikely: D-dimer can rule it out (two-level Wells score)."),
        Band(4, "PE likely: imaging is advised (two-level Wells score).", inclusive=False),
    ),
    citations=(
        Reference("Wells PS et al. Thromb Haemost 83:416-420", 2000, "10.1055/s-0037-1613830"),
        Reference("van Belle A et al. (Christopher study) JAMA 295:172-179", 2006, "10.1001/jama.295.2.172"),
    ),
    examples=(
        Example({"heart_rate": 110} | NONE | {"dvt_signs": True}, 4.5, PAPER),
        Example({"heart_rate": 100} | NONE, 0.0, PAPER + ": exactly 100 gives no points"),
        Example({"heart_rate": 101} | dict.fromkeys(POINTS, True), 12.5, PAPER + ": the maximum"),
        Example(
            {"heart_rate": 120} | NONE | {"immobilisation_or_surgery": True, "pe_most_likely": True},
            6.0,
            "case of Andelic S, Signa Vitae 12 Suppl 1:131-133 (2016), doi:10.22514/SV121.102016.25",
            Origin.PAPER,
        ),
    ),
)
