"""The inputs of MedCalc-Bench cases as inputs of our calculators. It names that benchmark's inputs and holds no case.

The benchmark counts a criterion that a case does not state as "no", and a graded finding as its mildest. That is its
convention and lives here alone: it is passed on explicitly, and the library itself never assumes it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.calculators.domain.model import Calculator, YesNo
from functions.calculators.domain.registry import calculators

# The benchmark's number of a calculator -> ours.
NUMBERS = {
    2: "cockcroft_gault", 3: "ckd_epi_2021", 4: "cha2ds2_vasc", 5: "map", 6: "bmi", 7: "corrected_calcium",
    8: "wells_pe", 9: "mdrd", 10: "ideal_weight", 11: "qtc_bazett", 13: "due_date", 15: "child_pugh", 16: "wells_dvt",
    17: "rcri", 18: "heart", 19: "fib_4", 20: "centor", 21: "gcs", 22: "maintenance_fluids", 23: "meld_na",
    24: "steroid_conversion", 25: "has_bled", 26: "corrected_sodium", 27: "glasgow_blatchford", 28: "apache_ii",
    29: "psi", 30: "osmolality", 31: "homa_ir", 32: "charlson", 33: "feverpain", 36: "caprini",
    38: "free_water_deficit", 39: "anion_gap", 40: "fena", 43: "sofa", 44: "ldl", 45: "curb_65", 46: "framingham",
    48: "perc", 49: "mme", 51: "sirs", 56: "qtc_fridericia", 57: "qtc_framingham", 58: "qtc_hodges",
    59: "qtc_rautaharju", 60: "bsa", 61: "target_weight", 62: "adjusted_weight", 63: "delta_gap", 64: "delta_ratio",
    65: "anion_gap_albumin", 66: "delta_gap_albumin", 67: "delta_ratio_albumin", 68: "conception_date",
    69: "gestational_age",
}  # fmt: skip
# Its name of an input -> the names ours may have; the first that the calculator knows is meant.
NAMES: dict[str, tuple[str, ...]] = {
    "sex": ("sex",), "age": ("age",), "weight": ("weight",), "height": ("height",), "creatinine": ("creatinine",),
    "Pre-operative creatinine": ("creatinine",), "Body Mass Index (BMI)": ("body_mass_index",),
    "Systolic Blood Pressure": ("systolic",), "Diastolic Blood Pressure": ("diastolic",),
    "Heart Rate or Pulse": ("heart_rate",), "respiratory rate": ("respiratory_rate",), "Temperature": ("temperature",),
    "O₂ saturation percentage": ("oxygen_saturation",), "FiO₂": ("inspired_oxygen",), "pH": ("arterial_ph",),
    "Partial pressure of oxygen (PaO₂) for Apache II": ("arterial_oxygen",), "PaCO₂": ("arterial_carbon_dioxide",),
    "A-a gradient": ("oxygen_gradient",), "Glasgow Coma Score": ("coma_scale",), "QT interval": ("qt",),
    "Sodium": ("sodium",), "Chloride": ("chloride",), "Bicarbonate": ("bicarbonate",), "Potassium": ("potassium",),
    "Urine sodium": ("urine_sodium",), "Urine creatinine": ("urine_creatinine",), "Urine Output": ("urine_output",),
    "Albumin": ("albumin",), "Calcium": ("calcium",), "Glucose": ("glucose",), "Insulin": ("insulin",),
    "Blood Urea Nitrogen (BUN)": ("urea_nitrogen",), "Bilirubin": ("bilirubin",), "Hemoglobin": ("haemoglobin",),
    "Hematocrit": ("haematocrit",), "White blood cell count": ("white_cells",), "Platelet count": ("platelets",),
    "international normalized ratio": ("inr",), "Alanine aminotransferase": ("alt",),
    "Aspartate aminotransferase": ("ast",), "Total cholesterol": ("total_cholesterol",), "Triglycerides":
    ("triglycerides",), "high-density lipoprotein cholesterol": ("hdl",), "Race": ("race",),
    "norEPINEPHrine": ("noradrenaline",), "EPINEPHrine": ("adrenaline",), "DOPamine": ("dopamine",),
    "DOBUTamine": ("dobutamine",), "Last menstrual date": ("last_period",), "Current Date": ("on",),
    "cycle length": ("cycle",), "Surgery Type": ("admission",), "Ascites": ("ascites",),
    "Encephalopathy": ("encephalopathy",), "Electrocardiogram Test": ("ecg",), "Suspicion History": ("history",),
    "Initial troponin": ("troponin",), "Best eye response": ("eye",), "Best verbal response": ("verbal",),
    "Best motor response": ("motor",), "Congestive Heart Faliure": ("heart_failure",),
    "Congestive Heart Failure criteria for the Cardiac Risk Index rule": ("heart_failure",),
    "Congestive Heart Failure in the last month": ("heart_failure",), "Cardiac failure present": ("heart_failure",),
    "Hypertension history": ("hypertension", "uncontrolled_hypertension"), "Diabetes history": ("diabetes",),
    "Diabetes mellitus criteria for CCI rule": ("diabetes",), "Vascular disease history": ("vascular_disease",),
    "Stroke": ("stroke",), "Thromboembolism history": ("stroke",), "Stroke in the last month": ("stroke",),
    "Transient Ischemic Attacks History": ("stroke", "cerebrovascular_disease", "atherosclerosis"),
    "Cerebrovascular Accident": ("cerebrovascular_disease",),
    "Cerebrovascular disease history": ("cerebrovascular_disease",),
    "History of cerebrovascular disease": ("cerebrovascular_disease",), "Hemoptysis": ("haemoptysis",),
    "Previously Documented Pulmonary Embolism": ("previous_vte",),
    "Previously documented Deep Vein Thrombosis": ("previous_vte", "previous_dvt"),
    "Immobilization for at least 3 days": ("immobilisation_or_surgery",),
    "Surgery in the previous 4 weeks": ("immobilisation_or_surgery",),
    "Clinical signs and symptoms of Deep Vein Thrombosis": ("dvt_signs",),
    "Malignancy with treatment within 6 months or palliative": ("malignancy",),
    "Pulmonary Embolism is #1 diagnosis OR equally likely": ("pe_most_likely",), "Confusion": ("confusion",),
    "Dialysis at least twice in the past week": ("dialysis",),
    "Continuous veno-venous hemodialysis for ≥24 hours in the past week": ("dialysis",), "Active cancer": ("cancer",),
    "Bedridden recently >3 days or major surgery within 12 weeks": ("bedridden_or_surgery",),
    "Major surgery within 12 weeks": ("bedridden_or_surgery",),
    "Paralysis, paresis, or recent plaster immobilization of the lower extremity": ("paralysis",),
    "Alternative diagnosis to Deep Vein Thrombosis as likely or more likely": ("alternative_diagnosis",),
    "Calf swelling >3 centimeters compared to the other leg": ("calf_swelling",),
    "Collateral (nonvaricose) superficial veins present": ("collateral_veins",), "Entire Leg Swollen": ("leg_swollen",),
    "Localized tenderness along the deep venous system": ("tenderness",),
    "Pitting edema, confined to symptomatic leg": ("pitting_edema",),
    "Medication usage predisposing to bleeding": ("drugs",),
    "Liver disease criteria for the HAS-BLED rule": ("liver_disease",),
    "Labile international normalized ratio": ("labile_inr",),
    "Renal disease criteria for the HAS-BLED rule": ("renal_disease",),
    "Prior major bleeding or predisposition to bleeding": ("bleeding",),
    "Number of Alcoholic Drinks Per Week": ("alcohol",), "smoking": ("smoking",), "Smoker": ("smoking",),
    "hypercholesterolemia": ("cholesterol",), "obesity": ("obesity",), "atherosclerotic disease": ("atherosclerosis",),
    "parent or sibling with Cardiovascular disease before age 65": ("family_history",),
    "Tender/swollen anterior cervical lymph nodes": ("tender_nodes",), "Exudate or swelling on tonsils": ("exudate",),
    "Cough Absent": ("cough",), "Absence of cough or coryza": ("cough_or_cold",), "Purulent tonsils": ("purulence",),
    "Symptom onset ≤3 days": ("rapid",), "Severe tonsil inflammation": ("inflamed",),
    "Fever in past 24 hours": ("fever",), "Pre-operative treatment with insulin": ("insulin",),
    "History of ischemic heart disease": ("ischaemic_heart_disease",), "Elevated-risk surgery": ("high_risk_surgery",),
    "Hepatic disease history": ("liver_disease",), "Recent syncope": ("syncope",), "Melena present": ("melaena",),
    "Acute renal failure": ("acute_renal_failure",),
    "History of severe organ failure or immunocompromise": ("chronic_illness",), "Renal disease": ("kidney_disease",),
    "Liver disease severity": ("liver_disease", "mild_liver_disease"), "Neoplastic disease": ("cancer",),
    "Altered mental status": ("altered_mental_status",), "Pleural effusion on x-ray": ("pleural_effusion",),
    "Nursing home resident": ("nursing_home",), "Lymphoma": ("lymphoma",), "Leukemia": ("leukaemia",),
    "Solid tumor": ("solid_tumour",), "Dementia": ("dementia",), "Myocardial infarction": ("myocardial_infarction",),
    "Hemiplegia": ("hemiplegia",), "Chronic Obstructive Pulmonary Disease": ("copd",),
    "Moderate to severe Chronic Kidney Disease": ("kidney_disease",), "AIDS": ("aids",),
    "Connective tissue disease": ("connective_tissue_disease",), "Peptic ulcer disease": ("peptic_ulcer",),
    "Peripheral vascular disease": ("peripheral_vascular_disease",),
    "Major Surgery in the last month": ("recent_surgery",), "Sepsis in the last month": ("sepsis",),
    "Pneumonia in the last month": ("pneumonia",), "Varicose veins": ("varicose_veins",),
    "Hip, pelvis, or leg fracture in the last month": ("fracture",), "Multiple trauma in the last month": ("trauma",),
    "Acute spinal cord injury causing paralysis in the last month": ("spinal_cord_injury",),
    "Current swollen legs": ("swollen_legs",), "Family history of thrombosis": ("family_thrombosis",),
    "Positive Factor V Leiden": ("factor_v_leiden",), "Positive prothrombin 20210A": ("prothrombin",),
    "Elevated serum homocysteine": ("homocysteine",), "Positive lupus anticoagulant": ("lupus_anticoagulant",),
    "Elevated anticardiolipin antibody": ("anticardiolipin",), "Heparin-induced thrombocytopenia": ("hit",),
    "Other congenital or acquired thrombophilia": ("thrombophilia",), "Mobility": ("bed_rest",),
    "History of inflammatory bowel disease": ("bowel_disease",), "Acute Myocardial infarction": ("infarction",),
    "Present or previous malignancy": ("cancer",), "Immobilizing plaster cast in the last month": ("plaster_cast",),
    "Current central venous access": ("central_line",), "Blood pressure being treated with medicines": ("treated",),
    "On mechanical ventilation": ("ventilation",), "Continous positive airway pressure": ("ventilation",),
    "Unilateral Leg Swelling": ("leg_swelling",), "Hormone use": ("hormones",),
    "Recent surgery or trauma": ("surgery_or_trauma",), "target steroid": ("target",),
}  # fmt: skip
# Inputs that ours do not ask for and that decide nothing in them.
SILENT = frozenset({("apache_ii", "Chronic Renal Failure"), ("caprini", "sex"), ("sofa", "Hypotension"),
                    ("sofa", "Continuous veno-venous hemodialysis for ≥24 hours in the past week")})  # fmt: skip
# Stated the other way round.
INVERTED = frozenset({"Cough Absent", "Absence of cough or coryza"})
# Its words for a grade -> our inputs; what is not here is passed on as it stands.
GRADES: dict[str, dict[str, dict[str, Any]]] = {
    "Encephalopathy": {"no encephalopathy": {"encephalopathy": "none"}, "grade 0": {"encephalopathy": "none"}},
    "Electrocardiogram Test": {
        "non-specific repolarization disturbance": {"ecg": "repolarisation"},
        "significant st deviation": {"ecg": "st deviation"},
    },
    "Suspicion History": {
        f"{grade} suspicious": {"history": ours}
        for grade, ours in {"slightly": "slight", "moderately": "moderate", "highly": "high"}.items()
    },
    "Initial troponin": {
        "less than or equal to normal limit": {"troponin": "normal"},
        "between the normal limit or up to three times the normal limit": {"troponin": "up to 3 times"},
        "greater than three times normal limit": {"troponin": "above 3 times"},
    },
    "Best eye response": {
        "no eye opening": {"eye": "none"}, "eye opening to pain": {"eye": "to pain"},
        "eye opening to verbal command": {"eye": "to speech"}, "eyes open spontaneously": {"eye": "spontaneous"},
    },
    "Best verbal response": {
        "no verbal response": {"verbal": "none"}, "incomprehensible sounds": {"verbal": "sounds"},
        "inappropriate words": {"verbal": "words"},
    },
    "Best motor response": {
        "no motor response": {"motor": "none"}, "extension to pain": {"motor": "extension"},
        "flexion to pain": {"motor": "flexion"}, "withdrawal from pain": {"motor": "withdrawal"},
        "localizes pain": {"motor": "localising"}, "obeys commands": {"motor": "obeys"},
    },
    "Surgery Type": {
        "none": {}, "minor": {"minor_surgery": True}, "major": {"major_surgery": True},
        "laparoscopic": {"laparoscopy": True}, "arthroscopic": {"arthroscopy": True},
        "elective major lower extremity arthroplasty": {"arthroplasty": True},
    },
    "Mobility": {
        "normal": {}, "on bed rest": {"bed_rest": True}, "confined to bed >72 hours": {"bedridden": True},
    },
    "Diabetes mellitus criteria for CCI rule": {
        "none or diet-controlled": {}, "uncomplicated": {"diabetes": True},
        "end-organ damage": {"diabetes_damage": True},
    },
    "Solid tumor": {"localized": {"solid_tumour": True}, "metastatic": {"metastases": True}},
    "Liver disease severity": {
        "mild": {"mild_liver_disease": True}, "moderate": {"severe_liver_disease": True},
        "severe": {"severe_liver_disease": True}, "moderate to severe": {"severe_liver_disease": True},
    },
    # "Moderate to severe" is what counts.
    "Moderate to severe Chronic Kidney Disease": {"mild": {"kidney_disease": False}},
}  # fmt: skip
ABSENT = frozenset({"none", "absent", "no", "normal", "none or diet-controlled"})
# A grade where ours asks for yes or no: the finding is there.
PRESENT = frozenset({"mild", "moderate", "severe", "moderate to severe", "uncomplicated", "end-organ damage",
                     "localized", "metastatic"})  # fmt: skip
# What the benchmark takes for a grade that a case does not state.
MILDEST = {"ascites": "absent", "encephalopathy": "none", "ecg": "normal", "history": "slight", "troponin": "normal",
           "admission": "nonoperative", "cough": True, "cough_or_cold": True}  # fmt: skip
PER = {"µL": "/µL", "L": "/L", "m^3": "/m³"}  # on counts it leaves the "per" away
STRAY = re.compile(r"^s (?=mm ?hg$)")  # and puts a letter before a unit
COUNTS = frozenset({"platelets", "white_cells"})


@dataclass(slots=True)
class Request:
    """A calculator with its inputs; `unknown` tells what of the case it has no input for."""

    calculator: Calculator
    inputs: dict[str, Any]
    unknown: list[str] = field(default_factory=list)

    def said(self, name: str) -> str:
        """The benchmark's name of one of our inputs (ours, where it has none)."""
        theirs = (said for said, ours in NAMES.items() if _ours(self.calculator, ours) == name)
        return next(theirs, name)


