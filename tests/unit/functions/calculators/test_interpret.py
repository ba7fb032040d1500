"""Sentences, typed and heard, both ways: what is a request to a calculator and what is a question for the library."""

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.calculators.domain.compute import Computed, compute
from functions.calculators.domain.interpret import CRITERIA, interpret
from functions.calculators.domain.model import YesNo, spoken
from functions.calculators.domain.registry import calculators
from functions.calculators.domain.wording import normalise

# What a reader of the starter library asks: nothing of it may start a calculator.
QUESTIONS = """
how do I treat atrial fibrillation with a high stroke risk
what is CHA2DS2-VASc?
what is the cha2ds2 vasc score
what does CHA2DS2-VASc stand for
how is the CHA2DS2-VASc score calculated
is a CHA2DS2-VASc of 2 an indication for anticoagulation
what is the stroke risk with a CHA2DS2-VASc score of 4
68 year old with a CHA2DS2-VASc of 3, start apixaban?
female sex in CHA2DS2-VASc does it matter
CHA2DS2-VASc versus CHADS2
tell me what the CHA2DS2-VASc score is used for
when should I use the Wells score
which patients need a Wells score
tell me the Wells criteria
what are the components of CURB-65
what does a curb sixty five score of three mean
how accurate is the CURB-65
what is the mortality with curb-65 of 4
explain the Child-Pugh score
what is the MELD score used for
MELD 25 prognosis
what is the normal anion gap
causes of high anion gap metabolic acidosis
how do I evaluate a high anion gap
how to calculate the anion gap
which drugs prolong the QTc
QTc of 520 what should I do
what is a normal BMI
does a patient with BMI 42 qualify for bariatric surgery
what MAP should I target in sepsis
map target in septic shock
give me a map
change vascular access in a 70 year old man with diabetes
a chance of vasculitis in a 60 year old woman
is the patient well
her bmi is 42
creatinine clearance 25 ml/min dabigatran
calculate the dose of vancomycin
map
what is the difference between CKD-EPI and Cockcroft-Gault
what is the best way to estimate gfr
metformin dose with egfr of 25
anticoagulant dosing in renal impairment with egfr 30
apixaban dose in a 80 year old man with creatinine 1.6 and weight 58 kg
do you recommend the HAS-BLED score
the patient has bled on warfarin what do I do
patient who has bled with aspirin and is 70 years old
what are the stages of CKD
what are the stages of chronic kidney disease
how is stage 3 chronic kidney disease managed
how do I manage acute kidney injury
initial treatment of pulmonary embolism
how is deep vein thrombosis diagnosed
first line drugs for heart failure with reduced ejection fraction
management of acute coronary syndrome
sepsis first hour bundle
antibiotics for community acquired pneumonia
when to admit a patient with pneumonia
copd exacerbation steroids
asthma exacerbation in adults
type 2 diabetes first line treatment
type 1 diabetes sick day rules
hypertension target blood pressure
what is the target blood pressure in a 68 year old man with diabetes
thrombolysis window in stroke
blood pressure after ischemic stroke
apixaban in renal impairment
should a 70 year old woman with hypertension and diabetes take aspirin
does kidney function decline with age
bleeding risk on anticoagulation
weather tomorrow
stop
thank you
70 year old man with chest pain and blood pressure 90 over 60
what is a normal serum osmolality
when should I use the HEART score
what is the sofa score
he sat on the sofa
SIRS versus sepsis
what does a Glasgow coma scale of 8 mean
how is the Charlson comorbidity index calculated
what is the HOMA-IR
causes of a high LDL
ldl of 130 mg/dl in a diabetic
LDL 190 mg/dl treatment
what is the target LDL after a heart attack
prednisone dose for gout
does dexamethasone help in bacterial meningitis
can prednisone be stopped without tapering
how do I convert prednisone to dexamethasone
maximum dose of oxycodone
MME of 90 and naloxone
is morphine safe in renal failure
when is a caesarean planned after the due date
what is the ideal body weight
he lost weight
which Caprini score needs heparin
antibiotics for strep throat by Centor
heart failure management
psi of a car tyre
what is a delta gap
how do I correct a free water deficit
should I treat a FENa below 1 percent
framingham study results
""".strip().splitlines()

