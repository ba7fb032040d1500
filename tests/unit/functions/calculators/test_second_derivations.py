"""A second implementation of each formula, written apart from the catalogue and in another form, over random inputs.

Two that agree can share a fault, so the worked examples of the papers stand beside them (test_catalogue.py), and the
cuts are tested on both sides (test_cuts.py).
"""

import calendar
import itertools
import math
import statistics
from bisect import bisect_right
from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from functions.calculators.domain.compute import Computed, Needs, Refused, compute
from functions.calculators.domain.registry import calculators

ALL = calculators()
SECOND = {}


def second(*names):
    def keep(function):
        SECOND.update(dict.fromkeys(names, function))
        return function

    return keep


def graded(value, cuts, points):
    """`points[k]` for a value that has reached k of the `cuts`."""
    return points[bisect_right(cuts, value)]


def count(v, *names):
    return sum(1 for name in names if v[name] is True)


# Equations.


@second("mdrd")
def mdrd(v):
    logarithm = math.log(175) - 1.154 * math.log(v["creatinine"]) - 0.203 * math.log(v["age"])
    logarithm += math.log(0.742) * (v["sex"] == "female") + math.log(1.212) * (v["race"] == "black")
    return math.exp(logarithm)


def devine(v):
    return {"male": 50, "female": 45.5}[v["sex"]] + (v["height"] - 152.4) * 2.3 / 2.54


@second("ideal_weight")
def ideal_weight(v):
    return devine(v)


@second("adjusted_weight")
def adjusted_weight(v):
    return 0.6 * devine(v) + 0.4 * v["weight"]


@second("target_weight")
def target_weight(v):
    return v["body_mass_index"] * v["height"] * v["height"] / 10_000


@second("bsa")
def bsa(v):
    return math.sqrt(v["height"]) * math.sqrt(v["weight"]) / 60


@second("corrected_sodium")
def corrected_sodium(v):
    return v["sodium"] + 2.4 * (v["glucose"] - 100) / 100


@second("osmolality")
def osmolality(v):
    return (50.4 * v["sodium"] + 9 * v["urea_nitrogen"] + 1.4 * v["glucose"]) / 25.2


@second("homa_ir")
def homa_ir(v):
    return v["glucose"] / 18 * v["insulin"] / 22.5


@second("fena")
def fena(v):
    sodium_clearance, creatinine_clearance = v["urine_sodium"] / v["sodium"], v["urine_creatinine"] / v["creatinine"]
    return 100 * sodium_clearance / creatinine_clearance


@second("ldl")
def ldl(v):
    if v["triglycerides"] >= 400 or v["hdl"] >= v["total_cholesterol"]:
        return None
    return v["total_cholesterol"] - (v["hdl"] + 0.2 * v["triglycerides"])


@second("maintenance_fluids")
def maintenance_fluids(v):
    weight = v["weight"]
    return 4 * weight if weight <= 10 else 20 + 2 * weight if weight <= 20 else 40 + weight


@second("free_water_deficit")
def free_water_deficit(v):
    grown = {"male": (0.6, 0.5), "female": (0.5, 0.45)}[v["sex"]]
    share = (0.6, *grown)[bisect_right([18, 65], v["age"])]
    return share * v["weight"] * (v["sodium"] - 140) / 140


@second("delta_gap", "delta_gap_albumin")
def delta_gap(v):
    return v["sodium"] - (v["chloride"] + v["bicarbonate"] + 12) + 10 - 2.5 * v.get("albumin", 4)


@second("delta_ratio", "delta_ratio_albumin")
def delta_ratio(v):
    return None if v["bicarbonate"] == 24 else delta_gap(v) / (24 - v["bicarbonate"])


@second("qtc_rautaharju")
def rautaharju(v):
    return v["qt"] * (2 / 3 + v["heart_rate"] / 180)


