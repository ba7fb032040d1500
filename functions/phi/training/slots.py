"""What every slot of the templates writes."""

from collections.abc import Callable

from functions.phi.training import clinical, numbers, people, spoken, spots, times
from functions.phi.training.grammar import IGNORED, Case, Piece, Slot
from functions.phi.training.people import Person

KIN = "wife husband son daughter mother father sister brother aunt uncle partner niece nephew grandson granddaughter fiance cousin neighbor caregiver guardian mom dad".split()
TITLES = ("Mr.", "Mrs.", "Ms.", "Mr", "Mrs", "Ms", "Miss", "Mx.", "Dr.")


def someone(case: Case) -> Person:
    return people.person(case)


def pat(case: Case) -> list[Piece]:
    one = people.patient(case)
    if case.said:
        return people.named(
            case, case.pick((f"{one.given} {one.family}",) * 8 + (f"{one.given} {one.middle[0]} {one.family}",))
        )
    roll = case.rng.random()
    if roll < 0.8:
        return people.named(case, people.full(case, one))
    if roll < 0.88:
        return people.named(case, people.reversed_(case, one))
    return people.named(case, people.short(case, one))


def titled(case: Case, name: str) -> list[Piece]:
    title = case.pick(TITLES)
    return [Piece(spoken.plain(title) + " ") if case.said else Piece(title + " ", IGNORED), *people.named(case, name)]


def doctor(case: Case) -> list[Piece]:
    one = people.remembered(case, "doctor") if case.chance(0.4) else someone(case)
    roll = case.rng.random()
    if case.said or roll < 0.5:
        lead = "doctor " if case.said else case.pick(("Dr. ", "Dr. ", "Dr. ", "Dr ", "dr ", "DR. ", "Drs. ", "Doctor "))
        return [
            Piece(lead, "" if case.said else IGNORED),
            *people.named(case, one.family if case.chance(0.6) else people.full(case, one)),
        ]
    if roll < 0.9:
        return signer(case)
    return people.named(case, people.full(case, one))


def signer(case: Case) -> list[Piece]:
    one = people.remembered(case, "doctor") if case.chance(0.4) else someone(case)
    if case.said:
        return [Piece("doctor "), *people.named(case, f"{one.given} {one.family}")]
    name = people.full(case, one) if case.chance(0.85) else people.reversed_(case, one)
    degrees = case.pick(people.CREDENTIALS) + (f", {case.pick(people.CREDENTIALS)}" if case.chance(0.1) else "")
    return [*people.named(case, name), Piece(case.pick((", ", ", ", ", ", " ")) + degrees)]


def kin(case: Case) -> list[Piece]:
    relation = case.pick(KIN)
    one = someone(case)
    name = one.given if case.chance(0.5) else people.full(case, one)
    if case.said:
        return [
            Piece(f"{case.pick(('his', 'her', 'the'))} {relation} "),
            *people.named(case, f"{one.given} {one.family}" if " " in name else name),
        ]
    lead, tail = case.pick(
        (
            ("her {} ", ""),
            ("his {}, ", ""),
            ("{} ", ""),
            ("{} (", ")"),
            ("the {} ", ""),
            ("patient's {}, ", ""),
            ("pt's {} ", ""),
        )
    )
    return [Piece(lead.format(relation)), *people.named(case, name), Piece(tail)]


def possessive(case: Case) -> list[Piece]:
    one = people.patient(case)
    name = case.pick((one.family, one.given, f"{one.given} {one.family}"))
    if case.said:
        return [*people.named(case, name), Piece("")]
    return [*people.named(case, name), Piece(case.pick(("'s", "'s", "’s", "'" if name.endswith("s") else "'s")))]


def shortened(case: Case) -> list[Piece]:
    one = people.patient(case)
    return people.named(case, f"{one.given} {one.family[0]}" if case.said else people.short(case, one))


