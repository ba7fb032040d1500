"""Antiviral drugs."""

from functions.calculators.domain.renal import Drug, Use, one_use, steps

ZOSTER = (r"(?:herpes )?zoster", r"shingles")
GENITAL = (r"genital herpes(?: first episode)?", r"(?:first|initial) episode")
RECURRENT = (r"recurren(?:t|ce)(?: genital herpes)?",)
ENCEPHALITIS = (r"intravenous(?:ly)?", r"iv", r"encephalitis", r"infusion")
INDUCTION = (r"induction(?: dose)?",)
MAINTENANCE = (r"maintenance(?: dose)?",)
TREATMENT = (r"treatment", r"therapeutic(?: dose)?")
PROPHYLAXIS = (r"prophyla(?:xis|ctic)(?: dose)?", r"post ?exposure")
EVERY_OTHER = "every other day"

DRUGS = (
    Drug(
        name="acyclovir",
        brands=("Zovirax", "aciclovir"),
        uses=(
            Use(
                name="zoster",
                words=ZOSTER,
                steps=steps(
                    (0, "800 mg by mouth every 12 hours"),
                    (10, "800 mg by mouth every 8 hours", True),
                    (25, "800 mg by mouth every 4 hours, five times a day", True),
                ),
            ),
            Use(
                name="genital herpes",
                words=GENITAL,
                steps=steps(
                    (0, "200 mg by mouth every 12 hours"),
                    (10, "200 mg by mouth every 4 hours, five times a day", True),
                ),
            ),
            Use(
                name="intravenous",
                words=ENCEPHALITIS,
                steps=steps(
                    (0, "half the recommended dose every 24 hours"),
                    (10, "the recommended dose (5 or 10 mg/kg) every 24 hours"),
                    (25, "the recommended dose (5 or 10 mg/kg) every 12 hours"),
                    (50, "the recommended dose (5 or 10 mg/kg) every 8 hours", True),
                ),
                notes=("Keep the patient hydrated: crystals harm the kidneys.",),
            ),
        ),
        dialysis="Haemodialysis: give one more dose after each session.",
        label="Zovirax (acyclovir), GlaxoSmithKline, dosage and administration",
    ),
    Drug(
        name="valacyclovir",
        brands=("Valtrex", "valaciclovir"),
        uses=(
            Use(
                name="zoster",
                words=ZOSTER,
                steps=steps(
                    (0, "500 mg every 24 hours"),
                    (10, "1 g every 24 hours"),
                    (30, "1 g every 12 hours"),
                    (50, "1 g every 8 hours"),
                ),
            ),
            Use(
                name="genital herpes",
                words=GENITAL,
                steps=steps((0, "500 mg every 24 hours"), (10, "1 g every 24 hours"), (30, "1 g every 12 hours")),
            ),
            Use(
                name="recurrence",
                words=RECURRENT,
                steps=steps((0, "500 mg every 24 hours"), (30, "500 mg every 12 hours")),
            ),
        ),
        dialysis="Haemodialysis: give the dose after the session.",
        label="Valtrex (valacyclovir), GlaxoSmithKline, section 2",
    ),
    Drug(
        name="famciclovir",
        brands=("Famvir",),
        uses=one_use(
            (0, "250 mg every 24 hours (zoster)"),
            (20, "500 mg every 24 hours (zoster)"),
            (40, "500 mg every 12 hours (zoster)"),
            (60, "500 mg every 8 hours (zoster)"),
        ),
        dialysis="Haemodialysis: 250 mg after each session.",
        label="Famvir (famciclovir), Novartis, section 2",
    ),
    Drug(
        name="ganciclovir",
        brands=("Cytovene",),
        uses=(
            Use(
                name="induction",
                words=INDUCTION,
                steps=steps(
                    (0, "1.25 mg/kg three times a week, after haemodialysis"),
                    (10, "1.25 mg/kg every 24 hours"),
                    (25, "2.5 mg/kg every 24 hours"),
                    (50, "2.5 mg/kg every 12 hours"),
                    (70, "5 mg/kg every 12 hours"),
                ),
            ),
            Use(
                name="maintenance",
                words=MAINTENANCE,
                steps=steps(
                    (0, "0.625 mg/kg three times a week, after haemodialysis"),
                    (10, "0.625 mg/kg every 24 hours"),
                    (25, "1.25 mg/kg every 24 hours"),
                    (50, "2.5 mg/kg every 24 hours"),
                    (70, "5 mg/kg every 24 hours"),
                ),
            ),
        ),
        label="Cytovene-IV (ganciclovir), Roche, section 2",
    ),
    Drug(
        name="valganciclovir",
        brands=("Valcyte",),
        uses=(
            Use(
                name="induction",
                words=INDUCTION,
                steps=steps(
                    (0, "tablets are not recommended"),
                    (10, f"450 mg {EVERY_OTHER}"),
                    (25, "450 mg once a day"),
                    (40, "450 mg twice a day"),
                    (60, "900 mg twice a day"),
                ),
            ),
            Use(
                name="maintenance",
                words=(*MAINTENANCE, r"prevention"),
                steps=steps(
                    (0, "tablets are not recommended"),
                    (10, "450 mg twice a week"),
                    (25, f"450 mg {EVERY_OTHER}"),
                    (40, "450 mg once a day"),
                    (60, "900 mg once a day"),
                ),
            ),
        ),
        notes=("Take with food.",),
        label="Valcyte (valganciclovir), Genentech, section 2",
    ),
    Drug(
        name="oseltamivir",
        brands=("Tamiflu",),
        uses=(
            Use(
                name="treatment",
                words=TREATMENT,
                steps=steps(
                    (0, "not recommended without dialysis"),
                    (10, "30 mg once a day for 5 days", True),
                    (30, "30 mg twice a day for 5 days", True),
                    (60, "75 mg twice a day for 5 days", True),
                ),
            ),
            Use(
                name="prophylaxis",
                words=PROPHYLAXIS,
                steps=steps(
                    (0, "not recommended without dialysis"),
                    (10, f"30 mg {EVERY_OTHER}", True),
                    (30, "30 mg once a day", True),
                    (60, "75 mg once a day", True),
                ),
                notes=(
                    "For at least 10 days after contact.",
                    "Haemodialysis, prophylaxis: 30 mg after every other session.",
                ),
            ),
        ),
        dialysis="Haemodialysis, treatment: 30 mg at once and after every session, at most 5 days.",
        label="Tamiflu (oseltamivir), Genentech, section 2",
    ),
    Drug(
        name="lamivudine",
        brands=("Epivir",),
        uses=one_use(
            (0, "50 mg once, then 25 mg once a day"),
            (5, "150 mg once, then 50 mg once a day"),
            (15, "150 mg once, then 100 mg once a day"),
            (30, "150 mg once a day"),
            (50, "150 mg twice or 300 mg once a day"),
            notes=("Doses for HIV in adults, not those of Epivir-HBV.",),
        ),
        label="Epivir (lamivudine), ViiV Healthcare, section 2",
    ),
    Drug(
        name="entecavir",
        brands=("Baraclude",),
        uses=(
            Use(
                name="never treated with nucleosides",
                words=(r"(?:nucleoside|treatment) naive|never treated(?: with nucleosides)?|naive",),
                steps=steps(
                    (0, "0.05 mg once a day or 0.5 mg every 7 days"),
                    (10, "0.15 mg once a day or 0.5 mg every 72 hours"),
                    (30, "0.25 mg once a day or 0.5 mg every 48 hours"),
                    (50, "0.5 mg once a day"),
                ),
            ),
            Use(
                name="lamivudine-refractory",
                words=(r"(?:lamivudine )?(?:refractory|resistant)", r"decompensated(?: liver disease)?"),
                steps=steps(
                    (0, "0.1 mg once a day or 1 mg every 7 days"),
                    (10, "0.3 mg once a day or 1 mg every 72 hours"),
                    (30, "0.5 mg once a day or 1 mg every 48 hours"),
                    (50, "1 mg once a day"),
                ),
            ),
        ),
        dialysis="Haemodialysis: as below 10 mL/min, after the session.",
        notes=("On an empty stomach.",),
        label="Baraclude (entecavir), Bristol-Myers Squibb, section 2",
    ),
    Drug(
        name="tenofovir disoproxil",
        brands=("Viread", "tenofovir DF", "TDF"),
        uses=one_use(
            (0, "no dose can be recommended without haemodialysis"),
            (10, "300 mg every 72 to 96 hours"),
            (30, "300 mg every 48 hours"),
            (50, "300 mg every 24 hours"),
        ),
        dialysis="Haemodialysis: 300 mg every 7 days or after about 12 hours of dialysis.",
        label="Viread (tenofovir disoproxil fumarate), Gilead, section 2",
    ),
)