# sentence -> calculator and the inputs it states (assumed ones left out; units as said)
REQUESTS = {
    "interpret this blood gas: pH 7.22, pCO2 18, bicarbonate 7": (
        "abg", {"arterial_ph": 7.22, "arterial_carbon_dioxide": 18, "bicarbonate": 7}),
    "arterial blood gas interpretation: pH 7.22, pCO2 18, bicarbonate 7": (
        "abg", {"arterial_ph": 7.22, "arterial_carbon_dioxide": 18, "bicarbonate": 7}),
    "what is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True, "diabetes": True}),
    "What's the CHA₂DS₂-VASc score of a sixty-eight-year-old man with hypertension and diabetes?": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True, "diabetes": True}),
    "what is the chad two d s two vasc score of a 68 year old man with hypertension and diabetes": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True, "diabetes": True}),
    "chads vasc for a seventy two year old woman with heart failure no diabetes": (
        "cha2ds2_vasc", {"age": 72, "sex": "female", "heart_failure": True, "diabetes": False}),
    "calculate chad's vasc 75 yo female htn chf prior stroke": (
        "cha2ds2_vasc", {"age": 75, "sex": "female", "hypertension": True, "heart_failure": True, "stroke": True}),
    "CHADS-2-VASc of a 66-year-old male with no heart failure, stroke, or diabetes": (
        "cha2ds2_vasc", {"age": 66, "sex": "male", "heart_failure": False, "stroke": False, "diabetes": False}),
    "68M htn dm CHA2DS2-VASc?": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True, "diabetes": True}),
    "cha to ds to vasc score for a 80 year old woman": ("cha2ds2_vasc", {"age": 80, "sex": "female"}),
    "chat's vask score sixty eight year old man hypertension": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "hypertension": True}),
    "chads vasc stroke risk of a 70 year old man": ("cha2ds2_vasc", {"age": 70, "sex": "male"}),
    "chads vasc 68 year old man never had a stroke on dialysis has diabetes": (
        "cha2ds2_vasc", {"age": 68, "sex": "male", "stroke": False, "diabetes": True}),
    "chads vasc 70 year old female without heart failure or vascular disease but with hypertension": (
        "cha2ds2_vasc", {"age": 70, "sex": "female", "heart_failure": False, "vascular_disease": False,
                         "hypertension": True}),
    "chads vasc age 70 sex female hypertension yes diabetes no stroke no": (
        "cha2ds2_vasc", {"age": 70, "sex": "female", "hypertension": True, "diabetes": False, "stroke": False}),
    "CHA2DS2-VASc: 71 years old, female, hypertension: yes, diabetes: no, heart failure: absent": (
        "cha2ds2_vasc", {"age": 71, "sex": "female", "hypertension": True, "diabetes": False, "heart_failure": False}),
    "HAS-BLED 70 year old on aspirin with cirrhosis": (
        "has_bled", {"age": 70, "drugs": True, "liver_disease": True}),
    "has bled score for 71 year old bp 170 over 90 not taking nsaids drinks 10 drinks a week": (
        "has_bled", {"age": 71, "uncontrolled_hypertension": True, "drugs": False, "alcohol": True}),
    "calculate hasbled age 66 controlled hypertension labile inr": (
        "has_bled", {"age": 66, "uncontrolled_hypertension": False, "labile_inr": True}),
    "egfr for 68 year old man creatinine one point two": (
        "ckd_epi_2021", {"age": 68, "sex": "male", "creatinine": 1.2}),
    "calculate ckd epi sixty year old lady creatinine one hundred and ten micromoles per litre": (
        "ckd_epi_2021", {"age": 60, "sex": "female", "creatinine": (110, "µmol/L")}),
    "creatinine clearance for a 70 year old woman weight 60 kg height 160 cm creatinine 1.1 mg/dl": (
        "cockcroft_gault", {"age": 70, "sex": "female", "weight": 60, "height": 160, "creatinine": 1.1}),
    "cockroft galt eighty year old male seventy kilograms five foot ten creatinine 120 micromoles per liter": (
        "cockcroft_gault", {"age": 80, "sex": "male", "weight": 70, "height": (70, "in"),
                            "creatinine": (120, "µmol/L")}),
    "how do I calculate creatinine clearance for a 70 year old woman weighing 60 kg with creatinine 1.1": (
        "cockcroft_gault", {"age": 70, "sex": "female", "weight": 60, "creatinine": 1.1}),
    "wells dvt active cancer calf swelling no alternative diagnosis": (
        "wells_dvt", {"cancer": True, "calf_swelling": True, "alternative_diagnosis": False}),
    "Wells score for deep vein thrombosis: entire leg swollen, pitting oedema, previous DVT": (
        "wells_dvt", {"leg_swollen": True, "pitting_edema": True, "previous_dvt": True}),
    "Wells score for pulmonary embolism heart rate 110 hemoptysis and prior dvt pe is the most likely diagnosis": (
        "wells_pe", {"heart_rate": 110, "haemoptysis": True, "previous_vte": True, "pe_most_likely": True}),
    "wells p e pulse one oh five recent surgery no hemoptysis an alternative diagnosis is more likely": (
        "wells_pe", {"heart_rate": 105, "immobilisation_or_surgery": True, "haemoptysis": False,
                     "pe_most_likely": False}),
    "curb 65 72 year old not confused bun 30 respiratory rate 24 bp 110 over 70": (
        "curb_65", {"age": 72, "confusion": False, "urea_nitrogen": 30, "respiratory_rate": 24, "systolic": 110,
                    "diastolic": 70}),
    "curb sixty five for a 72 year old alert and oriented urea 8.2 mmol/L RR 24 BP 110/70": (
        "curb_65", {"age": 72, "confusion": False, "urea_nitrogen": (8.2, "mmol/L"), "respiratory_rate": 24,
                    "systolic": 110, "diastolic": 70}),
    "q sofa respiratory rate twenty four systolic ninety five gcs fourteen": (
        "qsofa", {"respiratory_rate": 24, "systolic": 95, "altered_mentation": True}),
    "quick sofa RR 18 BP 120/80 alert": (
        "qsofa", {"respiratory_rate": 18, "systolic": 120, "altered_mentation": False}),
    "bmi 80 kilos 175 centimeters": ("bmi", {"weight": 80, "height": 175}),
    "what is the bmi of a man weighing eighty kilos and five foot ten": (
        "bmi", {"weight": 80, "height": (70, "in")}),
    "body mass index weight 176 pounds height 1.75": (
        "bmi", {"weight": (176, "lb"), "height": (1.75, "m")}),
    "BMI of an 80 kg woman 5'6\" tall": ("bmi", {"weight": 80, "height": (66, "in")}),
    "calculate map for bp one twenty over eighty": ("map", {"systolic": 120, "diastolic": 80}),
    "what's the map for 120/80": ("map", {"systolic": 120, "diastolic": 80}),
    "mean arterial pressure systolic one hundred ten diastolic sixty five": (
        "map", {"systolic": 110, "diastolic": 65}),
    "qtc fridericia qt 420 ms heart rate 80 beats per minute": ("qtc_fridericia", {"qt": 420, "heart_rate": 80}),
    "calculate the corrected QT by Bazett QT four hundred rate seventy five": (
        "qtc_bazett", {"qt": 400, "heart_rate": 75}),
    "anion gap sodium 140 chloride 104 bicarb 24": (
        "anion_gap", {"sodium": 140, "chloride": 104, "bicarbonate": 24}),
    "what is the albumin corrected anion gap na 130 cl 92 hco3 22 albumin 25 g/l": (
        "anion_gap_albumin", {"sodium": 130, "chloride": 92, "bicarbonate": 22, "albumin": (25, "g/L")}),
    "corrected calcium for calcium 8.0 and albumin 2.0": ("corrected_calcium", {"calcium": 8, "albumin": 2}),
    "corrected calcium eight point one with albumin of two": ("corrected_calcium", {"calcium": 8.1, "albumin": 2}),
    "meld score bilirubin 3 inr 1.5 creatinine 1.4 sodium 133 albumin 2.9 male not on dialysis": (
        "meld_3", {"bilirubin": 3, "inr": 1.5, "creatinine": 1.4, "sodium": 133, "albumin": 2.9, "sex": "male",
                   "dialysis": False}),
    "meld sodium bilirubin fifty one micromoles per liter inr two creatinine one sodium 130": (
        "meld_na", {"bilirubin": (51, "µmol/L"), "inr": 2, "creatinine": 1, "sodium": 130}),
    "child pugh bilirubin 2.5 albumin 3 inr 1.8 mild ascites no encephalopathy": (
        "child_pugh", {"bilirubin": 2.5, "albumin": 3, "inr": 1.8, "ascites": "slight", "encephalopathy": "none"}),
    "child's pugh bilirubin 4 albumin 2.5 inr 2 without ascites or encephalopathy": (
        "child_pugh", {"bilirubin": 4, "albumin": 2.5, "inr": 2, "ascites": "absent", "encephalopathy": "none"}),
    "child pugh class with tense ascites grade 2 encephalopathy inr 2.4 bilirubin 5 albumin 2.1": (
        "child_pugh", {"bilirubin": 5, "albumin": 2.1, "inr": 2.4, "ascites": "moderate",
                       "encephalopathy": "grade 1-2"}),
    "fib four for 60 year old ast 80 alt 64 platelets one hundred fifty thousand": (
        "fib_4", {"age": 60, "ast": 80, "alt": 64, "platelets": (150000, "/µL")}),
    "what ckd stage is an egfr of 45": ("ckd_stage", {"egfr": 45}),
    "ckd staging egfr 25 acr 30 mg/mmol": ("ckd_stage", {"egfr": 25, "acr": (30, "mg/mmol")}),
    "mdrd gfr of a 60 year old black woman with creatinine 1.2": (
        "mdrd", {"age": 60, "sex": "female", "creatinine": 1.2, "race": "black"}),
    "what is the ideal body weight of a man five foot ten": ("ideal_weight", {"sex": "male", "height": (70, "in")}),
    "adjusted body weight for a 120 kg man who is 178 centimeters tall": (
        "adjusted_weight", {"sex": "male", "weight": 120, "height": 178}),
    "target weight for a bmi of 22 and a height of 170 cm": ("target_weight", {"body_mass_index": 22, "height": 170}),
    "what is the body surface area of an 80 kg patient 180 cm tall": ("bsa", {"weight": 80, "height": 180}),
    "calculate the corrected sodium for sodium 130 and glucose six hundred": (
        "corrected_sodium", {"sodium": 130, "glucose": 600}),
    "serum osmolality with sodium 140 bun 14 and glucose 5 mmol/L": (
        "osmolality", {"sodium": 140, "urea_nitrogen": 14, "glucose": (5, "mmol/L")}),
    "HOMA-IR with a fasting glucose of 100 and insulin 12": ("homa_ir", {"glucose": 100, "insulin": 12}),
    "fena urine sodium 20 urine creatinine 100 serum sodium 140 creatinine 2": (
        "fena", {"urine_sodium": 20, "urine_creatinine": 100, "sodium": 140, "creatinine": 2}),
    "fractional excretion of sodium: serum sodium 140, creatinine 2, urine sodium 20, urine creatinine 100": (
        "fena", {"urine_sodium": 20, "urine_creatinine": 100, "sodium": 140, "creatinine": 2}),
    "what is the ldl with total cholesterol 200 hdl 50 and triglycerides 150": (
        "ldl", {"total_cholesterol": 200, "hdl": 50, "triglycerides": 150}),
    "maintenance fluids for a 12 kg child": ("maintenance_fluids", {"weight": 12}),
    "free water deficit for a 70 year old woman weighing 56 kg with sodium 150": (
        "free_water_deficit", {"age": 70, "sex": "female", "weight": 56, "sodium": 150}),
    "delta gap sodium 136 chloride 96 bicarb 8": (
        "delta_gap", {"sodium": 136, "chloride": 96, "bicarbonate": 8}),
    "what is the delta ratio with sodium 136 chloride 96 and bicarbonate 8": (
        "delta_ratio", {"sodium": 136, "chloride": 96, "bicarbonate": 8}),
    "albumin corrected delta gap na 130 cl 92 hco3 22 albumin 25 g/l": (
        "delta_gap_albumin", {"sodium": 130, "chloride": 92, "bicarbonate": 22, "albumin": (25, "g/L")}),
    "corrected delta ratio sodium 140 chloride 106 bicarb 22 albumin 2": (
        "delta_ratio_albumin", {"sodium": 140, "chloride": 106, "bicarbonate": 22, "albumin": 2}),
    "qtc rautaharju qt 420 ms heart rate 80": ("qtc_rautaharju", {"qt": 420, "heart_rate": 80}),
    "due date for a last period on march 3rd 2026": ("due_date", {"last_period": "2026-03-03"}),
    "what is the due date last menstrual period began on the fifth of may twenty twenty six cycle of 30 days": (
        "due_date", {"last_period": "2026-05-05", "cycle": 30}),
    "date of conception with last menstrual period january first 2026 and a 28 day cycle": (
        "conception_date", {"last_period": "2026-01-01", "cycle": 28}),
    "gestational age on july 12 2012 for a last period of december 20 2011": (
        "gestational_age", {"last_period": "2011-12-20", "on": "2012-07-12"}),
    "how far along is she last period march third 2026 today is june 1 2026": (
        "gestational_age", {"last_period": "2026-03-03", "on": "2026-06-01"}),
    "convert 40 mg of prednisone to dexamethasone": (
        "steroid_conversion", {"steroid": "prednisone", "dose": 40, "target": "dexamethasone"}),
    "what is the equivalent dose of 100 mg hydrocortisone in methyl prednisolone": (
        "steroid_conversion", {"steroid": "hydrocortisone", "dose": 100, "target": "methylprednisolone"}),
    "steroid conversion from dexamethasone 6 milligrams into prednisolone": (
        "steroid_conversion", {"steroid": "dexamethasone", "dose": 6, "target": "prednisolone"}),
    "MME for oxycodone 10 mg three times a day": ("mme", {"oxycodone": 10, "oxycodone_per_day": 3}),
    "morphine equivalents of 30 mg morphine twice a day and tramadol 50 mg every 6 hours": (
        "mme", {"morphine": 30, "morphine_per_day": 2, "tramadol": 50, "tramadol_per_day": 4}),
    "mme 10 mg oxycodone t i d": ("mme", {"oxycodone": 10, "oxycodone_per_day": 3}),
    "mme for two patches of 25 micrograms per hour fentanyl and codeine 30 mg daily": (
        "mme", {"fentanyl_patch": 25, "fentanyl_patches": 2, "codeine": 30, "codeine_per_day": 1}),
    "heart score for a 66 year old man with a moderately suspicious history normal ecg troponin twice the normal limit"
    " hypertension and smoking": (
        "heart", {"history": "moderate", "ecg": "normal", "age": 66, "troponin": "up to 3 times", "hypertension": True,
                  "smoking": True}),
    "HEART score 50 year old woman highly suspicious history st depression on ecg normal troponin diabetes": (
        "heart", {"history": "high", "ecg": "st deviation", "age": 50, "troponin": "normal", "diabetes": True}),
    "perc rule 40 year old pulse 80 saturation 98 percent no hemoptysis no leg swelling": (
        "perc", {"age": 40, "heart_rate": 80, "oxygen_saturation": 98, "haemoptysis": False, "leg_swelling": False}),
    "perc score for a 55 year old woman heart rate 105 sats 93 on the pill with recent surgery": (
        "perc", {"age": 55, "heart_rate": 105, "oxygen_saturation": 93, "hormones": True, "surgery_or_trauma": True}),
    "centor score for a 12 year old with fever 38.9 tonsillar exudates tender nodes and no cough": (
        "centor", {"age": 12, "temperature": 38.9, "exudate": True, "tender_nodes": True, "cough": False}),
    "mcisaac score 30 year old temperature 101 fahrenheit with cough and swollen tonsils": (
        "centor", {"age": 30, "temperature": (101, "°F"), "cough": True, "exudate": True}),
    "feverpain score fever with pus on the tonsils and rapid onset without cough": (
        "feverpain", {"fever": True, "purulence": True, "rapid": True, "cough_or_cold": False}),
    "sirs criteria temperature 39 heart rate 110 respiratory rate 24 white count 15": (
        "sirs", {"temperature": 39, "heart_rate": 110, "respiratory_rate": 24, "white_cells": 15}),
    "SIRS temp 38.5 hr 100 rr 22 wbc 14000": (
        "sirs", {"temperature": 38.5, "heart_rate": 100, "respiratory_rate": 22, "white_cells": (14000, "/µL")}),
    "gcs eyes open to pain verbal confused motor withdraws": (
        "gcs", {"eye": "to pain", "verbal": "confused", "motor": "withdrawal"}),
    "what is the gcs with e3v4m6": ("gcs", {"eye": "to speech", "verbal": "confused", "motor": "obeys"}),
    "glasgow coma scale eyes open spontaneously oriented obeys commands": (
        "gcs", {"eye": "spontaneous", "verbal": "oriented", "motor": "obeys"}),
    "rcri for a patient on insulin with heart failure and creatinine 2.5 before abdominal surgery": (
        "rcri", {"insulin": True, "heart_failure": True, "creatinine": 2.5, "high_risk_surgery": True}),
    "glasgow blatchford score for a man bun 30 hemoglobin 9 systolic 95 pulse 110 with melena": (
        "glasgow_blatchford", {"sex": "male", "urea_nitrogen": 30, "haemoglobin": 9, "systolic": 95, "heart_rate": 110,
                               "melaena": True}),
    "blatchford score woman urea 12 mmol/l hb 105 bp 110 over 70 heart rate 90 syncope": (
        "glasgow_blatchford", {"sex": "female", "urea_nitrogen": (12, "mmol/L"), "haemoglobin": (105, "g/L"),
                               "systolic": 110, "heart_rate": 90, "syncope": True}),
    "apache ii temperature 39.2 bp 90 over 50 heart rate 125 respiratory rate 28 fio2 40 percent pao2 70 ph 7.3 sodium"
    " 138 potassium 4.5 creatinine 2.2 hematocrit 32 white count 16 gcs 13 age 68 acute renal failure": (
        "apache_ii", {"temperature": 39.2, "systolic": 90, "diastolic": 50, "heart_rate": 125, "respiratory_rate": 28,
                      "inspired_oxygen": 40, "arterial_oxygen": 70, "arterial_ph": 7.3, "sodium": 138,
                      "potassium": 4.5, "creatinine": 2.2, "haematocrit": 32, "white_cells": 16, "coma_scale": 13,
                      "age": 68, "acute_renal_failure": True}),
    "pneumonia severity index 72 year old woman with heart failure rr 32 bp 110 over 70 temp 38.5 pulse 110 bun 35"
    " sodium 138 glucose 120 hematocrit 38": (
        "psi", {"age": 72, "sex": "female", "heart_failure": True, "respiratory_rate": 32, "systolic": 110,
                "temperature": 38.5, "heart_rate": 110, "urea_nitrogen": 35, "sodium": 138, "glucose": 120,
                "haematocrit": 38}),
    "charlson comorbidity index for a 72 year old with diabetes copd and metastatic lung cancer": (
        "charlson", {"age": 72, "diabetes": True, "copd": True, "metastases": True}),
    "charlson score 65 year old with heart failure mild liver disease and diabetes with end organ damage": (
        "charlson", {"age": 65, "heart_failure": True, "mild_liver_disease": True, "diabetes_damage": True}),
    "caprini score for a 65 year old with bmi 31 major surgery and a history of dvt": (
        "caprini", {"age": 65, "body_mass_index": 31, "major_surgery": True, "previous_vte": True}),
    "sofa score pao2 80 fio2 0.5 ventilated platelets 90 bilirubin 2.5 gcs 12 creatinine 2.4 norepinephrine 0.08"
    " mcg/kg/min": (
        "sofa", {"arterial_oxygen": 80, "inspired_oxygen": (0.5, "fraction"), "ventilation": True, "platelets": 90,
                 "bilirubin": 2.5, "coma_scale": 12, "creatinine": 2.4, "noradrenaline": 0.08}),
    "sofa score on room air pao2 95 platelets 250 bilirubin 0.8 gcs 15 creatinine 0.9 bp 120 over 80 no vasopressors": (
        "sofa", {"inspired_oxygen": 21, "arterial_oxygen": 95, "platelets": 250, "bilirubin": 0.8, "coma_scale": 15,
                 "creatinine": 0.9, "systolic": 120, "diastolic": 80, "vasopressors": False}),
    "framingham risk score for a 55 year old male smoker cholesterol 220 hdl 45 systolic 140 untreated": (
        "framingham", {"sex": "male", "age": 55, "smoking": True, "total_cholesterol": 220, "hdl": 45, "systolic": 140,
                       "treated": False}),
}  # fmt: skip


