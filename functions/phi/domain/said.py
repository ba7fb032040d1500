"""What single tokens say as figures or letters, for looking up something that is known; a guess harms nothing there.

The grammar of spoken numbers that nobody knows beforehand is in spoken_numbers.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

UNITS = {word: str(number) for number, word in enumerate("zero one two three four five six seven eight nine".split())}
UNITS |= {"oh": "0", "o": "0", "nought": "0", "niner": "9"}
TEENS = {
    word: str(number)
    for number, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 10
    )
}
TENS = {word: number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
ORDINALS = {
    word: str(number)
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
} | {"thirtieth": "30"}
MONTHS = {
    form: str(number)
    for number, month in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
    for form in (month, month[:3])
} | {"sept": "9"}
LINKS = frozenset({"of", "the", "and"})
TIMES = {"double": 2, "triple": 3}
ALPHABET = {
    word: word[0]
    for word in "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu".split()
}
_ENDINGS = ("st", "nd", "rd", "th")


def figures(keys: Sequence[str]) -> list[str | None]:
    """What each token adds to a number: its figures or letters, nothing (`double`), or None where it is no part of one."""
    said: list[str | None] = []
    times = 1
    for index, key in enumerate(keys):
        if key in LINKS:
            said.append(None)
            continue
        following = next((one for one in keys[index + 1 : index + 3] if one not in LINKS), "")
        if key in TIMES and (following in UNITS or (following.isdigit() and len(following) == 1)):
            times = TIMES[key]
            said.append("")
            continue
        one = _figure(key, following, before=said[-1] if said else None)
        said.append(one * times if one is not None else None)
        times = 1
    return said


def _figure(key: str, following: str, *, before: str | None) -> str | None:
    for table in (UNITS, TEENS, ORDINALS, MONTHS):
        if key in table:
            return table[key]
    if key in TENS:
        unit = following in UNITS or (following in ORDINALS and len(ORDINALS[following]) == 1)
        return str(TENS[key]) if unit and UNITS.get(following) != "0" else f"{TENS[key]}0"
    if key == "hundred":
        return "00" if before else None
    if key == "thousand":  # two thousand three is a year
        return (
            ("00" if following in UNITS else "0" if following in TEENS or following in TENS else "000")
            if before
            else None
        )
    if key[:-2].isdigit() and key.endswith(_ENDINGS):
        return key[:-2]
    return key if key.isalnum() else None


@dataclass(frozen=True, slots=True)
class Spelled:
    """`tokens` of the text say `letter`, which is written more than once behind `double`."""

    letter: str
    tokens: int


def letters(keys: Sequence[str]) -> list[Spelled | None]:
    """What begins at each token as letters that are said one by one; None where nothing does."""
    said: list[Spelled | None] = []
    for index, key in enumerate(keys):
        times = TIMES.get(key, 1)
        at = index + (times > 1)
        letter = _letter(keys[at]) if at < len(keys) else ""
        if not letter:
            said.append(Spelled("", 1) if key in "-." else None)
            continue
        like = list(keys[at + 1 : at + 3]) == ["as", "in"] and at + 3 < len(keys)
        said.append(Spelled(letter * times, at - index + (4 if like else 1)))
    return said


def _letter(key: str) -> str:
    return key if len(key) == 1 and key.isalpha() else ALPHABET.get(key, "")
