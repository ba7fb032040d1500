"""Diagnoses and findings that several scores ask for, with the words people say for them.

A score that defines one more narrowly takes it with `dataclasses.replace`. What is said about the family or about a
risk is told apart in negation.py.
"""

from functions.calculators.domain.inputs import BEFORE
from functions.calculators.domain.model import YesNo

HEART_FAILURE = YesNo(
    name="heart_failure",
    label="heart failure",
    question="Does the patient have heart failure or left ventricular dysfunction?",
    words=(
        r"(?:congestive )?(?:heart|cardiac) failure",
        r"chf",
        r"hf(?:r|p|mr)ef",
        r"hf",
        r"(?:lv|left ventricular|systolic) dysfunction",
        r"(?:reduced|low) (?:ejection fraction|ef)",
    ),
)
HYPERTENSION = YesNo(
    name="hypertension",
    label="hypertension",
    question="Does the patient have hypertension?",
    words=(r"hyper ?tension", r"hypertensive", r"high blood pressure", r"htn"),
)
MYOCARDIAL_INFARCTION = YesNo(
    name="myocardial_infarction",
    label="myocardial infarction",
    question="Has the patient had a myocardial infarction?",
    words=(r"(?:prior |previous |old |past )*(?:myocardial infarction|heart attack|mi|nstemi|stemi)",),
)
STROKE_OR_TIA = YesNo(
    name="cerebrovascular_disease",
    label="stroke or TIA",
    question="Has the patient had a stroke or a transient ischaemic attack?",
    words=(
        r"strokes?(?! risk| prevention| score)",
        r"t ?i ?a",
        r"mini ?stroke",
        r"cva",
        r"cerebrovascular (?:accident|disease)",
        r"transient isch(?:a)?emic attacks?",
    ),
)
LUNG_DISEASE = YesNo(
    name="copd",
    label="chronic lung disease (COPD)",
    question="Does the patient have COPD or another chronic lung disease?",
    words=(
        r"copd",
        r"chronic (?:obstructive )?(?:lung|pulmonary|airways?) disease",
        r"emphysema",
        r"abnormal pulmonary function",
    ),
)
DIABETES_ORGAN_DAMAGE = (
    r"diabet(?:es|ic) (?:nephropathy|retinopathy|neuropathy|kidney disease|foot)",
    r"diabetes(?: mellitus)? with (?:end ?organ|organ|target organ) damage",
    r"(?:complicated diabetes|diabetes(?: mellitus)? with complications)",
    r"diabetes(?: mellitus)? with (?:nephropathy|retinopathy|neuropathy)",
)
LIVER_DISEASE = YesNo(
    name="liver_disease",
    label="liver disease",
    question="Does the patient have liver disease?",
    words=(r"(?:chronic |known )?(?:liver|hepatic) disease", r"cirrhosis|cirrhotic", r"chronic hepatitis"),
)
KIDNEY_DISEASE = YesNo(
    name="kidney_disease",
    label="kidney disease",
    question="Does the patient have chronic kidney disease?",
    words=(r"(?:chronic )?(?:kidney|renal) (?:disease|failure|insufficiency)", r"ckd", r"esrd", r"(?:on )?dialysis"),
)
CANCER = YesNo(
    name="cancer",
    label="cancer",
    question="Does the patient have, or has the patient had, cancer?",
    words=(
        r"(?:active |current |previous |prior )?(?:cancer|malignancy|neoplas(?:m|tic disease))",
        r"metastatic \w+(?: cancer)?",
        r"on chemo(?:therapy)?",
    ),
)
ALTERED_MIND = YesNo(
    name="altered_mental_status",
    label="altered mental status",
    question="Is the mental status altered?",
    words=(
        r"altered (?:mental (?:status|state)|mentation|sensorium)",
        r"confus(?:ed|ion)",
        r"disorient(?:ed|ation)",
        r"deliri(?:um|ous)",
        r"stupor(?:ous)?|coma(?:tose)?",
    ),
    absent=(r"(?:alert|awake) and orient(?:at)?ed", r"orient(?:at)?ed(?: x ?[34])?", r"normal mental status"),
)
PREVIOUS_VTE = YesNo(
    name="previous_vte",
    label="previous DVT or PE",
    question="Has the patient had a deep vein thrombosis or pulmonary embolism before?",
    words=(
        rf"{BEFORE} (?:dvt|deep ve(?:in|nous) thrombosis)(?: or pe)?",
        rf"{BEFORE} (?:pe|pulmonary embol(?:ism|us)|vte|clots?)(?: or dvt)?",
    ),
)
COUGHING_BLOOD = YesNo(
    name="haemoptysis",
    label="haemoptysis",
    question="Is there haemoptysis?",
    words=(r"ha?emopt[yi]sis|coughing (?:up )?blood|coughed (?:up )?blood",),
)
SMOKING = YesNo(
    name="smoking",
    label="smoking",
    question="Does the patient smoke, or has stopped only recently?",
    words=(r"(?:current |active )?smok(?:er|ing|es)", r"tobacco(?: use)?", r"cigarettes?"),
    absent=(r"non ?smok(?:er|ing)", r"never smok(?:er|ed)", r"(?:ex|former) ?smoker"),
)
VENTILATION = YesNo(
    name="ventilation",
    label="respiratory support",
    question="Is the patient on a ventilator or on CPAP?",
    words=(
        r"(?:mechanical(?:ly)? )?ventilat(?:ed|ion|or)",
        r"intubated",
        r"(?:c ?pap|bi ?pap|non ?invasive ventilation)",
        r"respiratory support",
    ),
    absent=(r"spontaneously breathing|breathing spontaneously|not ventilated",),
)