HEARD = (
    """
CHADSVASC; Chad's 2 VASc; CHA2-DS2-VASc; chads to vasc; chad's bask; Chads-Vask; cha2ds2vasc; C-H-A-2-D-S-2-V-A-S-C;
chad vas; CHADSvas; shads vasc; CHADS two VASc; chads-2-vask; chads 2 vas; Cha2DS2 VAS; chads2 vasc; chad's vast;
chad to d s to vasc; Chad 2DS 2VASC; CHAD-S2-VASC; CHA-2 DS-2 VASc; chaz vasc; Chadds Vasc; cha two d s two vas c;
chads bass; CHADS-VAS-C; chads2ds2 vasc; cha2ds to vasc; chads vasc; chad two d s two vasc
""".replace("\n", " ")
    .strip()
    .split(";")
)


@pytest.mark.parametrize("heard", [one.strip() for one in HEARD])
def test_the_score_with_the_hardest_name_is_recognised_as_heard(heard):
    found = interpret(f"what is the {heard} score of a 68 year old man with hypertension and diabetes, nothing else")
    assert found.calculator is not None
    assert found.calculator.id == "cha2ds2_vasc"
    assert compute(found.calculator, found.inputs).value == 3


# What the recogniser wrote for the names of calculators (synthetic speech), and two that only sound alike.
MISHEARD = {
    "Calculate the A-agradient.": "aa_gradient",
    "Calculate the upgar score.": "apgar",
    "Calculate the AS DVD risk.": "ascvd_pce",
    "Calculate the Odyssey.": "audit_c",
    "Calculate the Brayden scale.": "braden",
    "Calculate the Capri-Nie score.": "caprini",
    "Calculate the modified center score.": "centor",
    "Calculate the child pus score": "child_pugh",
    "Calculate the CURAR.": "ciwa_ar",
    "Calculate the CUR": "ciwa_ar",
    "Calculate the CIWA-Ar": "ciwa_ar",
    "Calculate the gray score.": "grace",
    "Calculate the Hezbollah's score.": "has_bled",
    "Calculate the HES-BLED score": "has_bled",
    "Calculate the home IR.": "homa_ir",
    "Calculate the ideal bodyweight": "ideal_weight",
    "Calculate the MALD3.": "meld_3",
    "Calculate the mild sodium.": "meld_na",
    "Calculate the news too.": "news2",
    "Calculate the Q-Sopha.": "qsofa",
    "Calculate the qTC by BASSIT": "qtc_bazett",
    "Calculate the QTC by Fridrisha.": "qtc_fridericia",
    "Calculate the QTC by Rata Harjo.": "qtc_rautaharju",
    "Calculate the full rock-all score.": "rockall",
    "Calculate the Timmy score for Stemmy.": "timi_stemi",
    "Calculate the Timmy score for non-stemmy.": "timi_ua_nstemi",
    "Calculate the rinal dose of an occiparian, creatinine clearance 28.": "renal_dosing",
    "what is the gray score": None,
    "he was bitten by a cur, heart rate 90": None,
    "he read the odyssey and has good news to tell": None,
}