@second("framingham")
def framingham(v):
    ln = {name: math.log(v[name]) for name in ("age", "total_cholesterol", "hdl", "systolic")}
    if v["sex"] == "male":
        survival, cap, mean = 0.9402, 70, 172.300168
        beta = (52.00961, 20.014077, -0.905964, 1.305784, 0.241549, 12.096316, -4.605038, -2.84367, -2.93323)
    else:
        survival, cap, mean = 0.98767, 78, 146.5933061
        beta = (31.764001, 22.465206, -1.187731, 2.552905, 0.420251, 13.07543, -5.060998, -2.996945, 0)
    smoking = (beta[5] + beta[7] * math.log(min(v["age"], cap))) if v["smoking"] else 0
    exponent = beta[0] * ln["age"] + beta[8] * ln["age"] ** 2 + beta[2] * ln["hdl"] + beta[3] * ln["systolic"]
    exponent += ln["total_cholesterol"] * (beta[1] + beta[6] * ln["age"]) + smoking - mean
    exponent += beta[4] if v["treated"] else 0
    return 100 * -math.expm1(math.log(survival) * math.exp(min(exponent, 50)))


@second("steroid_conversion")
def steroid_conversion(v):
    potency = {"hydrocortisone": 1, "cortisone": 0.8, "prednisone": 4, "prednisolone": 4, "methylprednisolone": 5,
               "triamcinolone": 5, "dexamethasone": 80 / 3, "betamethasone": 80 / 3}  # fmt: skip
    return v["dose"] * potency[v["steroid"]] / potency[v["target"]]


@second("mme")
def mme(v):
    oral = {"codeine": 15, "hydrocodone": 100, "hydromorphone": 500, "methadone": 470, "morphine": 100,
            "oxycodone": 150, "oxymorphone": 300, "tapentadol": 40, "tramadol": 20}  # fmt: skip
    total = sum(v[name] * v[f"{name}_per_day"] * percent for name, percent in oral.items()) / 100
    buccal = v["fentanyl_buccal"] * 1000 * 0.13 * v["fentanyl_buccal_per_day"]
    return total + buccal + 2.4 * v["fentanyl_patch"] * v["fentanyl_patches"]


# Days.


@second("due_date")
def due_date(v):
    start = date.fromisoformat(v["last_period"])
    return (start + timedelta(days=280) + timedelta(days=v["cycle"] - 28)).isoformat()


@second("conception_date")
def conception_date(v):
    return (date.fromisoformat(due_date(v)) - timedelta(days=266)).isoformat()


@second("gestational_age")
def gestational_age(v):
    then, start = date.fromisoformat(v["on"]), date.fromisoformat(v["last_period"])
    return then.toordinal() - start.toordinal() if then >= start else None


@pytest.mark.parametrize("start", [date(2023, 1, 1) + timedelta(days=step) for step in range(0, 1000, 37)])
def test_the_due_date_is_naegeles(start):
    """First day of the last period: three months back, a year and seven days on, but for the length of the months."""
    year, month = (start.year, start.month + 9) if start.month <= 3 else (start.year + 1, start.month - 3)
    naegele = date(year, month, min(start.day, calendar.monthrange(year, month)[1])) + timedelta(days=7)
    found = compute(ALL["due_date"], {"last_period": start.isoformat(), "cycle": 28})
    assert abs((date.fromisoformat(found.value) - naegele).days) <= 4


# Scores.


@second("heart")
def heart(v):
    risks = count(v, "hypertension", "diabetes", "smoking", "cholesterol", "obesity", "family_history")
    return (
        ["slight", "moderate", "high"].index(v["history"])
        + ["normal", "repolarisation", "st deviation"].index(v["ecg"])
        + ["normal", "up to 3 times", "above 3 times"].index(v["troponin"])
        + graded(v["age"], [45, 65], (0, 1, 2))
        + (2 if v["atherosclerosis"] or risks > 2 else min(risks, 1))
    )


@second("perc")
def perc(v):
    failed = [v["age"] >= 50, v["heart_rate"] >= 100, v["oxygen_saturation"] < 95]
    return sum(failed) + count(v, "haemoptysis", "previous_vte", "leg_swelling", "surgery_or_trauma", "hormones")


@second("centor")
def centor(v):
    points = count(v, "tender_nodes", "exudate") + (v["temperature"] > 38) + (not v["cough"])
    return points + graded(v["age"], [3, 15, 45], (0, 1, 0, -1))


@second("feverpain")
def feverpain(v):
    return 1 + count(v, "fever", "purulence", "rapid", "inflamed") - v["cough_or_cold"]


