"""Drugs of the nervous system, heart, stomach, joints, bones and metabolism."""

from functions.calculators.domain.renal import By, Drug, Use, one_use, steps

AF_WORDS = (r"(?:atrial fibrillation|a ?fib|af|flutter)",)
VT_WORDS = (r"ventricular (?:arrhythmias?|tachycardia)", r"vt")

DRUGS = (
    Drug(
        name="gabapentin",
        brands=("Neurontin",),
        uses=one_use(
            (0, "100 to 300 mg once a day, less in proportion to the clearance below 15 mL/min"),
            (15, "200 to 700 mg once a day"),
            (30, "400 to 1400 mg a day in two doses"),
            (60, "900 to 3600 mg a day in three doses"),
        ),
        dialysis="Haemodialysis: maintenance by clearance, and 125 to 350 mg more after each 4 hours of dialysis.",
        label="Neurontin (gabapentin), Pfizer, section 2",
    ),
    Drug(
        name="pregabalin",
        brands=("Lyrica",),
        uses=one_use(
            (0, "25 to 75 mg once a day"),
            (15, "25 to 150 mg a day in one or two doses"),
            (30, "75 to 300 mg a day in two or three doses"),
            (60, "150 to 600 mg a day in two or three doses"),
        ),
        dialysis="Haemodialysis: one more dose of 25 to 150 mg, by the daily dose, after every 4 hours of dialysis.",
        label="Lyrica (pregabalin), Pfizer, section 2",
    ),
    Drug(
        name="levetiracetam",
        brands=("Keppra",),
        uses=one_use(
            (0, "250 to 500 mg every 12 hours"),
            (30, "250 to 750 mg every 12 hours"),
            (50, "500 to 1000 mg every 12 hours"),
            (80, "500 to 1500 mg every 12 hours", True),
            notes=("Immediate release.",),
        ),
        dialysis="Dialysis: 500 to 1000 mg every 24 hours, and 250 to 500 mg more after the session.",
        label="Keppra (levetiracetam), UCB, section 2",
    ),
    Drug(
        name="duloxetine",
        brands=("Cymbalta",),
        uses=one_use((0, "avoid"), (30, "usual dose")),
        label="Cymbalta (duloxetine), Eli Lilly, section 2",
    ),
    Drug(
        name="tramadol",
        brands=("Ultram",),
        uses=one_use(
            (0, "50 to 100 mg every 12 hours, at most 200 mg a day"),
            (30, "usual dose, at most 400 mg a day"),
            notes=("Immediate release; the extended-release form is not for below 30 mL/min.",),
        ),
        label="Ultram (tramadol), Janssen, section 2",
    ),
    Drug(
        name="memantine",
        brands=("Namenda", "Ebixa"),
        uses=one_use(
            (0, "target 5 mg twice a day"),
            (30, "usual target, 10 mg twice a day"),
            notes=("Immediate release. The label's lowest band is 5 to 29 mL/min.",),
        ),
        label="Namenda (memantine), Allergan, section 2",
    ),
    Drug(
        name="lithium",
        brands=("Lithobid",),
        uses=one_use(
            (0, "avoid"),
            (30, "start lower, raise slowly, measure levels often"),
            (90, "usual start; the level decides"),
        ),
        label="Lithium carbonate tablets, several manufacturers, sections 2 and 8.6",
    ),
    Drug(
        name="famotidine",
        brands=("Pepcid",),
        uses=one_use(
            (0, "10 mg once a day or 20 mg every other day"),
            (30, "20 mg once a day or 40 mg every other day"),
            (60, "usual dose, 40 mg once or 20 mg twice a day", True),
            notes=("Active ulcer in adults; other indications have doses of their own.",),
        ),
        label="Pepcid (famotidine), Valeant, section 2",
    ),
    Drug(
        name="metformin",
        brands=("Glucophage",),
        by=By.EGFR,
        uses=one_use(
            (0, "contraindicated"),
            (30, "do not start; on treatment weigh benefit against risk"),
            (45, "usual dose"),
        ),
        label="Glucophage (metformin), Bristol-Myers Squibb, section 2",
    ),
    Drug(
        name="sitagliptin",
        brands=("Januvia",),
        by=By.EGFR,
        uses=one_use((0, "25 mg once a day"), (30, "50 mg once a day"), (45, "100 mg once a day")),
        dialysis="Dialysis: 25 mg once a day, at any time.",
        label="Januvia (sitagliptin), Merck, section 2",
    ),
    Drug(
        name="allopurinol",
        brands=("Zyloprim",),
        by=By.EGFR,
        uses=one_use(
            (0, "start with 50 mg once a week"),
            (5, "start with 50 mg twice a week"),
            (15, "start with 50 mg every other day", True),
            (30, "start with 50 mg once a day", True),
            (60, "start with 100 mg once a day", True),
            notes=("Starting doses for gout in adults: raise slowly by the uric acid.",),
        ),
        notes=("Older labels instead limit it to 200 mg a day at 10 to 20 mL/min and to 100 mg a day below 10.",),
        label="Allopurinol tablets, several manufacturers, section 2",
    ),
    Drug(
        name="colchicine",
        brands=("Colcrys",),
        uses=(
            Use(
                name="gout flare",
                words=(r"(?:acute )?(?:gout )?(?:flares?|attack)",),
                steps=steps(
                    (0, "1.2 mg, then 0.6 mg after an hour, not again within two weeks"),
                    (30, "1.2 mg, then 0.6 mg after an hour"),
                ),
            ),
            Use(
                name="prophylaxis",
                words=(r"prophyla(?:xis|ctic)",),
                steps=steps((0, "start with 0.3 mg a day"), (30, "0.6 mg once or twice a day")),
            ),
        ),
        dialysis="Dialysis: flare 0.6 mg once, not again within two weeks; prophylaxis 0.3 mg twice a week.",
        notes=(
            "Below 80 mL/min watch for toxicity. Clarithromycin and other inhibitors forbid or lower it.",
            "Not for a flare in kidney disease while it is taken for prophylaxis.",
        ),
        label="Colcrys (colchicine), Takeda, section 2",
    ),
    Drug(
        name="digoxin",
        brands=("Lanoxin",),
        by=By.PHARMACY,
        uses=one_use(
            (0, "caution: maintenance by clearance and lean weight from the label's table, then by the level")
        ),
        notes=("Verify with pharmacy: small margin between effect and harm.",),
        label="Lanoxin (digoxin), Concordia, section 2",
    ),
    Drug(
        name="methotrexate",
        brands=("Trexall", "Otrexup"),
        by=By.PHARMACY,
        uses=one_use((0, "caution: cleared by the kidneys, toxic when they fail; no bands in the label")),
        notes=("Verify with pharmacy before any dose in kidney disease.",),
        label="Methotrexate tablets and injection, several manufacturers, warnings",
    ),
    Drug(
        name="sotalol",
        brands=("Betapace",),
        uses=(
            Use(
                name="atrial fibrillation",
                words=AF_WORDS,
                steps=steps((0, "contraindicated"), (40, "80 mg once a day"), (60, "80 mg twice a day", True)),
            ),
            Use(
                name="ventricular arrhythmia",
                words=VT_WORDS,
                steps=steps(
                    (0, "individual"),
                    (10, "80 mg every 36 to 48 hours"),
                    (30, "80 mg once a day"),
                    (60, "80 mg twice a day", True),
                ),
            ),
        ),
        notes=("Start under monitoring of the QT interval.",),
        label="Betapace and Betapace AF (sotalol), Covis, section 2",
    ),
    Drug(
        name="dofetilide",
        brands=("Tikosyn",),
        uses=one_use(
            (0, "contraindicated"),
            (20, "125 µg twice a day"),
            (40, "250 µg twice a day"),
            (60, "500 µg twice a day", True),
        ),
        notes=("Start under monitoring of the QT interval for 3 days.",),
        actual_weight=True,
        label="Tikosyn (dofetilide), Pfizer, section 2",
    ),
    Drug(
        name="atenolol",
        brands=("Tenormin",),
        uses=one_use((0, "at most 25 mg a day"), (15, "at most 50 mg a day"), (35, "usual dose", True)),
        dialysis="Haemodialysis: 25 or 50 mg after each session, under supervision.",
        label="Tenormin (atenolol), Almatica, dosage and administration",
    ),
    Drug(
        name="zoledronic acid",
        brands=("Zometa", "Reclast", "Aclasta", "zoledronate"),
        uses=(
            Use(
                name="osteoporosis",
                words=(r"osteoporosis", r"paget\w*", r"reclast|aclasta"),
                steps=steps((0, "contraindicated"), (35, "5 mg once a year")),
            ),
            Use(
                name="bone metastases",
                words=(r"(?:bone )?metasta\w+", r"myeloma", r"zometa"),
                steps=steps(
                    (0, "not recommended"),
                    (30, "3 mg"),
                    (40, "3.3 mg"),
                    (50, "3.5 mg"),
                    (60, "4 mg", True),
                ),
            ),
        ),
        label="Reclast and Zometa (zoledronic acid), Novartis, section 2",
    ),
    Drug(
        name="alendronate",
        brands=("Fosamax",),
        uses=one_use((0, "not recommended"), (35, "usual dose")),
        label="Fosamax (alendronate), Merck, section 2",
    ),
    Drug(
        name="risedronate",
        brands=("Actonel",),
        uses=one_use((0, "not recommended"), (30, "usual dose")),
        label="Actonel (risedronate), Allergan, section 8.6",
    ),
)