@pytest.mark.parametrize("heard", MISHEARD)
def test_a_name_is_known_as_the_recogniser_writes_it(heard):
    found = interpret(heard)
    assert (found.calculator.id if found.calculator else None) == MISHEARD[heard]


def stated(found):
    """Inputs that were said, with the unit only where it is not the canonical one."""
    values = {}
    for name, said in found.inputs.items():
        if not isinstance(said, dict):
            values[name] = said
        elif not said.get("assumed"):
            canonical = getattr(found.calculator.input(name), "unit", None)
            values[name] = said["value"] if said["unit"] == canonical else (said["value"], said["unit"])
    return values


@pytest.mark.req("N14")
@pytest.mark.parametrize("sentence", QUESTIONS)
def test_a_question_is_not_a_request(sentence):
    found = interpret(sentence)
    assert found.calculator is None
    assert found.choices == ()
    assert found.confidence == 0


@pytest.mark.req("N14")
@pytest.mark.parametrize("sentence", REQUESTS, ids=lambda one: one[:60])
def test_a_request_states_its_calculator_and_inputs(sentence):
    calculator_id, inputs = REQUESTS[sentence]
    found = interpret(sentence)
    assert found.calculator is not None
    assert found.calculator.id == calculator_id
    assert stated(found) == inputs
    assert found.confidence >= 0.75


