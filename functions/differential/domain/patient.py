"""Age, sex and onset out of a text: "68-year-old man, since this morning", "32F, sudden"."""

import re

from functions.differential.domain.model import OLDEST, Ages, Onset, Patient, Sex
from voiceassist.core.text import folded

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
_UNITS += "sixteen seventeen eighteen nineteen".split()
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_TENS_WORDS = "|".join(_TENS)
_UNIT_WORDS = "|".join(sorted(_UNITS, key=len, reverse=True))
_DIGITS = "|".join(_UNITS[1:10])
_YEARS = {"y": 1.0, "m": 1 / 12, "w": 1 / 52, "d": 1 / 365}
_AGED = re.compile(
    r"\b(?P<n>\d{1,3})[ -]*(?P<unit>years?|yrs?|y|months?|mo|weeks?|wks?|days?)[ -]*(?:old\b|/? ?o\b"
    r"|(?=(?:man|woman|male|female|boy|girl)\b))"
    r"|\b(?:aged?|age is|age of|age:)\s*(?P<aged>\d{1,3})\b"
    r"|\b(?P<short>\d{1,3}) ?(?:yo|y/o|yom|yof)\b"
    r"|\b(?P<letter>\d{1,3}) ?(?:m|f)\b(?!\w)"
    r"|(?:^|[.;,?] ?)(?:(?:he|she|it) is |the patient is )?(?P<bare>\d{1,3})"
    r"(?=\s*(?:$|[.,;]|(?:and )?(?:an? )?(?:male|female|man|woman|years?)\b))"
)
_DECADE = re.compile(r"\bin (?:his|her|their|the) (?:early |mid |late )?(?P<decade>[2-9]0)s\b")
_GROUPS: tuple[tuple[str, Ages], ...] = (
    (r"newborn|neonate", Ages(0, 0.1)),
    (r"infant|baby", Ages(0, 1)),
    (r"toddler", Ages(1, 3)),
    (r"teenager|teenage|adolescent", Ages(12, 19)),
    (r"child|kid|little (?:boy|girl)", Ages(1, 15)),
    (r"young (?:man|woman|adult|male|female|lady)", Ages(18, 35)),
    (r"middle[ -]aged", Ages(40, 60)),
    (r"elderly|old (?:man|woman|lady|gentleman)|geriatric", Ages(70, OLDEST)),
    (r"(?:an? |the )?adult", Ages(18, OLDEST)),
)
_SEXES: tuple[tuple[Sex, str, str], ...] = (
    ("male", r"man|male|gentleman|boy|father-to-be", r"he|his|him|himself"),
    ("female", r"woman|female|lady|girl|pregnant|postpartum|postmenopausal", r"she|her|hers|herself"),
)
_SEX_LETTER = re.compile(r"\b\d{1,3} ?(?:yo|y/o|y|yrs?|years?)? ?(?P<letter>m|f)\b(?!\w)|\byo(?P<joined>m|f)\b")
_SUDDEN = re.compile(
    r"\b(?:sudden(?:ly)?|abrupt(?:ly)?|thunderclap|instant(?:ly)?|(?:in|within) seconds|out of the blue)\b"
)
_FOR = r"(?:for|since|over|the last|the past|last|past)"
_SOME = r"(?:a few |the few |few |several |couple of |a couple of |many )"
_PARTS_OF_DAY = r"(?:morning|afternoon|evening|noon)"
_WORDS_OF_ONSET: tuple[tuple[Onset, str], ...] = (
    ("acute", rf"since (?:yesterday|today|this {_PARTS_OF_DAY}|last night|midnight|breakfast|lunch|dinner)"),
    ("acute", rf"this {_PARTS_OF_DAY}|tonight|today|yesterday|last night|overnight|just now|acute(?:ly)?"),
    ("acute", rf"{_FOR} (?:a |the )?{_SOME}?(?:minutes|hours?|days?)"),
    ("acute", rf"{_SOME}(?:minutes|hours?|days?) ago|{_FOR} (?:last |a |the )?week\b"),
    ("subacute", rf"{_FOR} (?:a |the )?{_SOME}?(?:weeks|month)\b|subacute(?:ly)?"),
    ("chronic", rf"{_FOR} (?:the )?{_SOME}?(?:months|years?)\b"),
    ("chronic", r"chronic(?:ally)?|long[ -]?standing|all (?:his|her|my) life|since childhood"),
)
_GRADUAL = re.compile(r"\b(?:gradual(?:ly)?|insidious(?:ly)?|slowly progressive|progressive(?:ly)?)\b")
_LASTED = re.compile(
    r"(?<!lasting )(?<!lasted )(?<!lasts )(?<!last )(?<!after )(?<!every )(?<!within )(?<!than )(?<!under )(?<!about )"
    r"\b(?P<n>\d{1,3}(?:\.\d)?)[ -](?P<unit>minute|hour|day|week|month|year)s?\b"
    r"(?! ?-?(?:old|pregnant|of gestation|gestation|postpartum|after (?:birth|delivery|surgery)|pack|apart|since last))"
)
_DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0, "year": 365.0}


