"""A synthetic patient with all 18 identifiers of 45 CFR 164.514(b)(2)(i), each value random and its own.

Shapes and check digits are right, so that nothing is recognised only because it is impossible; nobody has them: names
and places are made of random syllables, hosts are `.example`.
"""

from dataclasses import dataclass
from random import Random

DIGITS = "zero one two three four five six seven eight nine".split()
MONTHS = "january february march april may june july august september october november december".split()
GIVEN = "Margaret Eleanor Theodore Vincent Rosalind Gregory Harriet Leonard Josephine Edmund".split()
ONSETS = "Br D F Gr K L M N P R S Sk St T Tr V W Z".split()
VOWELS = "a e i o u".split()
CODAS = "l m n r lk nd rn sk st rt".split()
ENDINGS = "ovich berger sson ington owski mann field".split()
VIN_CHARACTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
VIN_VALUES = (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True, slots=True)
class Identifier:
    """`category` is the letter of the law; `value` what is looked for, `told` how a note names it, `said` how a
    transcript does."""

    category: str
    value: str
    told: str
    said: str


@dataclass(frozen=True, slots=True)
class Patient:
    identifiers: tuple[Identifier, ...]

    @property
    def note(self) -> str:
        """One line with all of them, as somebody types it."""
        return " ".join(one.told for one in self.identifiers)

    @property
    def speech(self) -> str:
        """The same as a transcript has it: lower case, no punctuation, figures in words."""
        return " ".join(one.said for one in self.identifiers)

    @property
    def family(self) -> str:
        return self.identifiers[0].value.split()[-1]


def made(rng: Random) -> Patient:
    """The same state of `rng` gives the same patient."""
    given, family = rng.choice(GIVEN), _word(rng) + rng.choice(ENDINGS)
    number, street, town = rng.randint(1100, 9800), _word(rng) + "h\u00e4lt", _word(rng) + "dale"
    day, month, year = rng.randint(13, 28), rng.randint(1, 12), rng.randint(1929, 1939)
    values = {
        "A": f"{given} {family}",
        "B": f"{number} {street} Street, {town}",
        "C": f"{month:02}/{day}/{year}",
        "D": f"(312) {rng.randint(220, 989)}-{rng.randint(1200, 9899)}",
        "E": f"(415) {rng.randint(220, 989)}-{rng.randint(1200, 9899)}",
        "F": f"{given}.{family}{rng.randint(10, 99)}@mail{rng.randint(1000, 9999)}.example".lower(),
        "G": f"{rng.randint(101, 665)}-{rng.randint(11, 98)}-{rng.randint(1101, 9899)}",
        "H": f"{rng.randint(2, 9)}{_digits(rng, 9)}",
        "I": f"XKD{_digits(rng, 9)}",
        "J": f"7{_digits(rng, 11)}",
        "K": f"D{_digits(rng, 9)}",
        "L": vin(rng),
        "M": f"SN-{_code(rng, 4)}-{_digits(rng, 7)}",
        "N": f"https://portal{rng.randint(1000, 9999)}.example/p/{_code(rng, 8)}",
        "O": f"81.{rng.randint(120, 250)}.{rng.randint(120, 250)}.{rng.randint(120, 250)}",
        "P": f"vp_{_code(rng, 14).lower()}",
        "Q": f"face_{_code(rng, 10).lower()}.jpg",
        "R": f"ST-{_digits(rng, 9)}",
    }
    told = {
        "A": "Patient {},", "B": "lives at {},", "C": "born {},", "D": "phone {},", "E": "fax {},", "F": "e-mail {},",
        "G": "SSN {},", "H": "MRN {},", "I": "health plan member ID {},", "J": "account number {},",
        "K": "driver license {},", "L": "VIN {},", "M": "pacemaker serial number {},", "N": "portal {},",
        "O": "IP address {},", "P": "voiceprint ID {},", "Q": "photo {},", "R": "study subject number {}.",
    }  # fmt: skip
    said = {
        "C": f"born {MONTHS[month - 1]} {spoken(str(day))} {spoken(str(year))}",
        "F": "email " + values["F"].replace(".", " dot ").replace("@", " at "),
        "G": "social security number {}", "H": "m r n {}", "I": "member i d {}", "J": "account number {}",
        "K": "driver license {}", "D": "phone number {}", "E": "fax number {}", "A": "patient {}", "B": "lives at {}",
        "L": "v i n {}", "M": "serial number {}", "N": "portal {}", "O": "i p {}", "P": "voice print {}",
        "Q": "photo {}", "R": "study subject {}",
    }  # fmt: skip
    return Patient(
        tuple(
            Identifier(letter, value, told[letter].format(value), said[letter].format(spoken(value)))
            for letter, value in values.items()
        )
    )


def spoken(value: str) -> str:
    """As it is said figure by figure, in lower case and without punctuation."""
    words = "".join(f" {DIGITS[int(each)]} " if each.isdecimal() else each.lower() for each in value)
    return " ".join("".join(each if each.isalnum() or each == "_" else " " for each in words).split())


def vin(rng: Random) -> str:
    """17 characters whose ninth is the check digit (49 CFR 565.15)."""
    characters = [rng.choice(VIN_CHARACTERS) for _ in VIN_WEIGHTS]
    values = dict(zip(VIN_CHARACTERS, VIN_VALUES, strict=True))
    rest = sum(values[each] * weight for each, weight in zip(characters, VIN_WEIGHTS, strict=True)) % 11
    characters[8] = "X" if rest == 10 else str(rest)
    return "".join(characters)


def _word(rng: Random) -> str:
    parts = [rng.choice(options) for options in (ONSETS, VOWELS, CODAS)]
    return "".join(parts) + rng.choice(VOWELS) + rng.choice("bdgkmtvz")


def _digits(rng: Random, count: int) -> str:
    return "".join(str(rng.randint(0, 9)) for _ in range(count))


def _code(rng: Random, count: int) -> str:
    return "".join(rng.choice("ABCDEFGHJKMNPQRSTUVWXYZ23456789") for _ in range(count))
