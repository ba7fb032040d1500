"""Anticoagulants and platelet inhibitors."""

from functions.calculators.domain.model import Values
from functions.calculators.domain.renal import By, Drug, Use, steps

AF, VTE, PROPHYLAXIS = "atrial fibrillation", "venous thromboembolism", "prophylaxis"
AF_WORDS = (r"(?:non ?valvular )?(?:atrial fibrillation|a ?fib|af)", r"stroke prevention")
CLOTS = r"(?:venous thromboembolism|vte|dvt|deep vein thrombosis|pulmonary embolism|pe)"
VTE_WORDS = (
    rf"(?:treatment (?:of|for)(?: an?)? |acute )*{CLOTS}",
    r"(?:full|therapeutic) anticoagulation",
)


def apixaban_af(values: Values) -> str:
    """2.5 mg with two of three: age 80 or more, weight 60 kg or less, creatinine 1.5 mg/dL or more."""
    met = (values["age"] >= 80) + (values["weight"] <= 60) + (values["creatinine"] >= 1.5)
    if met >= 2:
        return f"2.5 mg twice a day ({met} of the label's 3 criteria are met; 2 are enough)"
    return f"5 mg twice a day ({met} of the label's 3 criteria met; 2 would lower it)"


DRUGS = (
    Drug(
        name="apixaban",
        brands=("Eliquis",),
        by=By.CRITERIA,
        uses=(
            Use(
                name=AF,
                words=AF_WORDS,
                rule=apixaban_af,
                needs=("age", "weight", "creatinine"),
                notes=("Criteria: age 80 or more, weight 60 kg or less, creatinine 1.5 mg/dL (133 µmol/L) or more.",),
            ),
            Use(
                name=VTE,
                words=VTE_WORDS,
                steps=steps((0, "10 mg twice a day for 7 days, then 5 mg twice a day: no adjustment for the kidneys")),
                notes=("The trials left out a clearance below 25 mL/min or a creatinine above 2.5 mg/dL.",),
            ),
        ),
        dialysis="Haemodialysis, atrial fibrillation: 5 mg twice a day; 2.5 mg from age 80 or up to 60 kg.",
        label="Eliquis (apixaban), Bristol-Myers Squibb, sections 2 and 8.6",
    ),
    Drug(
        name="dabigatran",
        brands=("Pradaxa",),
        uses=(
            Use(
                name=AF,
                words=AF_WORDS,
                steps=steps(
                    (0, "no dose can be recommended"),
                    (15, "75 mg twice a day"),
                    (30, "150 mg twice a day", True),
                ),
                notes=(
                    "With dronedarone or ketoconazole at 30 to 50 mL/min: 75 mg twice a day.",
                    "With any P-gp inhibitor below 30 mL/min: avoid.",
                ),
            ),
            Use(
                name=VTE,
                words=VTE_WORDS,
                steps=steps(
                    (0, "no dose can be recommended"),
                    (30, "150 mg twice a day after 5 to 10 days of a parenteral anticoagulant", True),
                ),
                notes=("With a P-gp inhibitor below 50 mL/min: avoid.",),
            ),
        ),
        actual_weight=True,
        label="Pradaxa (dabigatran etexilate capsules), Boehringer Ingelheim, section 2",
    ),
    Drug(
        name="rivaroxaban",
        brands=("Xarelto",),
        uses=(
            Use(
                name=AF,
                words=AF_WORDS,
                steps=steps(
                    (0, "15 mg once a day with the evening meal"),
                    (50, "20 mg once a day with the evening meal", True),
                ),
                notes=("Not studied below 30 mL/min; earlier labels said to avoid it below 15 mL/min.",),
            ),
            Use(
                name=VTE,
                words=VTE_WORDS,
                steps=steps(
                    (0, "avoid"),
                    (15, "15 mg twice a day with food for 21 days, then 20 mg once a day with food"),
                ),
                notes=("At 15 to 29 mL/min watch closely for blood loss.",),
            ),
        ),
        actual_weight=True,
        label="Xarelto (rivaroxaban), Janssen, sections 2 and 8.6",
    ),
    Drug(
        name="edoxaban",
        brands=("Savaysa", "Lixiana"),
        uses=(
            Use(
                name=AF,
                words=AF_WORDS,
                steps=steps(
                    (0, "not recommended"),
                    (15, "30 mg once a day"),
                    (50, "60 mg once a day", True),
                    (95, "do not use: more ischaemic strokes than with warfarin above 95 mL/min", True),
                ),
            ),
            Use(
                name=VTE,
                words=VTE_WORDS,
                steps=steps(
                    (0, "not recommended"),
                    (15, "30 mg once a day after 5 to 10 days of a parenteral anticoagulant"),
                    (50, "60 mg once a day after 5 to 10 days of a parenteral anticoagulant", True),
                ),
                notes=("30 mg also up to a weight of 60 kg and with certain P-gp inhibitors.",),
            ),
        ),
        actual_weight=True,
        label="Savaysa (edoxaban), Daiichi Sankyo, section 2",
    ),
    Drug(
        name="enoxaparin",
        brands=("Lovenox", "Clexane"),
        uses=(
            Use(
                name=PROPHYLAXIS,
                words=(r"(?:vte |dvt )?prophyla(?:xis|ctic)(?: dose)?",),
                steps=steps(
                    (0, "30 mg subcutaneously once a day"),
                    (30, "usual dose, by the setting 40 mg once a day or 30 mg every 12 hours"),
                ),
            ),
            Use(
                name=VTE,
                words=VTE_WORDS,
                steps=steps(
                    (0, "1 mg/kg subcutaneously once a day"),
                    (30, "1 mg/kg every 12 hours, or for inpatients with deep vein thrombosis 1.5 mg/kg once a day"),
                ),
            ),
        ),
        notes=("At 30 to 80 mL/min no adjustment, but watch for bleeding.",),
        label="Lovenox (enoxaparin), sanofi-aventis, section 2",
    ),
    Drug(
        name="fondaparinux",
        brands=("Arixtra",),
        uses=(
            Use(
                steps=steps(
                    (0, "contraindicated"),
                    (30, "usual dose with caution"),
                    (50, "usual dose", True),
                ),
                notes=("In prophylaxis also contraindicated below 50 kg.",),
            ),
        ),
        label="Arixtra (fondaparinux), Mylan, sections 4 and 5",
    ),
    Drug(
        name="eptifibatide",
        brands=("Integrilin",),
        uses=(
            Use(
                steps=steps(
                    (0, "bolus 180 µg/kg, then 1 µg/kg/min"),
                    (50, "bolus 180 µg/kg, then 2 µg/kg/min"),
                ),
            ),
        ),
        notes=("Contraindicated on dialysis. With PCI a second bolus of 180 µg/kg after 10 minutes.",),
        label="Integrilin (eptifibatide), Merck, sections 2 and 4",
    ),
    Drug(
        name="tirofiban",
        brands=("Aggrastat",),
        uses=(
            Use(
                steps=steps(
                    (0, "25 µg/kg within 5 minutes, then 0.075 µg/kg/min for up to 18 hours"),
                    (60, "25 µg/kg within 5 minutes, then 0.15 µg/kg/min for up to 18 hours", True),
                ),
            ),
        ),
        label="Aggrastat (tirofiban), Medicure, section 2",
    ),
)