@second("sirs")
def sirs(v):
    return sum([
        v["temperature"] > 38 or v["temperature"] < 36,
        v["heart_rate"] > 90,
        v["respiratory_rate"] > 20 or v["arterial_carbon_dioxide"] < 32,
        v["white_cells"] > 12 or v["white_cells"] < 4 or v["immature_cells"],
    ])  # fmt: skip


@second("gcs")
def gcs(v):
    scales = {
        "eye": ["none", "to pain", "to speech", "spontaneous"],
        "verbal": ["none", "sounds", "words", "confused", "oriented"],
        "motor": ["none", "extension", "flexion", "withdrawal", "localising", "obeys"],
    }
    if "not testable" in {v[part] for part in scales}:
        return None
    return 3 + sum(scale.index(v[part]) for part, scale in scales.items())


@second("rcri")
def rcri(v):
    names = ("high_risk_surgery", "ischaemic_heart_disease", "heart_failure", "cerebrovascular_disease", "insulin")
    return count(v, *names) + (v["creatinine"] * 88.4 > 2 * 88.4)


@second("glasgow_blatchford")
def glasgow_blatchford(v):
    """By the paper's own units: urea in mmol/L, haemoglobin in g/L."""
    urea = graded(v["urea_nitrogen"] / 2.8, [6.5, 8, 10, 25], (0, 2, 3, 4, 6))
    grams = v["haemoglobin"] * 10
    man = v["sex"] == "male"
    blood = graded(grams, [100, 120, 130], (6, 3, 1, 0)) if man else graded(grams, [100, 120], (6, 1, 0))
    signs = graded(v["systolic"], [90, 100, 110], (3, 2, 1, 0)) + (v["heart_rate"] >= 100) + v["melaena"]
    return urea + blood + signs + 2 * count(v, "syncope", "liver_disease", "heart_failure")


@second("apache_ii")
def apache_ii(v):
    mean = v["diastolic"] + (v["systolic"] - v["diastolic"]) / 3
    points = [
        graded(v["temperature"], [30, 32, 34, 36, 38.5, 39, 41], (4, 3, 2, 1, 0, 1, 3, 4)),
        graded(mean, [50, 70, 110, 130, 160], (4, 2, 0, 2, 3, 4)),
        graded(v["heart_rate"], [40, 55, 70, 110, 140, 180], (4, 3, 2, 0, 2, 3, 4)),
        graded(v["respiratory_rate"], [6, 10, 12, 25, 35, 50], (4, 2, 1, 0, 1, 3, 4)),
        graded(v["arterial_ph"], [7.15, 7.25, 7.33, 7.5, 7.6, 7.7], (4, 3, 2, 0, 1, 3, 4)),
        graded(v["sodium"], [111, 120, 130, 150, 155, 160, 180], (4, 3, 2, 0, 1, 2, 3, 4)),
        graded(v["potassium"], [2.5, 3, 3.5, 5.5, 6, 7], (4, 2, 1, 0, 1, 3, 4)),
        graded(v["creatinine"], [0.6, 1.5, 2, 3.5], (2, 0, 2, 3, 4)) * (1 + v["acute_renal_failure"]),
        graded(v["haematocrit"], [20, 30, 46, 50, 60], (4, 2, 0, 1, 2, 4)),
        graded(v["white_cells"], [1, 3, 15, 20, 40], (4, 2, 0, 1, 2, 4)),
        15 - v["coma_scale"],
        graded(v["age"], [45, 55, 65, 75], (0, 2, 3, 5, 6)),
    ]
    if v["inspired_oxygen"] < 50:
        low = -v["arterial_oxygen"]  # 71 and more 0, 61 to 70 1, 55 to 60 3, below 55 4
        points.append(0 if low < -70 else 1 if low < -60 else 3 if low <= -55 else 4)
    else:
        points.append(graded(v["oxygen_gradient"], [200, 350, 500], (0, 2, 3, 4)))
    if v["chronic_illness"]:
        points.append({"elective": 2, "emergency": 5, "nonoperative": 5}[v["admission"]])
    return sum(points)