@pytest.mark.parametrize(
    "sentence",
    [one for one in REQUESTS if not any(sign in one for sign in (":", ", or", "'"))],
    ids=lambda one: one[:60],
)
def test_punctuation_and_case_do_not_matter(sentence):
    """The recogniser may write no punctuation at all; left out are sentences whose signs carry meaning."""
    calculator_id, inputs = REQUESTS[sentence]
    found = interpret(sentence.upper().replace("?", "").replace(",", ""))
    assert found.calculator is not None
    assert found.calculator.id == calculator_id
    assert stated(found) == inputs


def test_every_pattern_of_a_name_is_shown_by_a_sentence():
    """A calculator that goes by its title only has no pattern of its own; it is reached below."""
    reached = {calculator_id for calculator_id, _inputs in REQUESTS.values()}
    own = {one.id for one in calculators().values() if not set(one.names) <= set(spoken(one.title, *one.aliases))}
    assert len(own) >= 20
    assert reached >= own - {"qtc_framingham", "qtc_hodges"}


@pytest.mark.parametrize("calculator", calculators().values(), ids=lambda one: one.id)
def test_every_calculator_is_reached_by_its_name(calculator):
    found = interpret(f"calculate the {calculator.short}")
    assert found.calculator == calculator
    assert found.missing


@pytest.mark.req("P5.17")
@pytest.mark.parametrize(
    ("calculator_id", "alias"), [(one.id, alias) for one in calculators().values() for alias in one.aliases]
)
def test_every_alias_is_understood(calculator_id, alias):
    found = interpret(f"calculate the {alias} please")
    assert found.calculator is not None
    assert found.calculator.id == calculator_id
    assert found.question


@pytest.mark.parametrize(
    ("sentence", "choices"),
    [
        ("calculate the Wells score", {"wells_dvt", "wells_pe"}),
        ("wells", {"wells_dvt", "wells_pe"}),
        ("what is the qtc with qt 420 and heart rate 80",
         {"qtc_bazett", "qtc_fridericia", "qtc_framingham", "qtc_hodges"}),
        ("what is the gfr of a 60 year old man with creatinine 1.4", {"ckd_epi_2021", "cockcroft_gault"}),
        ("what is my patient's renal function", {"ckd_epi_2021", "cockcroft_gault"}),
        ("calculate the glasgow score", {"gcs", "glasgow_blatchford"}),
        ("CHADS2 score for a 70 year old man with diabetes", {"cha2ds2_vasc"}),
    ],
)  # fmt: skip
def test_an_ambiguous_name_asks_which(sentence, choices):
    found = interpret(sentence)
    assert found.calculator is None
    assert found.question
    assert set(found.choices) == {calculators()[one].title for one in choices}


@pytest.mark.parametrize("sentence", ["what is the qtc with qt 420 and heart rate 80", "calculate the wells score"])
def test_a_choice_opens_the_calculator_with_the_first_sentence(sentence):
    for title in interpret(sentence).choices:
        found = interpret(sentence, calculator=title)
        assert found.calculator is not None
        assert found.calculator.title == title
        assert ("qt" in found.inputs) == title.startswith("QTc")


@pytest.mark.parametrize(
    ("sentence", "reply", "calculator_id"),
    [
        ("calculate qtc with qt 420 and heart rate 80", "bazett please", "qtc_bazett"),
        ("what is the gfr of a 60 year old man with creatinine 1.4", "the cockcroft gault one", "cockcroft_gault"),
        ("calculate the wells score", "pulmonary embolism", "wells_pe"),
        ("calculate the wells score", "the d v t one", "wells_dvt"),
    ],
)
def test_a_spoken_choice_may_be_appended_to_the_first_sentence(sentence, reply, calculator_id):
    found = interpret(f"{sentence}. {reply}")
    assert found.calculator is not None
    assert found.calculator.id == calculator_id


@pytest.mark.req("C3.2")
def test_criteria_that_nobody_mentioned_are_asked_for_in_one_question():
    found = interpret("cha2ds2-vasc of a 68 year old man with hypertension and diabetes")
    (asked,) = found.missing
    assert asked.name == CRITERIA
    assert asked.members == ("heart_failure", "stroke", "vascular_disease")
    assert found.question == (
        "Which of these apply: heart failure; stroke, TIA or systemic embolism; vascular disease; or none?"
    )
    assert found.assumed == ()
    assert not set(asked.members) & set(found.inputs)


def replied(text, opened="cha2ds2-vasc of a 68 year old man with hypertension and diabetes"):
    first = interpret(opened)
    return interpret(text, calculator=first.calculator.id, known=first.inputs, asked=first.missing[0].name)


