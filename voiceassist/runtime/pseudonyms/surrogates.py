"""Stand-ins that look like the real thing, out of ranges that belong to nobody.

Telephone numbers 555-0100 to 0199, social security numbers from area 900, example.com, documentation addresses
(RFC 2606, 5737, 3849), invented places, and identifiers with valid check digits. None is computed from what it stands
for: of that only the layout is kept, which figures and letters fill at random.
"""

import re
from collections.abc import Callable
from random import Random, SystemRandom

FIRST = (
    "Avery Blake Casey Devon Ellis Finley Greer Harper Indigo Jules Kendall Linden Marlow Noel Oakley Perry Quinn "
    "Reese Sasha Tatum Umber Vesper Wren Yael Zephyr Arden Briar Corin Dale Emery"
).split()
LAST = (
    "Alderwick Brambleton Corrisham Dunmarrow Elmsworth Farrowgate Glenhollow Hartswell Inglemoor Jestholm Kestervale "
    "Larkmead Mossbridge Northfell Oxenthwaite Penhallick Quillbrook Ravenscourt Silverthorne Thistlewood Underhay "
    "Vantrell Westerlow Yarrowby Zellerton Ashgrove Birchmont Cloverdon Dapplemere Everglen"
).split()
PLACES = "Almsbrook Brindleford Copperdale Duskmoor Eastmere Foxhollow Grayhaven Hollowell Ivydale Junipoint".split()
HOUSES = tuple(f"{place} General Hospital" for place in PLACES)
VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)

random: Random = SystemRandom()


def surrogate(label: str, value: str) -> str | None:
    """A fresh one; None where only a token can stand for it (ages, pictures, voices, dates)."""
    made = MAKERS.get(label)
    return made(value) if made else None


def person(value: str) -> str:
    first, last = random.choice(FIRST), random.choice(LAST)
    words = [word for word in re.split(r"[\s,]+", value) if len(word.strip(".")) > 1]
    whole = last if len(words) < 2 else f"{last}, {first}" if "," in value else f"{first} {last}"
    return whole.upper() if value.isupper() else whole.lower() if value.islower() else whole


def telephone(_value: str) -> str:
    area = random.choice(("202", "303", "404", "505", "606", "707", "808"))
    return f"{area}-555-01{random.randrange(100):02d}"


def social_security(_value: str) -> str:
    return f"{random.randrange(900, 1000)}-{random.randrange(1, 100):02d}-{random.randrange(1, 10_000):04d}"


def mail_address(_value: str) -> str:
    return f"{random.choice(FIRST).lower()}.{random.choice(LAST).lower()}{random.randrange(10, 100)}@example.com"


def web_address(_value: str) -> str:
    return f"https://example.com/{random.randrange(10**6, 10**7)}"


def network_address(value: str) -> str:
    if ":" in value:
        return f"2001:db8::{random.randrange(1, 65_536):x}"
    return f"{random.choice(('192.0.2', '198.51.100', '203.0.113'))}.{random.randrange(1, 255)}"


def place(value: str) -> str:
    return "00000" if any(character.isdigit() for character in value) else random.choice(PLACES)


def account(value: str) -> str:
    """A card number keeps a valid check digit (Luhn); others their layout."""
    figures = [character for character in value if character.isdigit()]
    made = laid_out(value)
    if 13 <= len(figures) <= 19 and luhn("".join(figures)):
        return _with_last(made, lambda known: next(d for d in "0123456789" if luhn(known + d)))
    return made


def licence(value: str) -> str:
    """NPI (10 figures) and DEA numbers (2 letters, 7 figures) keep valid check digits."""
    bare = re.sub(r"[^A-Za-z0-9]", "", value)
    made = laid_out(value)
    if re.fullmatch(r"[12]\d{9}", bare):
        made = re.sub(r"\d", random.choice("12"), made, count=1)
        return _with_last(made, lambda known: next(d for d in "0123456789" if luhn(f"80840{known}{d}")))
    if re.fullmatch(r"[A-Za-z]{2}\d{7}", bare):
        return _with_last(made, lambda known: str((_sum(known[0::2]) + 2 * _sum(known[1::2])) % 10))
    return made


def vehicle(value: str) -> str:
    """A vehicle identification number has a valid ninth place (49 CFR 565.15); a plate its layout."""
    if len(value) != 17:
        return laid_out(value)
    letters = [random.choice(VIN_LETTERS) for _ in range(17)]
    remainder = sum(VIN_VALUES[one] * weight for one, weight in zip(letters, VIN_WEIGHTS, strict=True)) % 11
    letters[8] = "X" if remainder == 10 else str(remainder)
    return "".join(letters)


def laid_out(value: str) -> str:
    """The same layout with other figures and letters. Words around a number stay words of it: all letters change."""
    return "".join(
        str(random.randrange(10))
        if character.isdigit()
        else random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ")
        if character.isupper()
        else random.choice("abcdefghjkmnpqrstuvwxyz")
        if character.isalpha()
        else character
        for character in value
    )


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for position, character in enumerate(reversed(number)):
        value = int(character) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _sum(figures: str) -> int:
    return sum(map(int, figures))


def _with_last(text: str, digit: Callable[[str], str]) -> str:
    """The last figure of the text becomes what the figures before it ask for."""
    places = [position for position, character in enumerate(text) if character.isdigit()]
    known = "".join(text[position] for position in places[:-1])
    return text[: places[-1]] + digit(known) + text[places[-1] + 1 :]


MAKERS: dict[str, Callable[[str], str]] = {
    "NAME": person,
    "PHONE": telephone,
    "FAX": telephone,
    "SSN": social_security,
    "EMAIL": mail_address,
    "URL": web_address,
    "IP": network_address,
    "GEO": place,
    "FACILITY": lambda _value: random.choice(HOUSES),
    "ACCOUNT": account,
    "LICENSE": licence,
    "VEHICLE": vehicle,
    "MRN": laid_out,
    "HEALTH_PLAN": laid_out,
    "DEVICE": laid_out,
    "OTHER_ID": laid_out,
}