def patient_of(text: str) -> Patient:
    plain = _figures(folded(text))
    return Patient(_age(plain), _sex(plain), _onset(plain))


def _figures(text: str) -> str:
    """Numbers that are spoken as words, in figures: "sixty-eight" is 68, "sixties" 60s, "for a year" for 1 year."""
    text = re.sub(r"\b(for|since|over|past|last|about) an? (?=(?:minute|hour|day|week|month|year)\b)", r"\1 1 ", text)
    text = re.sub(rf"\b({_TENS_WORDS})(?:[ -]({_DIGITS}))?\b", _spelled, text)
    text = re.sub(r"\b(\w+t)ies\b", _decade, text)
    return re.sub(rf"\b({_UNIT_WORDS})\b", lambda word: str(_UNITS.index(word[1])), text)


def _decade(found: re.Match[str]) -> str:
    tens = _TENS.get(f"{found[1]}y")
    return f"{tens}s" if tens else found[0]


def _spelled(found: re.Match[str]) -> str:
    return str(_TENS[found[1]] + (_UNITS.index(found[2]) if found[2] else 0))


def _age(text: str) -> Ages | None:
    for found in _AGED.finditer(text):
        number = next(int(one) for one in found.group("n", "aged", "short", "letter", "bare") if one)
        years = number * (_YEARS[found["unit"][0]] if found["unit"] else 1.0)
        if years <= OLDEST:
            return Ages(years, years)
    decade = _DECADE.search(text)
    if decade:
        return Ages(float(decade["decade"]), float(decade["decade"]) + 9)
    return next((ages for words, ages in _GROUPS if re.search(rf"\b(?:{words})\b", text)), None)


def _sex(text: str) -> Sex | None:
    """By a noun, else by the letter behind an age, else by a pronoun; the first one that is said."""
    for place in (1, 2):
        said = [(found.start(), one[0]) for one in _SEXES if (found := re.search(rf"\b(?:{one[place]})\b", text))]
        if said:
            return min(said)[1]
        letter = _SEX_LETTER.search(text)
        if letter and place == 1:
            return "male" if "m" in letter.groups() else "female"
    return None


def _onset(text: str) -> frozenset[Onset]:
    found: set[Onset] = {"sudden"} if _SUDDEN.search(text) else set()
    found |= {onset for onset, words in _WORDS_OF_ONSET if re.search(rf"\b(?:{words})", text)}
    for lasted in _LASTED.finditer(text):
        found |= _course(float(lasted["n"]) * _DAYS[lasted["unit"]])
    if not found and _GRADUAL.search(text):
        found = {"subacute", "chronic"}
    return frozenset(found)


def _course(days: float) -> set[Onset]:
    """Acute up to two weeks, subacute up to twelve or thirteen, then chronic; what is on a border is both."""
    classes: set[Onset] = set()
    if days <= 14:
        classes.add("acute")
    if 14 <= days <= 90:
        classes.add("subacute")
    if days >= 84:
        classes.add("chronic")
    return classes