@pytest.mark.req("C3.2")
@pytest.mark.parametrize(
    ("reply", "score", "assumed"),
    [
        ("none", 3, set()),
        ("None of those.", 3, set()),
        ("no", 3, set()),
        ("vascular disease only", 4, set()),
        ("no, only vascular disease", 4, set()),
        ("none except vascular disease", 4, set()),
        ("just a stroke", 5, set()),
        ("heart failure and nothing else", 4, set()),
        ("all of them", 7, set()),
        ("heart failure and a stroke", 6, {"vascular_disease"}),
        ("he has had a TIA", 5, {"heart_failure", "vascular_disease"}),
        ("no heart failure, no stroke and no vascular disease", 3, set()),
    ],
)
def test_the_reply_decides_the_criteria_it_was_asked_about(reply, score, assumed):
    found = replied(reply)
    assert found.missing == ()
    assert set(found.assumed) == assumed
    assert compute(found.calculator, found.inputs).value == score


def test_a_reply_that_only_denies_leaves_the_others_open():
    found = replied("no heart failure")
    assert found.missing[0].members == ("stroke", "vascular_disease")
    assert [one.name for one in replied("no heart failure or stroke").missing] == ["vascular_disease"]


@pytest.mark.parametrize("reply", ["yes", "hm", "I do not follow", "possibly a stroke"])
def test_a_reply_that_names_none_of_them_leaves_all_open(reply):
    found = replied(reply)
    assert {"heart_failure", "stroke", "vascular_disease"}.isdisjoint(found.inputs)
    assert found.missing


@pytest.mark.parametrize(
    "closing", ["nothing else", "otherwise healthy", "no other risk factors", "the rest negative", "no others"]
)
def test_a_sentence_that_closes_its_list_denies_the_rest(closing):
    found = interpret(f"cha2ds2-vasc of a 68 year old man with hypertension and diabetes, {closing}")
    assert (found.missing, found.assumed) == ((), ())
    assert compute(found.calculator, found.inputs).value == 3
    judged = interpret(f"wells pe heart rate 110 with hemoptysis, {closing}")
    assert [one.name for one in judged.missing] == ["pe_most_likely"]


@pytest.mark.req("P4.13")
def test_only_at_the_speakers_wish_silence_is_a_named_assumption():
    found = interpret("cha2ds2-vasc of a 68 year old man with hypertension", assume=True)
    assert found.assumed == ("heart_failure", "diabetes", "stroke", "vascular_disease")
    assert found.inputs["diabetes"] == {"value": False, "assumed": True}
    assert "assumed: no diabetes" in found.assumptions
    assert found.missing == ()
    outcome = compute(found.calculator, found.inputs)
    assert isinstance(outcome, Computed)
    assert outcome.assumptions == found.assumptions


def test_what_was_mentioned_without_deciding_it_is_never_assumed():
    found = interpret("cha2ds2-vasc of a 68 year old man with a possible stroke", assume=True)
    assert [one.name for one in found.missing] == ["stroke"]
    assert [one.name for one in interpret("calculate the egfr", assume=True).missing] == ["age", "sex", "creatinine"]


def test_nothing_is_assumed_when_nothing_was_stated():
    found = interpret("calculate the cha2ds2-vasc score")
    assert found.inputs == {}
    assert found.assumed == ()
    assert [one.name for one in found.missing] == [CRITERIA, "age", "sex"]
    assert found.question.startswith("Which of these apply: heart failure;")


def test_a_pronoun_states_the_sex_and_nothing_else():
    found = interpret("what's her CHA2DS2-VASc score")
    assert found.inputs == {"sex": "female"}
    assert [one.name for one in found.missing] == [CRITERIA, "age"]


def test_numbers_and_categories_are_asked_for_one_by_one():
    found = interpret("creatinine clearance of a 70 year old woman")
    assert [one.name for one in found.missing] == ["weight", "height", "creatinine"]
    assert found.question == "What is the weight?"
    assert found.missing[0].question == found.question


def test_a_dialogue_from_nothing_to_a_result():
    found = interpret("calculate the cha2ds2 vasc score")
    replies = iter(["hypertension and diabetes", "she is seventy six"])
    while found.missing:
        found = interpret(
            next(replies), calculator=found.calculator.id, known=found.inputs, asked=found.missing[0].name
        )
        assert found.confidence >= 0.9
    assert next(replies, None) is None
    outcome = compute(found.calculator, found.inputs)
    assert outcome.value == 5  # 2 + 1 + 1 + 1
    assert [one.input.name for one in outcome.used if one.assumed] == ["heart_failure", "stroke", "vascular_disease"]


def test_none_of_them_is_a_statement_and_not_an_assumption():
    opened = interpret("calculate wells dvt")
    found = interpret("none of those", calculator="wells_dvt", known=opened.inputs, asked=CRITERIA)
    assert found.missing == ()
    assert found.assumed == ()
    assert compute(found.calculator, found.inputs).value == 0


def test_the_question_for_all_criteria_stays_open_until_answered():
    found = interpret("he is 70", calculator="cha2ds2_vasc", known={}, asked=CRITERIA)
    assert found.assumed == ()
    assert found.missing[0].name == CRITERIA
    assert stated(found) == {"age": 70, "sex": "male"}


def test_a_clinicians_judgement_is_asked_and_not_assumed():
    opened = interpret("wells pe heart rate 110 with hemoptysis")
    assert "pe_most_likely" in opened.missing[0].members
    found = interpret("recent surgery", calculator="wells_pe", known=opened.inputs, asked=CRITERIA)
    assert [one.name for one in found.missing] == ["pe_most_likely"]
    assert "pe_most_likely" not in found.assumed
    answered = interpret("yes it is", calculator="wells_pe", known=found.inputs, asked="pe_most_likely")
    assert answered.missing == ()
    assert compute(answered.calculator, answered.inputs).value == 7
    assumed = interpret("wells pe heart rate 110 with hemoptysis", assume=True)
    assert [one.name for one in assumed.missing] == ["pe_most_likely"]


