"""Inputs that several calculators share. Ranges: refused outside what a living person can have, flagged outside
what a ward sees; a calculator narrows them with `dataclasses.replace` where its paper does.
"""

from dataclasses import replace
from datetime import date
from functools import partial

from functions.calculators.domain import dates
from functions.calculators.domain.model import Choice, Day, Option, Quantity, Range, Value, YesNo

SEX = Choice(
    name="sex",
    label="sex",
    question="Is the patient male or female?",
    options=(
        Option("male", "male", (r"male", r"man", r"gentleman", r"boy", r"he", r"his", r"him", r"mr")),
        Option("female", "female", (r"female", r"woman", r"lady", r"girl", r"she", r"her", r"hers", r"mrs")),
    ),
)
AGE = Quantity(
    name="age",
    label="age",
    question="How old is the patient?",
    words=(r"age", r"aged"),
    quantity="age",
    unit="years",
    possible=Range(0, 125),
    usual=Range(18, 105),
)
WEIGHT = Quantity(
    name="weight",
    label="weight",
    question="What is the weight?",
    words=(r"weight", r"weighs", r"weighing", r"weight is"),
    quantity="mass",
    unit="kg",
    possible=Range(0.2, 650),
    usual=Range(30, 250),
)
# Where children are as usual as adults. A height stays as it is: "68" may be inches, and is asked about.
ANY_WEIGHT = replace(WEIGHT, usual=Range(1.5, 250))
ANY_AGE = replace(AGE, usual=Range(0, 105))
HEIGHT = Quantity(
    name="height",
    label="height",
    question="What is the height?",
    words=(r"height", r"tall"),
    quantity="length",
    unit="cm",
    possible=Range(20, 275),
    usual=Range(120, 220),
    bare=("cm", "m"),
)
# Weights by height were made for adults and turn negative near 100 cm.
ADULT_HEIGHT = replace(HEIGHT, possible=Range(105, 275))
MASS_INDEX = Quantity(
    name="body_mass_index",
    label="body mass index",
    words=(r"(?:target |desired |goal )?(?:b ?m ?i|body mass index)",),
    quantity="mass index",
    unit="kg/m²",
    possible=Range(7, 250),
    usual=Range(12, 70),
)
TEMPERATURE = Quantity(
    name="temperature",
    label="body temperature",
    words=(r"(?:body |core |rectal |oral |tympanic )?temp(?:erature)?", r"fever(?: of)?"),
    quantity="temperature",
    unit="°C",
    possible=Range(13, 47),
    usual=Range(30, 43),
    bare=("°C", "°F"),
)
SYSTOLIC = Quantity(
    name="systolic",
    label="systolic blood pressure",
    question="What is the systolic blood pressure?",
    words=(r"systolic(?: blood)?(?: pressure)?(?: bp)?", r"sbp", r"(?<!diastolic )(?:bp|blood pressure)"),
    quantity="pressure",
    unit="mmHg",
    possible=Range(20, 350),
    usual=Range(60, 250),
)
DIASTOLIC = Quantity(
    name="diastolic",
    label="diastolic blood pressure",
    question="What is the diastolic blood pressure?",
    words=(r"diastolic(?: blood)?(?: pressure)?(?: bp)?", r"dbp"),
    quantity="pressure",
    unit="mmHg",
    possible=Range(5, 250),
    usual=Range(30, 150),
)
HEART_RATE = Quantity(
    name="heart_rate",
    label="heart rate",
    question="What is the heart rate?",
    words=(
        r"heart rate",
        r"pulse(?: rate)?",
        r"hr",
        r"ventricular rate",
        r"(?<!respiratory )(?<!resp )(?<!breathing )rate",
    ),
    quantity="rate",
    unit="/min",
    possible=Range(10, 350),
    usual=Range(30, 220),
)
RESPIRATORY_RATE = Quantity(
    name="respiratory_rate",
    label="respiratory rate",
    question="What is the respiratory rate?",
    words=(r"respiratory rate", r"resp(?:iration)? rate", r"respirations?", r"breathing(?: rate)?(?: at)?", r"rr"),
    quantity="rate",
    unit="/min",
    possible=Range(2, 100),
    usual=Range(6, 60),
)
SATURATION = Quantity(
    name="oxygen_saturation",
    label="oxygen saturation",
    words=(r"(?:oxygen |o ?2 )?sat(?:uration|s)?", r"sp ?o ?2", r"sa ?o ?2", r"pulse ox(?:imetry)?"),
    quantity="share",
    unit="%",
    possible=Range(20, 100),
    usual=Range(50, 100),
    bare=("%", "fraction"),
)
COMA_SCALE = Quantity(
    name="coma_scale",
    label="Glasgow coma scale",
    words=(r"(?:gcs|g c s|glasgow(?: coma)?(?: scale| score)*)",),
    quantity="number",
    unit="",
    possible=Range(3, 15),
    usual=Range(3, 15),
    whole=True,
)
# The air the patient breathes, and the gases of arterial blood.
INSPIRED_OXYGEN = Quantity(
    name="inspired_oxygen",
    label="inspired oxygen fraction",
    words=(r"fi ?o ?2", r"inspired oxygen(?: fraction)?", r"oxygen fraction", r"on(?= \d+ ?(?:%|percent) oxygen)"),
    fixed=((r"(?:on |breathing )?(?:room|ambient) air", 21.0),),
    quantity="share",
    unit="%",
    possible=Range(21, 100),
    usual=Range(21, 100),
    bare=("%", "fraction"),
)
_gas = partial(Quantity, quantity="blood gas", unit="mmHg", bare=("mmHg", "kPa"))
ARTERIAL_OXYGEN = _gas(
    name="arterial_oxygen",
    label="arterial oxygen pressure",
    words=(r"p ?a? ?o ?2", r"(?:arterial )?oxygen (?:tension|pressure)", r"partial pressure of oxygen"),
    possible=Range(10, 750),
    usual=Range(25, 600),
)
ARTERIAL_CARBON_DIOXIDE = _gas(
    name="arterial_carbon_dioxide",
    label="arterial carbon dioxide pressure",
    words=(r"p ?a? ?co ?2", r"(?:arterial )?carbon dioxide (?:tension|pressure)"),
    possible=Range(5, 250),
    usual=Range(12, 120),
)
ARTERIAL_PH = Quantity(
    name="arterial_ph",
    label="arterial pH",
    words=(r"(?:arterial )?p ?h",),
    quantity="number",
    unit="",
    possible=Range(6.3, 8.0),
    usual=Range(6.8, 7.8),
)
CREATININE = Quantity(
    name="creatinine",
    label="serum creatinine",
    question="What is the serum creatinine, and in which unit?",
    words=(r"(?:serum )?creat(?:inine|in|inin|tinine)?", r"scr", r"cr"),
    quantity="creatinine",
    unit="mg/dL",
    possible=Range(0.1, 50),
    usual=Range(0.3, 12),
)
BUN = Quantity(
    name="urea_nitrogen",
    label="blood urea nitrogen",
    question="What is the blood urea nitrogen, and in which unit?",
    words=(r"(?:blood )?urea nitrogen", r"bun"),
    quantity="urea nitrogen",
    unit="mg/dL",
    possible=Range(0.5, 350),
    usual=Range(3, 150),
)
# "urea 8" may be mmol/L or mg/dL, and mg/dL of urea are not mg/dL of urea nitrogen: then the value is asked for.
UREA = replace(
    BUN,
    question="What is the blood urea nitrogen in mg/dL, or the urea in mmol/L?",
    words=(*BUN.words, r"urea"),
    bare=(),
    bare_after=BUN.words,
)
BILIRUBIN = Quantity(
    name="bilirubin",
    label="total bilirubin",
    question="What is the total bilirubin, and in which unit?",
    words=(r"(?:total |serum )?bilirubin", r"bili"),
    quantity="bilirubin",
    unit="mg/dL",
    possible=Range(0.05, 80),
    usual=Range(0.1, 15),
)
ALBUMIN = Quantity(
    name="albumin",
    label="serum albumin",
    question="What is the albumin, and in which unit?",
    words=(r"(?:serum )?albumin",),
    quantity="albumin",
    unit="g/dL",
    possible=Range(0.5, 7),
    usual=Range(1.5, 5.5),
)
CALCIUM = Quantity(
    name="calcium",
    label="total serum calcium",
    question="What is the total calcium, and in which unit?",
    words=(r"(?:total |serum )*calcium", r"ca"),
    quantity="calcium",
    unit="mg/dL",
    possible=Range(2, 25),
    usual=Range(5, 16),
    bare=("mg/dL", "mmol/L"),
)
GLUCOSE = Quantity(
    name="glucose",
    label="glucose",
    question="What is the glucose, and in which unit?",
    words=(r"(?:fasting |serum |plasma |blood )*(?:glucose|sugar)",),
    quantity="glucose",
    unit="mg/dL",
    possible=Range(5, 3000),
    usual=Range(40, 1500),
    bare=("mg/dL", "mmol/L"),
)
_cholesterol = partial(Quantity, quantity="cholesterol", unit="mg/dL", bare=("mg/dL", "mmol/L"))
TOTAL_CHOLESTEROL = _cholesterol(
    name="total_cholesterol",
    label="total cholesterol",
    question="What is the total cholesterol, and in which unit?",
    words=(r"(?:total )?(?<!hdl )(?<!ldl )(?<!lipoprotein )chol(?:esterol)?",),
    possible=Range(20, 3000),
    usual=Range(70, 500),
)
HDL = _cholesterol(
    name="hdl",
    label="HDL cholesterol",
    question="What is the HDL cholesterol, and in which unit?",
    words=(r"h ?d ?l(?: cholesterol)?", r"high density lipoprotein(?: cholesterol)?"),
    possible=Range(1, 300),
    usual=Range(15, 120),
)
TRIGLYCERIDES = Quantity(
    name="triglycerides",
    label="triglycerides",
    question="What are the triglycerides, and in which unit?",
    words=(r"triglycerides?", r"trigs?"),
    quantity="triglycerides",
    unit="mg/dL",
    possible=Range(5, 30_000),
    usual=Range(25, 1500),
    bare=("mg/dL", "mmol/L"),
)
_cells = partial(Quantity, quantity="cell count", unit="10^9/L", bare=("10^9/L", "/µL"))
PLATELETS = _cells(
    name="platelets",
    label="platelet count",
    words=(r"platelets?(?: count)?", r"plts?", r"thrombocytes"),
    possible=Range(0.1, 6000),
    usual=Range(5, 1500),
)
WHITE_CELLS = _cells(
    name="white_cells",
    label="white cell count",
    words=(r"w ?b ?cs?(?: count)?", r"white (?:blood )?(?:cell )?count", r"white (?:blood )?cells?", r"leu[ck]ocytes?"),
    possible=Range(0, 1500),  # 0.0 is what laboratories print in aplasia
    usual=Range(0.5, 150),
)
HAEMOGLOBIN = Quantity(
    name="haemoglobin",
    label="haemoglobin",
    question="What is the haemoglobin, and in which unit?",
    words=(r"ha?emoglobin", r"hgb", r"hb"),
    quantity="haemoglobin",
    unit="g/dL",
    possible=Range(1, 30),
    usual=Range(4, 22),
    bare=("g/dL", "g/L"),
)
HAEMATOCRIT = Quantity(
    name="haematocrit",
    label="haematocrit",
    words=(r"ha?ematocrit", r"hct", r"packed cell volume"),
    quantity="share",
    unit="%",
    possible=Range(3, 85),
    usual=Range(15, 65),
    bare=("%", "fraction"),
)
INR = Quantity(
    name="inr",
    label="INR",
    question="What is the INR?",
    words=(r"inr", r"i n r", r"international normali[sz]ed ratio"),
    quantity="number",
    unit="",
    possible=Range(0.5, 20),
    usual=Range(0.8, 10),
)
_ion = partial(Quantity, quantity="electrolyte", unit="mmol/L")
SODIUM = _ion(
    name="sodium",
    label="serum sodium",
    question="What is the sodium?",
    words=(r"(?:serum )?sodium", r"na"),
    possible=Range(90, 200),
    usual=Range(110, 175),
)
CHLORIDE = _ion(
    name="chloride",
    label="serum chloride",
    question="What is the chloride?",
    words=(r"(?:serum )?chloride", r"cl"),
    possible=Range(50, 170),
    usual=Range(70, 130),
)
BICARBONATE = _ion(
    name="bicarbonate",
    label="bicarbonate",
    question="What is the bicarbonate?",
    words=(r"(?:serum )?bicarb(?:onate)?", r"hco ?3", r"total co ?2", r"co ?2"),
    possible=Range(1, 65),
    usual=Range(5, 50),
)
POTASSIUM = _ion(
    name="potassium",
    label="serum potassium",
    words=(r"(?:serum )?potassium", r"k"),
    possible=Range(1, 15),
    usual=Range(2, 8),
)
QT = Quantity(
    name="qt",
    label="QT interval",
    question="What is the measured QT interval in milliseconds?",
    words=(r"(?:measured |uncorrected )?q ?t(?: interval)?",),
    quantity="duration",
    unit="ms",
    possible=Range(150, 900),
    usual=Range(250, 700),
    bare=("ms", "s"),
)
LAST_PERIOD = Day(
    name="last_period",
    label="first day of the last menstrual period",
    question="On which date did the last menstrual period begin?",
    words=(
        r"last (?:menstrual )?(?:period|menses|menstruation)",
        r"l ?m ?p",
        r"last menstrual (?:date|day)",
    ),
)
CYCLE = Quantity(
    name="cycle",
    label="length of the cycle",
    words=(r"(?:menstrual )?cycles?(?: length)?",),
    quantity="period",
    unit="days",
    possible=Range(14, 100),
    usual=Range(20, 45),
    whole=True,
    required=False,
    unstated="a cycle of 28 days",
)
DIABETES = YesNo(
    name="diabetes",
    label="diabetes",
    question="Does the patient have diabetes?",
    words=(r"diabetes(?: mellitus)?", r"diabetic", r"t[12]dm", r"i?dm", r"type [12] diabetes"),
)
DIALYSIS = YesNo(
    name="dialysis",
    label="dialysis at least twice in the past week",
    question="Has the patient had dialysis at least twice in the past week?",
    words=(r"(?:on )?(?:hemo|haemo)?dialysis", r"cvvhd?f?", r"hemodialysed"),
)
# "previous", "history of a", "prior": the event lies in the past.
BEFORE = r"(?:previous|prior|past|history of|hx of|documented)(?: an?)?(?: previous| prior)?"
WELLS = r"wells?(?: (?:score|criteria|rule))?(?: (?:for|of|in))?(?: an?)?"


def spoken_day(value: Value) -> str:
    """A result that is a day, in words."""
    return dates.said(date.fromisoformat(str(value)))


def optional(one: Quantity, unstated: str | None = None) -> Quantity:
    """The same input where a score can do without it, and what it then takes."""
    return replace(one, required=False, unstated=unstated)
