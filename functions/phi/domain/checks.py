"""Check digits and calendars: whether a candidate can be what it looks like."""

import ipaddress
import re

MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), start=1
    )
    for name in names.split()
}  # fmt: skip
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for position, character in enumerate(reversed(number)):
        value = int(character) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def payment_card(text: str) -> bool:
    number = digits(text)
    return 13 <= len(number) <= 19 and number[0] in "3456" and len(set(number)) > 1 and luhn(number)


def iban(text: str) -> bool:
    """ISO 13616: moved and read as a number, it leaves 1 modulo 97."""
    told = text.replace(" ", "").upper()
    moved = told[4:] + told[:4]
    return 15 <= len(told) <= 34 and int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def npi(text: str) -> bool:
    """National Provider Identifier: Luhn with the prefix 80840 (45 CFR 162.406)."""
    number = digits(text)
    return len(number) == 10 and number[0] in "12" and luhn("80840" + number)


def dea(text: str) -> bool:
    """DEA registration: the last digit is that of (d1 + d3 + d5) + 2 (d2 + d4 + d6)."""
    number = [int(character) for character in text[-7:]]
    return (sum(number[0:6:2]) + 2 * sum(number[1:6:2])) % 10 == number[6]


def vin(text: str) -> bool:
    """49 CFR 565.15: the ninth place is the weighted sum modulo 11, X for 10."""
    told = text.upper()
    if len(told) != 17 or told.isdigit() or not VIN_VALUES.keys() >= set(told):
        return False
    remainder = sum(VIN_VALUES[letter] * weight for letter, weight in zip(told, VIN_WEIGHTS, strict=True)) % 11
    return told[8] == ("X" if remainder == 10 else str(remainder))


def ssn(text: str) -> bool:
    """Never issued: area 000, 666, 9xx, group 00, serial 0000 (SSA, POMS RM 10201.035)."""
    number = digits(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    return len(number) == 9 and area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"


def north_american(text: str) -> bool:
    """Area code and exchange begin with 2 to 9 (North American Numbering Plan)."""
    number = re.split(r"[a-z]", text.lower(), maxsplit=1)[0]  # without an extension
    national = digits(number).removeprefix("1") if len(digits(number)) == 11 else digits(number)
    return len(national) == 10 and national[0] in "23456789" and national[3] in "23456789"


def international(text: str) -> bool:
    """ITU-T E.164: at most 15 digits; fewer than 8 are hardly a number with its country."""
    return 8 <= len(digits(text)) <= 15


def address(text: str) -> bool:
    """An IP address; `::` and names such as `a::b` are too little to say so."""
    try:
        told = ipaddress.ip_address(text)
    except ValueError:
        return False
    if told.is_loopback or told.is_unspecified:
        return False  # every machine has them
    return any(character in "0123456789" for character in text)


def calendar(year: str, month: str, day: str) -> bool:
    """A day that some year has; two figures of a year say nothing about it."""
    number = MONTHS.get(month.lower(), 0) if month.isalpha() else int(month)
    return 1 <= number <= 12 and 1 <= int(day) <= DAYS[number - 1] and (len(year) != 4 or 1850 <= int(year) <= 2150)


def figures_date(text: str) -> bool:
    """2024-03-07 (also with a time), 3/7/2024, 07.03.24: year first, or month and day in either order."""
    parts = re.split(r"[-/.]", text.partition("T")[0])
    if len(parts[0]) == 4:
        return calendar(*parts)
    first, second, year = parts
    return calendar(year, first, second) or calendar(year, second, first)