def initials(case: Case) -> list[Piece]:
    a, b = tuple(people.initials(people.patient(case)).upper())
    if case.said:
        return [Piece(f"{a} {b}".lower(), "NAME")]
    return [
        Piece(
            case.pick(
                (f"{a}.{b}.", f"{a}. {b}.", f"{a}{b}", f"{a}.{b}", f"{a}.M.{b}.", f"{a}{b}.", f"{a}{b}", f"{a}.{b}.")
            ),
            "NAME",
        )
    ]


def short_initials(case: Case) -> list[Piece]:
    one = someone(case)
    return [Piece(case.pick(("{}.{}.", "{}. {}.", "{}{}.")).format(one.given[0], one.family[0]), "NAME")]


def first(case: Case) -> list[Piece]:
    return people.named(case, someone(case).given)


def last(case: Case) -> list[Piece]:
    return people.named(case, someone(case).family)


def whole(case: Case) -> list[Piece]:
    one = someone(case)
    return people.named(case, f"{one.given} {one.family}" if case.said else people.full(case, one))


def with_signs(joint: str, who: str) -> Slot:
    """A name as HL7 (`^`) and DICOM write it: its parts are identifiers, its signs are not."""

    def slot(case: Case) -> list[Piece]:
        one = people.patient(case) if who == "pat" else someone(case)
        parts = [Piece(one.family, "NAME"), Piece(joint), Piece(one.given, "NAME")]
        if case.chance(0.3):
            parts += [Piece(joint), Piece(one.middle[0], "NAME")]
        return [
            Piece(part.text.upper() if case.memory.setdefault("caps", case.chance(0.4)) else part.text, part.label)
            for part in parts
        ]

    return slot


def user(case: Case) -> list[Piece]:
    return [Piece(people.login(case, someone(case)), "NAME")]


def spell(which: str) -> Slot:
    """Spells the last person named with `p.l` or `p.f`; the spelling is an identifier too."""

    def slot(case: Case) -> list[Piece]:
        one = people.patient(case)
        name = one.family if which == "last" else one.given
        return [Piece(spoken.letters(case.rng, people.folded(name) or "lee"), "NAME")]

    return slot


def of_patient(make: Callable[[Person], str]) -> Slot:
    return lambda case: people.named(case, make(people.patient(case)))


def bare(low: int, high: int, label: str) -> Slot:
    def slot(case: Case) -> list[Piece]:
        number = case.number(low, high)
        return [Piece(spoken.cardinal(number) if case.said else str(number), label)]

    return slot


def log_date(case: Case) -> list[Piece]:
    return [
        Piece(
            times.day(case).strftime("%Y%m%d")
            + f"{case.number(0, 23):02d}{case.number(0, 59):02d}{case.number(0, 59):02d}"
        )
    ]


