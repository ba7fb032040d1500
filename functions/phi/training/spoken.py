"""How numbers, letters and written text are said, as a speech recogniser writes them down: lower case, no signs."""

import re
from random import Random

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
MONTHS = "january february march april may june july august september october november december".split()
ORDINALS = (
    "_ first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
# What recognisers write for the names of letters, sound for sound.
LETTERS = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "eff", "g": "gee", "h": "aitch", "i": "eye",
    "j": "jay", "k": "kay", "l": "el", "m": "em", "n": "en", "o": "oh", "p": "pee", "q": "cue", "r": "are",
    "s": "ess", "t": "tee", "u": "you", "v": "vee", "w": "double you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip
OTHER_LETTERS = {
    "a": "hey", "b": "be", "c": "cee", "e": "e", "f": "ef", "h": "h", "i": "i", "k": "k", "l": "ell", "o": "o",
    "p": "pea", "q": "queue", "s": "es", "t": "tea", "u": "u", "w": "w", "x": "x", "y": "y", "z": "zed",
}  # fmt: skip
NATO = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey xray yankee zulu"
).split()
AS_IN = (
    "apple boy cat dog edward frank george henry ice john king larry mary nancy ocean peter queen robert sam tom "
    "umbrella victor william xray yellow zebra"
).split()
UNITS = {
    "mg": "milligrams", "mcg": "micrograms", "g": "grams", "kg": "kilograms", "ml": "milliliters", "l": "liters",
    "cm": "centimeters", "mm": "millimeters", "hr": "hour", "hrs": "hours", "min": "minutes", "meq": "milliequivalents",
    "pt": "patient", "pts": "patients", "hx": "history", "dx": "diagnosis", "rx": "prescription", "tx": "treatment",
    "bp": "blood pressure", "hr.": "heart rate", "dr": "doctor", "mr": "mister", "mrs": "misses", "ms": "miss",
    "st": "saint", "mt": "mount", "vs": "versus", "yo": "year old",
    "q6h": "every six hours", "q8h": "every eight hours", "q12h": "every twelve hours", "bid": "twice a day",
    "tid": "three times a day", "qid": "four times a day", "prn": "as needed", "po": "by mouth", "iv": "i v",
    "mrn": "m r n", "ssn": "s s n", "dob": "d o b", "a1c": "a one c", "inr": "i n r", "egfr": "e g f r",
}  # fmt: skip


def cardinal(number: int) -> str:
    """`1204` as `one thousand two hundred four`."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f" {ONES[number % 10]}" if number % 10 else "")
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            return f"{cardinal(number // size)} {name}" + (f" {cardinal(rest)}" if rest else "")
    raise AssertionError


def ordinal(number: int) -> str:
    if number <= 20:
        return ORDINALS[number]
    if number % 10 == 0:
        return TENS[number // 10][:-1] + "ieth"
    return f"{TENS[number // 10]} {ORDINALS[number % 10]}"


def year(rng: Random, value: int) -> str:
    high, low = divmod(value, 100)
    if high == 20 and low < 10:
        return f"two thousand {ONES[low]}" if low else "two thousand"
    if high == 20 and rng.random() < 0.25:
        return f"two thousand {cardinal(low)}"
    if low == 0:
        return f"{cardinal(high)} hundred"
    tail = f"oh {ONES[low]}" if low < 10 else cardinal(low)
    return f"{cardinal(high)} {tail}"


def digits(rng: Random, text: str, style: int | None = None) -> str:
    """Figures one by one, in pairs, or with `double` and `triple`; one style throughout, as people do."""
    zero = rng.choice(("zero", "zero", "oh", "o"))
    one = [zero if figure == "0" else ONES[int(figure)] for figure in text]
    style = rng.choice((0, 0, 0, 1, 1, 2)) if style is None else style
    if style == 0:
        return " ".join(one)
    words: list[str] = []
    at = 0
    while at < len(text):
        two = text[at : at + 2]
        run = len(text[at:]) - len(text[at:].lstrip(text[at]))
        if style == 2 and run >= 2:
            words.append(f"{'triple' if run >= 3 else 'double'} {one[at]}")
            at += min(run, 3)
        elif style == 1 and len(two) == 2 and two[0] != "0":
            words.append(cardinal(int(two)))
            at += 2
        else:
            words.append(one[at])
            at += 1
    return " ".join(words)


def letters(rng: Random, text: str, style: int | None = None) -> str:
    """Letters by name, as single letters, by the NATO words, or `b as in boy`."""
    style = rng.choice((0, 0, 1, 1, 1, 2, 3)) if style is None else style
    out = []
    for letter in text.lower():
        if not "a" <= letter <= "z":
            continue
        place = ord(letter) - 97
        if style == 0:
            out.append(OTHER_LETTERS.get(letter, LETTERS[letter]) if rng.random() < 0.15 else LETTERS[letter])
        elif style == 1:
            out.append(letter)
        elif style == 2:
            out.append(NATO[place])
        else:
            out.append(f"{letter} {rng.choice(('as in', 'as in', 'like', 'for'))} {AS_IN[place]}")
    return " ".join(out)


def code(rng: Random, text: str) -> str:
    """An identifier of letters, figures and signs: `MR-4417` as `em are dash forty four seventeen`."""
    words = []
    dashes = rng.random() < 0.35
    dot = rng.choice(("dot", "dot", "point"))
    style, naming = rng.choice((0, 0, 0, 1, 1, 2)), rng.choice((0, 0, 1, 2))
    for run in re.findall(r"[A-Za-z]+|\d+|[^A-Za-z\d\s]", text):
        if run.isdigit():
            words.append(digits(rng, run, style))
        elif run.isalpha():
            words.append(letters(rng, run, naming))
        elif run == "." or (run in "-:/" and dashes):
            words.append({"-": rng.choice(("dash", "dash", "hyphen")), ":": "colon", "/": "slash", ".": dot}[run])
    return " ".join(words)


SLASHED = {"s/p": "status post", "w/o": "without", "w/": "with ", "h/o": "history of", "c/o": "complains of"}
AFTER_FIGURES = frozenset("g l".split())  # elsewhere they are letters, as in `v l p`


def plain(text: str) -> str:
    """Written words as said: `78 yo on 5 mg BID` as `seventy eight year old on five milligrams twice a day`."""
    words: list[str] = []
    text = text.lower()
    for written, said in SLASHED.items():
        text = text.replace(written, said)
    figures = False
    for token in re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)?|[%+]", text.replace("-", " ")):
        if token[0].isdigit():
            whole, _, part = token.partition(".")
            words.append(cardinal(int(whole)) if len(whole) <= 7 else " ".join(ONES[int(f)] for f in whole))
            if part:
                words.append("point " + " ".join(ONES[int(figure)] for figure in part))
        elif token in AFTER_FIGURES and not figures:
            words.append(token)
        else:
            words.append({"%": "percent", "+": "plus"}.get(token) or UNITS.get(token, token))
        figures = token[0].isdigit()
    return " ".join(words)