@second("psi")
def psi(v):
    weights = {"nursing_home": 10, "cancer": 30, "liver_disease": 20, "heart_failure": 10,
               "cerebrovascular_disease": 10, "kidney_disease": 10, "altered_mental_status": 20,
               "pleural_effusion": 10}  # fmt: skip
    abnormal = [
        (20, v["respiratory_rate"] >= 30), (20, v["systolic"] < 90), (10, v["heart_rate"] >= 125),
        (15, v["temperature"] < 35 or v["temperature"] >= 40), (30, v["arterial_ph"] < 7.35),
        (20, v["urea_nitrogen"] >= 30), (20, v["sodium"] < 130), (10, v["glucose"] >= 250),
        (10, v["haematocrit"] < 30), (10, v["arterial_oxygen"] < 60),
    ]  # fmt: skip
    years = math.floor(v["age"]) - (10 if v["sex"] == "female" else 0)
    return years + sum(weights[name] for name in weights if v[name]) + sum(worth for worth, holds in abnormal if holds)


@second("charlson")
def charlson(v):
    one = count(v, "myocardial_infarction", "heart_failure", "peripheral_vascular_disease", "cerebrovascular_disease",
                "dementia", "copd", "connective_tissue_disease", "peptic_ulcer")  # fmt: skip
    two = count(v, "hemiplegia", "kidney_disease", "leukaemia", "lymphoma")
    liver = 3 if v["severe_liver_disease"] else int(v["mild_liver_disease"])
    sugar = 2 if v["diabetes_damage"] else int(v["diabetes"])
    tumour = 6 if v["metastases"] else 2 * v["solid_tumour"]
    decades = max(0, min(4, int(v["age"] // 10) - 4))
    return one + 2 * two + liver + sugar + tumour + 6 * v["aids"] + decades


@second("caprini")
def caprini(v):
    one = (
        "minor_surgery",
        "recent_surgery",
        "varicose_veins",
        "bowel_disease",
        "swollen_legs",
        "infarction",
        "heart_failure",
        "sepsis",
        "pneumonia",
        "copd",
        "bed_rest",
        "hormones",
        "pregnancy",
        "pregnancy_loss",
    )
    two = ("major_surgery", "laparoscopy", "arthroscopy", "cancer", "bedridden", "plaster_cast", "central_line")
    three = (
        "previous_vte",
        "family_thrombosis",
        "factor_v_leiden",
        "prothrombin",
        "lupus_anticoagulant",
        "anticardiolipin",
        "homocysteine",
        "hit",
        "thrombophilia",
    )
    five = ("stroke", "arthroplasty", "fracture", "spinal_cord_injury", "trauma")
    groups = sum(worth * count(v, *names) for worth, names in ((1, one), (2, two), (3, three), (5, five)))
    return groups + (v["body_mass_index"] > 25) + graded(v["age"], [41, 61, 75], (0, 1, 2, 3))  # fmt: skip


@second("sofa")
def sofa(v):
    drugs = {name: v[name] for name in ("dopamine", "dobutamine", "adrenaline", "noradrenaline")}
    if any(drugs.values()) != v["vasopressors"]:  # a rate without a vasopressor is refused, the rate of one asked for
        return None
    ratio = v["arterial_oxygen"] / v["inspired_oxygen"] * 100
    lung = graded(ratio, [100, 200, 300, 400], (4, 3, 2, 1, 0))
    if not v["ventilation"]:
        lung = min(lung, 2)
    if max(drugs["adrenaline"], drugs["noradrenaline"]) > 0.1 or drugs["dopamine"] > 15:
        heart_points = 4
    elif drugs["adrenaline"] or drugs["noradrenaline"] or drugs["dopamine"] > 5:
        heart_points = 3
    elif drugs["dopamine"] or drugs["dobutamine"]:
        heart_points = 2
    else:
        heart_points = int((v["systolic"] + 2 * v["diastolic"]) / 3 < 70)
    kidney = max(
        graded(v["creatinine"], [1.2, 2, 3.5, 5], (0, 1, 2, 3, 4)), graded(v["urine_output"], [200, 500], (4, 3, 0))
    )
    return (
        lung
        + heart_points
        + kidney
        + graded(v["platelets"], [20, 50, 100, 150], (4, 3, 2, 1, 0))
        + graded(v["bilirubin"], [1.2, 2, 6, 12], (0, 1, 2, 3, 4))
        + graded(v["coma_scale"], [6, 10, 13, 15], (4, 3, 2, 1, 0))
    )


@pytest.mark.parametrize("calculator_id", sorted(SECOND))
def test_the_catalogue_agrees_with_a_second_derivation(calculator_id, valid_inputs):
    calculator = ALL[calculator_id]

    @settings(max_examples=150, deadline=None)
    @given(valid_inputs(calculator))
    def check(inputs):
        expected = SECOND[calculator_id](inputs)
        outcome = compute(calculator, inputs)
        if expected is None:
            assert isinstance(outcome, Refused | Needs)
        else:
            assert isinstance(outcome, Computed)
            near = isinstance(expected, float)
            assert outcome.value == (pytest.approx(expected, rel=1e-6, abs=1e-6) if near else expected)

    check()


# The points table of the ATP III report, which approximates the equation by ranges: men, then women.
AGES = ((-9, -4, 0, 3, 6, 8, 10, 11, 12, 13), (-7, -3, 0, 3, 6, 8, 10, 12, 14, 16))
CHOLESTEROL = (
    ((0, 4, 7, 9, 11), (0, 3, 5, 6, 8), (0, 2, 3, 4, 5), (0, 1, 1, 2, 3), (0, 0, 0, 1, 1)),
    ((0, 4, 8, 11, 13), (0, 3, 6, 8, 10), (0, 2, 4, 5, 7), (0, 1, 2, 3, 4), (0, 1, 1, 2, 2)),
)
SMOKER = ((8, 5, 3, 1, 1), (9, 7, 4, 2, 1))
PRESSURE = (((0, 0, 1, 1, 2), (0, 1, 2, 2, 3)), ((0, 1, 2, 3, 4), (0, 3, 4, 5, 6)))
RISKS = (
    {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2, 7: 3, 8: 4, 9: 5, 10: 6, 11: 8, 12: 10, 13: 12, 14: 16, 15: 20, 16: 25},
    {9: 1, 10: 1, 11: 1, 12: 1, 13: 2, 14: 2, 15: 3, 16: 4, 17: 5, 18: 6, 19: 8, 20: 11, 21: 14, 22: 17, 23: 22,
     24: 27},
)  # fmt: skip


def table_risk(v):
    """None outside what the table prints as a number."""
    who, decade = int(v["sex"] == "female"), bisect_right([40, 50, 60, 70], v["age"])
    points = AGES[who][bisect_right([35, 40, 45, 50, 55, 60, 65, 70, 75], v["age"])]
    points += CHOLESTEROL[who][decade][bisect_right([160, 200, 240, 280], v["total_cholesterol"])]
    points += SMOKER[who][decade] * v["smoking"]
    points += PRESSURE[who][v["treated"]][bisect_right([120, 130, 140, 160], v["systolic"])]
    points += (2, 1, 0, -1)[bisect_right([40, 50, 60], v["hdl"])]
    return RISKS[who].get(points)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_the_framingham_equation_follows_the_printed_table(sex):
    """The table is coarse; over all its cells the equation lies neither above nor below it."""
    ages, cholesterols, pressures = (32, 37, 42, 47, 52, 57, 62, 67, 72, 77), (140, 180, 220, 260, 300), (110, 125, 135)
    grid = itertools.product(ages, cholesterols, (*pressures, 150, 170), (35, 45, 55, 65), (True, False), (True, False))
    names = ("age", "total_cholesterol", "systolic", "hdl", "smoking", "treated")
    pairs = []
    for values in grid:
        stated = {"sex": sex} | dict(zip(names, values, strict=True))
        printed = table_risk(stated)
        if printed is not None:
            pairs.append((compute(ALL["framingham"], stated).value, printed))
    found, printed = zip(*pairs, strict=True)
    assert len(pairs) > 3000
    assert abs(statistics.mean(found) - statistics.mean(printed)) < 1
    assert statistics.mean(abs(one - other) for one, other in pairs) < 2.5
    assert statistics.correlation(found, printed) > 0.9
