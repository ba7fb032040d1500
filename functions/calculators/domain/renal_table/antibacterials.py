"""Antibacterial and antifungal drugs."""

from functions.calculators.domain.renal import By, Drug, Use, one_use, steps

ORAL = (r"oral(?:ly)?", r"po", r"by mouth", r"tablets?")
INTRAVENOUS = (r"intravenous(?:ly)?", r"iv", r"infusion")
PNEUMONIA = (r"(?:nosocomial|hospital acquired) pneumonia", r"hap")
PHARMACY = "verify with pharmacy: dosed by weight, kidney function and measured levels"


def by_level(name: str, *brands: str, levels: str) -> Drug:
    """A drug for which a table would mislead: the pharmacy doses it by its levels."""
    return Drug(
        name=name,
        brands=brands,
        by=By.PHARMACY,
        uses=one_use((0, PHARMACY)),
        notes=(levels,),
        label=f"{name} injection, several manufacturers, dosage and administration",
    )


DRUGS = (
    by_level("vancomycin", "Vancocin", levels="By mouth, for C. difficile, it is hardly absorbed and not adjusted."),
    by_level("gentamicin", "Garamycin", levels="Aminoglycoside: peaks and troughs, or one extended-interval nomogram."),
    by_level("tobramycin", "Nebcin", levels="Aminoglycoside: peaks and troughs, or one extended-interval nomogram."),
    by_level("amikacin", "Amikin", levels="Aminoglycoside: peaks and troughs, or one extended-interval nomogram."),
    Drug(
        name="ciprofloxacin",
        brands=("Cipro", "Ciproxin"),
        uses=(
            Use(
                name="by mouth",
                words=ORAL,
                steps=steps(
                    (0, "250 to 500 mg every 18 hours"),
                    (30, "250 to 500 mg every 12 hours"),
                    (50, "usual dose", True),
                ),
                notes=("The label's lowest band is 5 to 29 mL/min.",),
            ),
            Use(
                name="intravenous",
                words=INTRAVENOUS,
                steps=steps((0, "200 to 400 mg every 18 to 24 hours"), (30, "usual dose")),
                notes=("The label's lowest band is 5 to 29 mL/min.",),
            ),
        ),
        dialysis="On haemodialysis or peritoneal dialysis by mouth: 250 to 500 mg every 24 hours, after dialysis.",
        label="Cipro (ciprofloxacin), Bayer, section 2",
    ),
    Drug(
        name="levofloxacin",
        brands=("Levaquin", "Tavanic"),
        uses=(
            Use(
                name="750 mg a day",
                words=(r"750(?: ?mg)?(?: (?:a day|daily|regimen))?",),
                steps=steps(
                    (0, "750 mg once, then 500 mg every 48 hours"),
                    (20, "750 mg every 48 hours"),
                    (50, "750 mg every 24 hours"),
                ),
            ),
            Use(
                name="500 mg a day",
                words=(r"500(?: ?mg)?(?: (?:a day|daily|regimen))?",),
                steps=steps(
                    (0, "500 mg once, then 250 mg every 48 hours"),
                    (20, "500 mg once, then 250 mg every 24 hours"),
                    (50, "500 mg every 24 hours"),
                ),
            ),
        ),
        dialysis="Haemodialysis and peritoneal dialysis: as at 10 to 19 mL/min, without an extra dose.",
        notes=("The label's lowest band is 10 to 19 mL/min.",),
        label="Levaquin (levofloxacin), Janssen, section 2",
    ),
    Drug(
        name="cefepime",
        brands=("Maxipime",),
        uses=(
            Use(
                name="1 g every 12 hours",
                words=(r"1 ?g(?:rams?)?(?: every 12 hours| twice| bid| q ?12h?)?",),
                steps=steps(
                    (0, "250 mg every 24 hours"),
                    (11, "500 mg every 24 hours"),
                    (30, "1 g every 24 hours"),
                    (60, "1 g every 12 hours", True),
                ),
            ),
            Use(
                name="2 g every 12 hours",
                words=(r"2 ?g(?:rams?)?(?: every 12 hours| twice| bid| q ?12h?)",),
                steps=steps(
                    (0, "500 mg every 24 hours"),
                    (11, "1 g every 24 hours"),
                    (30, "2 g every 24 hours"),
                    (60, "2 g every 12 hours", True),
                ),
            ),
            Use(
                name="2 g every 8 hours",
                words=(r"2 ?g(?:rams?)?(?: every 8 hours| tid| q ?8h?)", r"(?:febrile )?neutropeni[ac](?: fever)?"),
                steps=steps(
                    (0, "1 g every 24 hours"),
                    (11, "2 g every 24 hours"),
                    (30, "2 g every 12 hours"),
                    (60, "2 g every 8 hours", True),
                ),
            ),
        ),
        dialysis="Haemodialysis: 1 g on the first day, then 500 mg (neutropenic fever 1 g) every 24 hours, afterwards.",
        notes=("The first dose is the usual one. Encephalopathy threatens where the dose is not lowered.",),
        label="Maxipime (cefepime), Hospira, section 2",
    ),
    Drug(
        name="ceftazidime",
        brands=("Fortaz", "Tazicef"),
        uses=one_use(
            (0, "500 mg every 48 hours"),
            (6, "500 mg every 24 hours"),
            (16, "1 g every 24 hours"),
            (31, "1 g every 12 hours"),
            (50, "usual dose, mostly 1 g every 8 to 12 hours", True),
            notes=("A first dose of 1 g may be given. In severe infection the dose may be raised by half.",),
        ),
        dialysis="Haemodialysis: 1 g at first, then 1 g after each session.",
        label="Fortaz (ceftazidime), Teligent, dosage and administration",
    ),
    Drug(
        name="cefazolin",
        brands=("Ancef", "Kefzol"),
        uses=one_use(
            (0, "half the usual dose every 18 to 24 hours"),
            (11, "half the usual dose every 12 hours"),
            (35, "the usual dose, at least 8 hours apart"),
            (55, "usual dose"),
            notes=("After a first dose as the infection asks for.",),
        ),
        label="Cefazolin for injection, several manufacturers, dosage and administration",
    ),
    Drug(
        name="cefuroxime axetil",
        brands=("Ceftin", "Zinnat"),
        uses=one_use(
            (0, "the usual dose every 48 hours"),
            (10, "the usual dose every 24 hours"),
            (30, "usual dose"),
        ),
        dialysis="Haemodialysis: one more usual dose at the end of each session.",
        label="Ceftin (cefuroxime axetil), GlaxoSmithKline, section 2",
    ),
    Drug(
        name="cefdinir",
        brands=("Omnicef",),
        uses=one_use((0, "300 mg once a day"), (30, "usual dose, 600 mg a day")),
        dialysis="Haemodialysis: 300 mg every other day to begin with, and 300 mg after each session.",
        label="Omnicef (cefdinir), AbbVie, dosage and administration",
    ),
    Drug(
        name="meropenem",
        brands=("Merrem",),
        uses=one_use(
            (0, "half the recommended dose every 24 hours"),
            (10, "half the recommended dose every 12 hours"),
            (26, "the recommended dose every 12 hours"),
            (50, "the recommended dose (500 mg or 1 g by the infection) every 8 hours", True),
        ),
        label="Merrem IV (meropenem), Pfizer, section 2",
    ),
    Drug(
        name="ertapenem",
        brands=("Invanz",),
        uses=one_use((0, "500 mg once a day"), (30, "1 g once a day", True)),
        dialysis="Haemodialysis: 150 mg more if the dose was given within 6 hours before the session.",
        label="Invanz (ertapenem), Merck, section 2",
    ),
    Drug(
        name="piperacillin-tazobactam",
        brands=("Zosyn", "pip-tazo", "Tazocin", "piptazo"),
        uses=(
            Use(
                name="general",
                words=(r"general", r"(?:intra ?)?abdominal(?: infection)?", r"other infections?"),
                steps=steps(
                    (0, "2.25 g every 8 hours"), (20, "2.25 g every 6 hours"), (40, "3.375 g every 6 hours", True)
                ),
            ),
            Use(
                name="nosocomial pneumonia",
                words=PNEUMONIA,
                steps=steps(
                    (0, "2.25 g every 6 hours"), (20, "3.375 g every 6 hours"), (40, "4.5 g every 6 hours", True)
                ),
            ),
        ),
        dialysis="Haemodialysis: 2.25 g every 12 hours (pneumonia every 8 hours), and 0.75 g after each session.",
        label="Zosyn (piperacillin and tazobactam), Pfizer, section 2",
    ),
    Drug(
        name="ampicillin-sulbactam",
        brands=("Unasyn",),
        uses=one_use(
            (0, "1.5 to 3 g every 24 hours"),
            (15, "1.5 to 3 g every 12 hours"),
            (30, "1.5 to 3 g every 6 to 8 hours"),
            notes=("The label's lowest band is 5 to 14 mL/min.",),
        ),
        label="Unasyn (ampicillin and sulbactam), Pfizer, dosage and administration",
    ),
    Drug(
        name="amoxicillin",
        brands=("Amoxil",),
        uses=one_use(
            (0, "250 or 500 mg every 24 hours"),
            (10, "250 or 500 mg every 12 hours; not the 875 mg tablet"),
            (30, "usual dose"),
        ),
        dialysis="Haemodialysis: 250 or 500 mg every 24 hours, and a dose during and at the end of the session.",
        label="Amoxil (amoxicillin), GlaxoSmithKline, section 2",
    ),
    Drug(
        name="amoxicillin-clavulanate",
        brands=("Augmentin", "co-amoxiclav"),
        uses=one_use(
            (0, "250 or 500 mg (of amoxicillin) every 24 hours"),
            (10, "250 or 500 mg (of amoxicillin) every 12 hours; not the 875 mg tablet"),
            (30, "usual dose"),
            notes=("The extended-release tablets are contraindicated below 30 mL/min.",),
        ),
        dialysis="Haemodialysis: 250 or 500 mg every 24 hours, and a dose during and at the end of the session.",
        label="Augmentin (amoxicillin and clavulanate), GlaxoSmithKline, section 2",
    ),
    Drug(
        name="nitrofurantoin",
        brands=("Macrobid", "Macrodantin"),
        uses=one_use((0, "contraindicated by the label"), (60, "usual dose, 100 mg twice a day (Macrobid)")),
        label="Macrobid (nitrofurantoin), Almatica, contraindications",
    ),
    Drug(
        name="trimethoprim-sulfamethoxazole",
        brands=("Bactrim", "Septra", "TMP-SMX", "co-trimoxazole", "cotrimoxazole"),
        uses=one_use((0, "not recommended"), (15, "half the usual dose"), (30, "usual dose", True)),
        notes=("Watch the potassium.",),
        label="Bactrim (sulfamethoxazole and trimethoprim), Sun, dosage and administration",
    ),
    Drug(
        name="clarithromycin",
        brands=("Biaxin",),
        uses=one_use((0, "half the usual dose"), (30, "usual dose")),
        notes=("With atazanavir or ritonavir: half the dose at 30 to 60 mL/min, a quarter of it below 30.",),
        label="Biaxin (clarithromycin), AbbVie, section 2",
    ),
    Drug(
        name="daptomycin",
        brands=("Cubicin",),
        uses=one_use(
            (0, "4 mg/kg (skin) or 6 mg/kg (bloodstream) every 48 hours"),
            (30, "4 mg/kg (skin) or 6 mg/kg (bloodstream) every 24 hours"),
        ),
        dialysis="Haemodialysis: every 48 hours, on dialysis days after the session.",
        label="Cubicin (daptomycin), Merck, section 2",
    ),
    Drug(
        name="aztreonam",
        brands=("Azactam",),
        uses=one_use(
            (0, "after the usual first dose a quarter of it at the usual interval"),
            (10, "after a first dose of 1 or 2 g half of it at the usual interval"),
            (30, "usual dose", True),
        ),
        dialysis="Haemodialysis: as below 10 mL/min, in severe infection an eighth of the first dose more after it.",
        label="Azactam (aztreonam for injection), Bristol-Myers Squibb, dosage and administration",
    ),
    Drug(
        name="fluconazole",
        brands=("Diflucan",),
        uses=one_use(
            (0, "a first dose of 50 to 400 mg, then half the usual daily dose"),
            (50, "usual dose", True),
            notes=("A single dose, as in vaginal candidiasis, is not adjusted.",),
        ),
        dialysis="Haemodialysis: the full dose after each session; on other days as by clearance.",
        label="Diflucan (fluconazole), Pfizer, dosage and administration",
    ),
)