def request(number: int, entities: Mapping[str, Any]) -> Request | None:
    """A case as a request to our calculator; None where the number is none of the benchmark's."""
    calculator = calculators().get(NUMBERS.get(number, ""))
    if calculator is None:
        return None
    unstated = {one.name: False for one in calculator.inputs if isinstance(one, YesNo)}
    mildest = {name: grade for name, grade in MILDEST.items() if calculator.input(name)}
    made = Request(calculator, unstated | mildest)
    for name, raw in entities.items():
        _add(made, name, raw)
    if any(one in made.inputs for one in ("dopamine", "dobutamine", "adrenaline", "noradrenaline")):
        made.inputs.pop("vasopressors", None)
    return made


def _add(made: Request, name: str, raw: Any) -> None:
    special = _drug(made.calculator, name, raw)
    given = special if special is not None else _given(made.calculator, name, raw)
    if given is None:
        if (made.calculator.id, name) not in SILENT:
            made.unknown.append("The case states an input that the calculator does not have.")
        return
    for one, value in given.items():
        both = made.inputs.get(one) is True and value is False and name not in INVERTED
        made.inputs[one] = True if both else value


def _given(calculator: Calculator, name: str, raw: Any) -> dict[str, Any] | None:
    one = _ours(calculator, NAMES.get(name, ()))
    graded = _grade(calculator, name, raw)
    if one is None or graded is not None:
        return graded
    return {one: _value(calculator, name, one, raw)}


