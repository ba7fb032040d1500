"""Dates and ages: identifiers in thirty forms; ages from 90 on are identifiers, below they are not."""

from datetime import date, timedelta

from functions.phi.training import spoken
from functions.phi.training.grammar import IGNORED, Case, Piece, words

LONG = [month.capitalize() for month in spoken.MONTHS]
SHORT = [month[:3] for month in LONG]
HOLIDAYS = words("times.holidays")
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def day(case: Case, *, birth: bool = False) -> date:
    if birth:
        return date(1930, 1, 1) + timedelta(days=case.number(0, 34_000))
    return date(2012, 1, 1) + timedelta(days=case.number(0, 5_400))


def th(number: int) -> str:
    return f"{number}{'th' if 10 < number % 100 < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def said(case: Case, one: date, *, with_year: bool) -> str:
    number = one.day
    month = spoken.MONTHS[one.month - 1]
    which = case.pick((spoken.ordinal(number), spoken.cardinal(number), spoken.ordinal(number)))
    roll = case.rng.random()
    if roll < 0.75:
        text = f"{month} {case.pick(('', '', '', 'the '))}{which}"
    elif roll < 0.87:
        text = f"{case.pick(('the ', ''))}{spoken.ordinal(number)} of {month}"
    else:
        joint = case.pick((" ", " ", " slash "))
        text = joint.join((spoken.cardinal(one.month), spoken.cardinal(number)))
        with_year = True
    return f"{text} {spoken.year(case.rng, one.year)}" if with_year else text


def whole(case: Case, one: date) -> str:
    """With the year."""
    d, m, y = one.day, one.month, one.year
    yy = f"{y % 100:02d}"
    forms = (
        f"{m:02d}/{d:02d}/{y}", f"{m}/{d}/{y}", f"{m:02d}/{d:02d}/{yy}", f"{m}/{d}/{yy}", f"{y}-{m:02d}-{d:02d}", f"{m:02d}-{d:02d}-{y}",
        f"{m}-{d}-{yy}", f"{LONG[m - 1]} {d}, {y}", f"{LONG[m - 1]} {th(d)}, {y}", f"{SHORT[m - 1]} {d}, {y}", f"{SHORT[m - 1]}. {d}, {y}",
        f"{d} {LONG[m - 1]} {y}", f"{d} {SHORT[m - 1]} {y}", f"{d}-{SHORT[m - 1].upper()}-{y}", f"{d:02d}{SHORT[m - 1].upper()}{y}", f"{m:02d}.{d:02d}.{y}",
        f"{d}.{m}.{y}", f"{th(d)} of {LONG[m - 1]}, {y}", f"{LONG[m - 1]} {d} {y}", f"{SHORT[m - 1]} {th(d)} {y}", f"{y}/{m:02d}/{d:02d}", f"{d:02d}/{m:02d}/{y}",
        f"{SHORT[m - 1]}-{d:02d}-{y}", f"{LONG[m - 1].upper()} {d}, {y}", f"{m:02d}{d:02d}{y}", f"{y}{m:02d}{d:02d}", f"{SHORT[m - 1]} {d} {y}",
        f"{SHORT[m - 1]} {d}, '{yy}", f"{m}.{d}.{yy}", f"the {th(d)} of {LONG[m - 1]} {y}"[4:],
        f"{d}.{ROMAN[m - 1]}.{y}", f"{d}. {LONG[m - 1]} {y}", f"{SHORT[m - 1]}/{d:02d}/{y}", f"{d:02d}-{m:02d}-{y}", f"{d:02d} {SHORT[m - 1].upper()} {yy}",
    )  # fmt: skip
    return case.pick(forms[:11]) if case.chance(0.6) else case.pick(forms)


ROMAN = "I II III IV V VI VII VIII IX X XI XII".split()


def with_weekday(case: Case, one: date, text: str) -> str:
    """`Tue, 4 Mar 2025`, `Friday 3/14`: the weekday is a part of the date."""
    name = one.strftime("%A")
    lead = case.pick(
        (name, name, name[:3], name[:3], f"{name[:3]}.", name[:4] if name[:4] in {"Tues", "Thur"} else name[:3])
    )
    return f"{lead}{case.pick((' ', ' ', ', '))}{text}"


def partial(case: Case, one: date) -> str:
    """Without the year, or without the day."""
    d, m, y = one.day, one.month, one.year
    forms = (
        f"{m}/{d}", f"{m:02d}/{d:02d}", f"{LONG[m - 1]} {d}", f"{SHORT[m - 1]} {d}", f"{LONG[m - 1]} {th(d)}", f"{SHORT[m - 1]}. {d}", f"{d} {SHORT[m - 1]}",
        f"{LONG[m - 1]} {y}", f"{SHORT[m - 1]} {y}", f"{m:02d}/{y}", f"{th(d)} of {LONG[m - 1]}", f"{m}-{d}", f"{d} {LONG[m - 1]}", f"{SHORT[m - 1]} {th(d)}",
        f"{SHORT[m - 1]}-{d:02d}", f"{d:02d}-{SHORT[m - 1]}", f"{d}/{m}" if d > 12 else f"{m}/{d}", f"{LONG[m - 1]} the {th(d)}",
    )  # fmt: skip
    return case.pick(forms[:9]) if case.chance(0.8) else case.pick(forms)


def any_date(case: Case) -> list[Piece]:
    one = day(case)
    if case.said:
        return [Piece(said(case, one, with_year=case.chance(0.7)), "DATE")]
    if case.chance(0.03):
        return [Piece(case.pick(HOLIDAYS), "DATE")]
    text = whole(case, one) if case.chance(0.72) else partial(case, one)
    return [Piece(with_weekday(case, one, text) if case.chance(0.04) else text, "DATE")]