@pytest.mark.parametrize(
    ("calculator", "asked", "reply", "value"),
    [
        ("cockcroft_gault", "weight", "seventy kilos", {"value": 70, "unit": "kg"}),
        ("cockcroft_gault", "weight", "it's about one hundred and fifty pounds", {"value": 150, "unit": "lb"}),
        ("cockcroft_gault", "height", "five foot ten", {"value": 70, "unit": "in"}),
        ("cockcroft_gault", "height", "one point seven five meters", {"value": 1.75, "unit": "m"}),
        ("ckd_epi_2021", "age", "sixty eight", {"value": 68, "unit": "years"}),
        ("ckd_epi_2021", "creatinine", "88 micromoles per liter", {"value": 88, "unit": "µmol/L"}),
        ("ckd_epi_2021", "sex", "female", "female"),
        ("ckd_epi_2021", "sex", "she's a woman", "female"),
        ("child_pugh", "ascites", "none", "absent"),
        ("child_pugh", "ascites", "moderate to severe", "moderate"),
        ("child_pugh", "encephalopathy", "grade two", "grade 1-2"),
        ("child_pugh", "inr", "one point eight", {"value": 1.8, "unit": ""}),
        ("curb_65", "confusion", "no", False),
        ("curb_65", "confusion", "yes he is", True),
        ("curb_65", "confusion", "not at all", False),
        ("curb_65", "urea_nitrogen", "8 millimoles per liter", {"value": 8, "unit": "mmol/L"}),
        ("qsofa", "systolic", "ninety five", {"value": 95, "unit": "mmHg"}),
        ("fib_4", "platelets", "one hundred fifty", {"value": 150, "unit": "10^9/L"}),
        ("has_bled", "uncontrolled_hypertension", "no it's well controlled", False),
        ("meld_3", "dialysis", "she does not", False),
    ],
)
def test_a_bare_reply_fills_the_slot_that_was_asked(calculator, asked, reply, value):
    found = interpret(reply, calculator=calculator, known={}, asked=asked)
    given = found.inputs[asked]
    if isinstance(given, dict):
        given.pop("unit_assumed", None)
        value = {"value": pytest.approx(value["value"]), "unit": value["unit"]}
    assert given == value
    assert found.confidence >= 0.9


def test_earlier_answers_are_kept_and_may_be_corrected():
    first = interpret("egfr of a 60 year old woman creatinine 1.1")
    second = interpret("sorry creatinine is 1.4", calculator="ckd_epi_2021", known=first.inputs)
    assert second.inputs["age"]["value"] == 60
    assert second.inputs["creatinine"]["value"] == 1.4
    third = interpret(
        "he also has heart failure",
        calculator="cha2ds2_vasc",
        known={"age": 60, "heart_failure": {"value": False, "assumed": True}},
    )
    assert third.inputs["heart_failure"] is True
    assert "heart_failure" not in third.assumed


def test_known_answers_go_over_to_another_calculator_by_name():
    found = interpret(
        "calculate the has-bled score", calculator="cha2ds2_vasc", known={"age": 70, "stroke": True, "sex": "male"}
    )
    assert found.calculator.id == "has_bled"
    assert found.inputs["age"] == 70
    assert found.inputs["stroke"] is True
    assert "sex" not in found.inputs


def test_a_change_of_subject_is_recognisable():
    found = interpret("how do I treat sepsis", calculator="ckd_epi_2021", known={"age": 60}, asked="creatinine")
    assert found.confidence <= 0.3
    assert found.inputs == {"age": 60}


@pytest.mark.parametrize("reply", ["I don't know", "um", "what", "later"])
def test_a_reply_that_does_not_answer_leaves_the_slot_open(reply):
    found = interpret(reply, calculator="ckd_epi_2021", known={"age": 60, "sex": "male"}, asked="creatinine")
    assert [one.name for one in found.missing] == ["creatinine"]


@pytest.mark.parametrize(
    ("sentence", "open_slots", "asks"),
    [
        ("egfr 60 year old woman creatinine 90 mg/dl", ["creatinine"], "Did you mean µmol/L?"),
        ("egfr 60 year old woman creatinine 90", ["creatinine"], "In which unit"),
        ("anion gap sodium 1400 chloride 100 bicarb 24", ["sodium"], "cannot be right"),
        ("curb 65 72 year old confused urea 8 respiratory rate 32 bp 85 over 50", ["urea_nitrogen"], "mmol/L"),
        ("curb 65 72 year old confused urea 50 mg/dl respiratory rate 32 bp 85 over 50", ["urea_nitrogen"], "mmol/L"),
        ("bmi weight 80 kg height 68", ["height"], "In which unit"),
        ("has-bled 70 year old with hypertension", ["uncontrolled_hypertension"], "above 160"),
        ("chads vasc 68 year old man no heart failure and diabetes", ["diabetes"], "diabetes?"),
        ("chads vasc 68 year old man possible stroke", ["stroke"], "stroke"),
        ("child pugh bilirubin 2 albumin 3 inr 1.5 ascites no encephalopathy", ["ascites"], "ascites"),
        ("chads vasc 68 year old man family history of stroke and diabetes", ["diabetes"], "diabetes?"),
    ],
)
def test_what_is_not_clear_is_asked_and_never_guessed(sentence, open_slots, asks):
    found = interpret(sentence)
    assert [one.name for one in found.missing if one.name != CRITERIA] == open_slots
    assert asks in found.question
    assert not set(open_slots) & set(found.inputs)
    assert "90" not in found.question
    assert "1400" not in found.question


@pytest.mark.req("C3.7")
@pytest.mark.parametrize(
    ("said", "reply", "unit"),
    [
        ("creatinine 90 mg per deciliter", "micromoles per liter", "µmol/L"),
        ("creatinine 90 mg per deciliter", "yes", "µmol/L"),
        ("creatinine 90", "it is in micromoles per liter", "µmol/L"),
        ("creatinine 90", "sorry, µmol/L.", "µmol/L"),
    ],
)
def test_the_unit_alone_completes_a_number_that_could_not_be_used(said, reply, unit):
    first = interpret(f"egfr of a 60 year old woman {said}")
    assert first.missing[0].name == "creatinine"
    assert "creatinine" not in first.inputs
    later = interpret("hm", calculator="ckd_epi_2021", known=first.inputs, asked="creatinine", doubted=first.doubted)
    assert later.doubted == first.doubted
    options = {"known": first.inputs, "asked": "creatinine", "doubted": later.doubted}
    found = interpret(reply, calculator="ckd_epi_2021", **options)
    assert found.inputs["creatinine"] == {"value": 90, "unit": unit}
    assert found.confidence >= 0.9
    assert (found.missing, found.doubted) == ((), {})


@pytest.mark.parametrize("reply", ["no", "yes", "years", "I think so, she has hypertension"])
def test_a_reply_without_a_unit_decides_nothing(reply):
    first = interpret("egfr of a 60 year old woman creatinine 90")
    options = {"known": first.inputs, "asked": "creatinine", "doubted": first.doubted}
    found = interpret(reply, calculator="ckd_epi_2021", **options)
    assert [one.name for one in found.missing] == ["creatinine"]


def test_a_unit_nobody_said_is_a_named_assumption_where_it_matters():
    found = interpret("egfr of a 60 year old man creatinine 1.2")
    assert found.assumptions == ("assumed: serum creatinine in mg/dL",)
    assert compute(found.calculator, found.inputs).assumptions == found.assumptions
    assert interpret("map for 120 over 80").assumptions == ()