SLOTS: dict[str, Slot] = {
    "pat": pat, "pat.title": lambda c: titled(c, people.patient(c).family), "pat.f": of_patient(lambda p: p.given),
    "pat.l": of_patient(lambda p: p.family), "pat.rev": lambda c: people.named(c, people.reversed_(c, people.patient(c))),
    "pat.short": shortened, "pat.I": initials, "pat.up": lambda c: [Piece(people.full(c, people.patient(c)).upper(), "NAME")],
    "pat.poss": possessive, "pat.slug": lambda c: [Piece(people.slug(c, people.patient(c)), "NAME")],
    "pat.lower": lambda c: [Piece(f"{people.patient(c).given} {people.patient(c).family}".lower(), "NAME")],
    "pat.hl7": with_signs("^", "pat"), "p.hl7": with_signs("^", "p"), "pat.dicom": with_signs("^", "pat"), "p.dicom": with_signs("^", "p"),
    "doc": doctor, "doc.c": signer, "kin": kin, "p": whole, "p.f": first, "p.l": last, "p.slug": lambda c: [Piece(people.slug(c, someone(c)), "NAME")],
    "p.rev": lambda c: people.named(c, people.reversed_(c, someone(c))), "p.short": lambda c: people.named(c, people.short(c, someone(c))),
    "p.up": lambda c: [Piece(people.full(c, someone(c)).upper(), "NAME")], "p.I": initials, "user": user,
    "initial": lambda c: [Piece(c.pick("ABCDEFGHJKLMNPRSTW"), "NAME")], "spell.last": spell("last"), "spell.first": spell("first"),
    "mrn": numbers.mrn, "plan": numbers.plan, "acct": numbers.account, "ssn": numbers.ssn, "phone": numbers.phone, "fax": numbers.fax,
    "email": numbers.email, "url": numbers.url, "ip": numbers.ip, "npi": numbers.npi, "dea": numbers.dea, "dl": numbers.driver,
    "lic": numbers.practice, "plate": numbers.plate, "vin": numbers.vin, "dev": numbers.device, "mac": numbers.mac, "udi": numbers.udi,
    "oid": numbers.other, "bio": numbers.biometric, "photo": numbers.photo, "date": times.any_date, "date.f": times.full_date,
    "date.p": times.part_date, "date.iso": times.iso, "date.hl7": times.packed, "date.log": log_date, "dob": times.birth,
    "holiday": times.holiday, "date.nth": times.nth, "date.month": times.month, "old": times.old, "old.n": bare(90, 107, "AGE90"), "ticket": bare(10_000, 99_999, "OTHER_ID"), "age": times.age, "age.n": bare(18, 89, ""),
    "pat.uk": lambda c: titled(c, people.patient(c).family) if c.chance(0.5) else people.named(c, people.patient(c).given),
    "p.poss": lambda c: [*people.named(c, c.pick((someone(c).family, someone(c).given, people.full(c, someone(c))))), Piece("" if c.said else "'s")],
    "p.low": lambda c: [Piece(people.folded(someone(c).family) or "ek", "NAME")], "p.I2": short_initials,
    "old.up": lambda c: [Piece(c.pick(("{}-YEAR-OLD", "{} YEAR OLD", "{} Y/O", "{}-YEAR OLD")).format(c.number(90, 106)), "AGE90")],
    "old.w": times.old_in_words, "home": spots.home, "home.up": lambda c: [Piece(p.text.upper(), p.label) for p in spots.home(c)],
    "abroad": spots.abroad, "surgery": spots.surgery, "shop": spots.shop, "road": spots.road, "pc": spots.postcode, "nhs": numbers.nhs, "uk.phone": numbers.british,
    "ssn4": lambda c: [Piece(f"{c.number(0, 9999):04d}", "SSN")], "tool.name": clinical.tool_name,
    "year": times.year, "weekday": times.weekday, "stamp": times.stamp, "street": spots.street, "city": spots.city, "zip": spots.zipcode,
    "county": spots.county, "state": spots.state, "st": spots.code_state, "addr": spots.address, "fac": spots.facility, "emp": spots.employer, "city.clinic": spots.city_clinic,
    "drug": clinical.drug, "dose": clinical.dose, "eponym": clinical.eponym, "tool": clinical.tool, "disease": clinical.disease,
    "icd": clinical.term,
    "medword": clinical.medical_word,
    "eponym.name": clinical.eponym_name,
    "lab": clinical.of(clinical.LABS), "vital": clinical.of(clinical.VITALS), "score": clinical.of(clinical.SCORES), "guide": clinical.guideline,
    "code": clinical.code, "dur": clinical.of(clinical.LONG), "body": clinical.of(clinical.BODY), "finding": clinical.finding, "digest": clinical.digest,
    "trace": clinical.trace, "svc": clinical.of(clinical.SERVICES), "path": clinical.of(clinical.PLACES_OF_CODE), "num": clinical.of(clinical.NUMBERS),
    "local": clinical.local, "payer": clinical.of(clinical.PAYERS),
}  # fmt: skip