def full_date(case: Case) -> list[Piece]:
    one = day(case)
    return [Piece(said(case, one, with_year=True) if case.said else whole(case, one), "DATE")]


def part_date(case: Case) -> list[Piece]:
    one = day(case)
    if case.said:
        return [Piece(said(case, one, with_year=False), "DATE")]
    text = partial(case, one)
    return [Piece(with_weekday(case, one, text) if case.chance(0.08) else text, "DATE")]


def nth(case: Case) -> list[Piece]:
    """`the 9th`, `Friday the 22nd`: the day of a month that nobody names. The article is no part of it."""
    one = day(case)
    number = spoken.ordinal(one.day) if case.said else th(one.day)
    if case.chance(0.4):
        name = one.strftime("%A")
        return [Piece(f"{name.lower() if case.said else name} the {number}", "DATE")]
    return [Piece("the "), Piece(number, "DATE")]


def month(case: Case) -> list[Piece]:
    name = case.pick([name for name in LONG if name not in {"May", "March"}])
    return [Piece(name.lower() if case.said else name, "DATE")]


def birth(case: Case) -> list[Piece]:
    one = case.memory.setdefault("birth", day(case, birth=True))
    if not isinstance(one, date):
        raise TypeError("the memory of a case keeps a date of birth")
    return [Piece(said(case, one, with_year=True) if case.said else whole(case, one), "DATE")]


def iso(case: Case) -> list[Piece]:
    return [Piece(day(case, birth=case.chance(0.6)).isoformat(), "DATE")]


def packed(case: Case) -> list[Piece]:
    """As HL7 writes it; at times with hours."""
    text = day(case, birth=case.chance(0.6)).strftime("%Y%m%d")
    return [Piece(text + (f"{case.number(0, 23):02d}{case.number(0, 59):02d}" if case.chance(0.2) else ""), "DATE")]


def stamp(case: Case) -> list[Piece]:
    """A log's own time: no identifier."""
    one = day(case)
    h, m, s = case.number(0, 23), case.number(0, 59), case.number(0, 59)
    forms = (
        f"{one}T{h:02d}:{m:02d}:{s:02d}.{case.number(0, 999):03d}Z", f"{one} {h:02d}:{m:02d}:{s:02d},{case.number(0, 999):03d}", f"{one}T{h:02d}:{m:02d}:{s:02d}+00:00",
        f"{one.strftime('%d/%b/%Y')}:{h:02d}:{m:02d}:{s:02d} +0000", f"{one.strftime('%b %d')} {h:02d}:{m:02d}:{s:02d}", f"{one} {h:02d}:{m:02d}:{s:02d}",
    )  # fmt: skip
    return [Piece(case.pick(forms), IGNORED)]


def holiday(case: Case) -> list[Piece]:
    text = case.pick(HOLIDAYS)
    return [Piece(spoken.plain(text) if case.said else text, "DATE")]


def old(case: Case) -> list[Piece]:
    number = case.number(90, 107)
    if case.said:
        word = (
            spoken.cardinal(number).replace(
                "one hundred", case.pick(("one hundred", "a hundred", "a hundred and")).strip()
            )
            if number > 99
            else spoken.cardinal(number)
        )
        tail = case.pick(("year old", "year old", "year old", "years old", "year old", "years of age"))
        return [Piece(f"{word} {tail}", "AGE90")]
    if case.chance(0.12):
        word = (
            spoken.cardinal(number).replace(" ", "-")
            if number < 100
            else f"{case.pick(('a', 'one'))} hundred and {spoken.cardinal(number - 100)}"
            if number > 100
            else "one hundred"
        )
        return [Piece(case.pick(("{}-year-old", "{} year old", "{} years old")).format(word), "AGE90")]
    if case.chance(0.1):
        return [Piece(case.pick(("aged ", "age ", "aged: "))), Piece(str(number), "AGE90")]
    forms = (
        "{} year old",
        "{}-year-old",
        "{} y.o.",
        "{}yo",
        "{} yo",
        "{} y/o",
        "{} years old",
        "{}F",
        "{}M",
        "{} yr old",
        "{}yr",
        "{}-yo",
        "{} years of age",
        "{}y",
        "{}YO",
        "{} YR OLD",
        "{}-yr-old",
        "{} yrs old",
        "{} yr old",
        "{}yrs",
    )
    return [Piece(case.pick(forms).format(number), "AGE90")]


def old_in_words(case: Case) -> list[Piece]:
    word = spoken.cardinal(case.number(90, 99)).replace(" ", case.pick(("-", "-", " ")))
    return [Piece(case.pick(("{}-year-old", "{} year old", "{}-year old")).format(word), "AGE90")]


def age(case: Case) -> list[Piece]:
    number = case.number(18, 89) if case.chance(0.85) else case.number(1, 17)
    if case.said:
        return [
            Piece(
                f"{spoken.cardinal(number)} year old" if case.chance(0.85) else f"{spoken.cardinal(number)} years old"
            )
        ]
    forms = (
        "{} year old",
        "{}-year-old",
        "{} y.o.",
        "{}yo",
        "{} yo",
        "{} y/o",
        "{} years old",
        "{}F",
        "{}M",
        "{} yr old",
        "{}-yr-old",
        "{} yo",
        "{}-year-old",
        "{}yo",
    )
    return [Piece(case.pick(forms).format(number))]


def year(case: Case) -> list[Piece]:
    value = case.number(1970, 2026)
    return [Piece(spoken.year(case.rng, value) if case.said else str(value), IGNORED)]


def weekday(case: Case) -> list[Piece]:
    return [Piece(case.pick(WEEKDAYS))]