def _value(calculator: Calculator, name: str, one: str, raw: Any) -> Any:
    if one == "alcohol":
        return (raw[0] if isinstance(raw, list) else raw) >= 8
    if isinstance(raw, list):
        unit = STRAY.sub("", raw[1])
        return {"value": raw[0], "unit": PER.get(unit, unit) if one in COUNTS else unit}
    if name in INVERTED and isinstance(raw, bool):
        return not raw
    if not isinstance(raw, str):
        return raw
    if one == "race":  # the equation knows one group and all others
        return raw.lower() if raw.lower() == "black" else "other"
    graded = raw.lower() in ABSENT | PRESENT and isinstance(calculator.input(one), YesNo)
    return raw.lower() in PRESENT if graded else _text(raw)


def _grade(calculator: Calculator, name: str, raw: Any) -> dict[str, Any] | None:
    """The inputs a grade stands for, if it is one of this calculator's."""
    graded = GRADES.get(name, {}).get(raw.lower()) if isinstance(raw, str) else None
    return graded if graded is not None and all(map(calculator.input, graded)) else None


def _ours(calculator: Calculator, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if calculator.input(name)), None)


def _text(raw: str) -> str:
    """MM/DD/YYYY as ISO 8601, a steroid without its route; other words as they are."""
    day = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", raw.strip())
    if day:
        return f"{day[3]}-{int(day[1]):02d}-{int(day[2]):02d}"
    return re.sub(r" (?:IV|PO)$", "", raw.strip()).lower()


def _drug(calculator: Calculator, name: str, raw: Any) -> dict[str, Any] | None:
    """ "OxyCODONE Dose" and "OxyCODONE Dose Per Day", "input steroid" with its dose; None for other inputs."""
    if calculator.id == "steroid_conversion" and name == "input steroid" and isinstance(raw, list):
        steroid, dose, *unit = raw
        return {"steroid": _text(steroid), "dose": {"value": dose, "unit": unit[0]} if unit else dose}
    drug = re.fullmatch(r"(.+) Dose( Per Day)?", name)
    if calculator.id != "mme" or not drug:
        return None
    ours = drug[1].lower().replace(" ", "_")
    if drug[2]:
        ours = "fentanyl_patches" if ours == "fentanyl_patch" else f"{ours}_per_day"
    if calculator.input(ours) is None:
        return None
    plain = ours == "fentanyl_patches" or not isinstance(raw, list)
    number = raw[0] if isinstance(raw, list) else raw
    return {ours: number if plain else {"value": number, "unit": raw[1]}}