@pytest.mark.parametrize(
    ("sentence", "decided"),
    [
        ("no diabetes", False), ("denies diabetes", False), ("not diabetic", False), ("isn't diabetic", False),
        ("non diabetic", False), ("diabetes absent", False), ("without any history of diabetes", False),
        ("no hypertension or diabetes", False), ("neither hypertension nor diabetes", False),
        ("no hypertension but has diabetes", True), ("no hypertension. diabetes", True),
        ("has diabetes", True), ("diabetes yes", True), ("known type 2 diabetes", True), ("is diabetic", True),
        ("hypertension and diabetes", True), ("no stroke but diabetes and hypertension", True),
        ("no chest pain but diabetes", True), ("no hypertension and diabetes", None),
        ("no hypertension diabetes", None), ("possible diabetes", None), ("father has diabetes", "unsaid"),
        ("to reduce the risk of diabetes", "unsaid"), ("does not have diabetes", False),
        ("doesn't have hypertension or diabetes", False), ("has never had diabetes", False),
    ],
)  # fmt: skip
def test_negation(sentence, decided):
    found = interpret(f"age 70, {sentence}", calculator="cha2ds2_vasc")
    value = found.inputs.get("diabetes")
    if decided is None:
        assert "diabetes" in [one.name for one in found.missing]
    elif decided == "unsaid":
        assert value is None
        assert "diabetes" in found.missing[0].members
    else:
        assert value is decided


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("sixty eight", "68"), ("one hundred and twenty", "120"), ("one twenty over eighty", "120 over 80"),
        ("one oh five", "105"), ("one point two", "1.2"), ("zero point eighty seven", "0.87"), ("point nine", "0.9"),
        (".9", "0.9"), ("1 point 2", "1.2"), ("one hundred fifty thousand", "150000"), ("150,000", "150000"),
        ("150 thousand", "150000"), ("150k", "150000"), ("four hundred ten", "410"), ("four ten", "410"),
        ("three point oh", "3.0"), ("two hundred and forty", "240"), ("stroke/TIA", "stroke or tia"),
        ("mg/dL", "mg/dl"), ("5'10\"", "5 feet 10 inches"), ("sixty five one twenty", "65 120"),
        ("one thousand two hundred", "1200"), ("nineteen", "19"), ("no one knows", "no 1 knows"),
    ],
)  # fmt: skip
def test_numbers_in_words(said, plain):
    assert normalise(said) == plain


PIECES = (
    "cha2ds2-vasc wells qtc curb 65 bmi no not without and or , . diabetes stroke hypertension 120 over 80 sixty eight"
    " year old man woman creatinine 1.2 mg/dl point hundred thousand heart rate mild ascites feet inches her possible"
)
WORDS = st.sampled_from(str.split(PIECES))


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join) | st.text(max_size=120))
def test_no_sentence_escapes_as_an_exception(sentence):
    found = interpret(sentence)
    assert 0 <= found.confidence <= 1
    if found.calculator:
        again = interpret(sentence, calculator=found.calculator.id, known=found.inputs, asked="age")
        assert again.calculator is not None


@pytest.mark.parametrize(
    "flood",
    ["no stroke and " * 140, "1 " * 1000, "one hundred " * 160, "chads " * 330, "cha 2 d s 2 " * 180, "a" * 2000,
     "creatinine is of at , " * 90, "heart rate of the " * 110],
    ids=lambda one: one[:12],
)  # fmt: skip
def test_a_hostile_text_of_full_length_is_read_quickly(flood):
    started = time.process_time()
    interpret(f"calculate cha2ds2-vasc {flood}"[:2000])
    interpret(flood[:2000], calculator="has_bled")
    assert time.process_time() - started < 1.5


TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("on march 3rd 2026", "2026-03-03"), ("the fifth of may twenty twenty six", "2026-05-05"),
        ("2026-03-05", "2026-03-05"), ("3/25/2026", "2026-03-25"), ("25/3/2026", "2026-03-25"),
        ("march the twenty first, 2026", "2026-03-21"), ("on 5 March", "2026-03-05"), ("december 5", "2025-12-05"),
        ("today", "2026-11-24"), ("yesterday", "2026-11-23"), ("february 29 2024", "2024-02-29"),
        ("march first two thousand and six", "2006-03-01"),
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_say_it(said, day):
    found = interpret(f"due date, last period {said}", today=TODAY)
    assert found.inputs == {"last_period": day}
    reply = interpret(said, calculator="due_date", known={}, asked="last_period", today=TODAY)
    assert reply.inputs == {"last_period": day}
    assert reply.confidence >= 0.9


@pytest.mark.parametrize("said", ["03/05/2026", "february 30 2026", "13/13/2026"])
def test_a_day_that_can_be_two_or_none_is_asked_for(said):
    found = interpret(f"due date, last period {said}", today=TODAY)
    assert found.inputs == {}
    assert found.question == (
        "On which day exactly? Please say the first day of the last menstrual period with the month by its name and"
        " the year."
    )
    assert said not in found.question


def test_a_day_relative_to_today_is_asked_for_where_nobody_knows_today():
    for said in ("march 5", "today", "yesterday"):
        assert interpret(f"due date, last period {said}").inputs == {}


def test_an_assumption_behind_an_optional_input_is_said_with_the_result():
    found = interpret("due date, last period march 3 2026")
    assert found.assumptions == ("assumed: a cycle of 28 days",)
    assert compute(found.calculator, found.inputs).assumptions == found.assumptions
    assert interpret("due date, last period march 3 2026, cycle 30 days").assumptions == ()


def test_inputs_that_others_call_for_are_asked_for():
    found = interpret("mme for oxycodone 10 mg")
    assert [one.name for one in found.missing] == ["oxycodone_per_day"]
    assert interpret("every 8 hours", calculator="mme", known=found.inputs, asked="oxycodone_per_day").inputs[
        "oxycodone_per_day"
    ] == {"value": 3, "unit": "/day"}
    assert [one.name for one in interpret("calculate the mme").missing] == ["opioid"]
    reply = interpret("morphine 30 mg twice a day", calculator="mme", known={}, asked="opioid")
    assert compute(reply.calculator, reply.inputs).value == 60
    half = interpret("apache ii fio2 60 percent", calculator="apache_ii", known=dict(apache()))
    assert [one.name for one in half.missing] == ["oxygen_gradient"]


def apache():
    """What APACHE II needs, but for the oxygen."""
    example = calculators()["apache_ii"].examples[0].inputs
    return {name: value for name, value in example.items() if name not in {"inspired_oxygen", "arterial_oxygen"}}


def test_a_dose_does_not_take_the_number_of_its_frequency():
    found = interpret("mme 10 mg oxycodone 3 times a day and 30 mg morphine q 12 h")
    assert stated(found) == {"oxycodone": 10, "oxycodone_per_day": 3, "morphine": 30, "morphine_per_day": 2}


@pytest.mark.parametrize("calculator", calculators().values(), ids=lambda one: one.id)
def test_every_criterion_is_heard_by_its_own_label(calculator):
    """What nobody mentions is assumed absent, so what is mentioned must never be missed."""
    for one in calculator.inputs:
        if isinstance(one, YesNo):
            found = interpret(f"the patient has {one.label}", calculator=calculator.id)
            heard = found.inputs.get(one.name)
            assert heard is True or one.name in {asked.name for asked in found.missing}, one.name
