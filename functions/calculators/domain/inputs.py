"""Inputs that several calculators share. Ranges: refused outside what a living person can have, flagged outside
what a ward sees; a calculator narrows them with `dataclasses.replace` where its paper does.
"""

from functools import partial

from functions.calculators.domain.model import Choice, Option, Quantity, Range, YesNo

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
    possible=Range(0.3, 650),
    usual=Range(30, 250),
)
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
SYSTOLIC = Quantity(
    name="systolic",
    label="systolic blood pressure",
    question="What is the systolic blood pressure?",
    words=(r"systolic(?: blood)?(?: pressure)?(?: bp)?", r"sbp", r"(?:bp|blood pressure)"),
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
