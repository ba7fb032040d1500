"""The recognisers: an RE2 pattern that proposes, a check that decides.

RE2 searches in time linear in the text, whatever the text. It never tries again, so it cannot look around either:
what must stand beside a finding is part of the pattern, and its one group is the finding. Nothing optional at the end
of a pattern is unbounded, so no search reads on long after its match.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from functions.phi.domain import beside, checks
from functions.phi.domain.model import CHECKED, LISTED, NAMED, SHAPED

Check = Callable[[str], bool]
Beside = Callable[[str, int, int], bool]


@dataclass(frozen=True)
class Recogniser:
    """`check` gets the text of a finding and says whether it may be one; `beside` gets the text and the place in it.
    `sought`: what the prefilter looks for where the pattern is too much for it; it must match wherever the pattern does.
    """

    label: str
    score: float
    pattern: str
    check: Check | None = None
    beside: Beside | None = None
    sought: str = ""

    @cached_property
    def compiled(self) -> Any:
        import re2

        return re2.compile(self.pattern)


def some_digits(least: int) -> Check:
    return lambda text: len(checks.digits(text)) >= least


def a_code(text: str) -> bool:
    """Four figures or more; not just a year, a digest or the id that a machine gave."""
    if len(text) >= 16 and not set(text.lower()) - set("0123456789abcdef-"):
        return False
    if MACHINES.match(text) or text.partition(" ")[0] in ANNOUNCES:
        return False
    return len(checks.digits(text)) >= 4 and not (len(text) == 4 and 1850 <= int(text) <= 2150)


# What a value does not begin with: the next field's own word, or a measure.
ANNOUNCES = frozenset(
    "MRN DOB NPI DEA SSN VIN ID NO TEL FAX ACCT MR PT CPT ICD PMID NCT BMI BP HR WBC GFR LOT REF SN EXT CELL".split()
)
# Ids that machines make: `0x2c99`, `req_5e92`, and short digests in small letters.
MACHINES = re.compile(
    r"0[xX][0-9a-f]+\Z|(?:req|trace|span|evt|sess|tok|run|job|msg)[_-][0-9a-f]{6,}\Z|sha\d*:|(?=[0-9]*[a-f][0-9a-f]*[a-f])[0-9a-f]{8}\Z"
)
STANDARDS = re.compile(
    r"(?i)(?:https?://)?(?:[a-z0-9-]+\.)*(?:hl7\.org|loinc\.org|snomed\.info|w3\.org|unitsofmeasure\.org|nlm\.nih\.gov|ihe\.net|dicom\.nema\.org|"
    r"json-schema\.org|xmlsoap\.org|cloudevents\.io|opentelemetry\.io|doi\.org)(?:[/:?#]|\Z)"
)


def somebodys(text: str) -> bool:
    """An address that is not the name of a standard's namespace."""
    return not STANDARDS.match(text)


def uk_postcode(text: str) -> bool:
    """`SK4 3QP`; `T4 2ND` and `S1 3RD` are levels and ordinals."""
    return text[-3:] not in {"1ST", "2ND", "3RD"} and not text.endswith("TH")


def over_89(text: str) -> bool:
    figures = text[: 3 if text[2:3].isdigit() else 2]
    return 89 < int(figures) < 130


def days(text: str) -> bool:
    """`11/4-11/8` are days of a year; `3/5-4/5` is a strength."""
    parts = [int(one) for one in re.findall(r"\d+", text)]
    return all(0 < one < 13 for one in parts[::2]) and all(0 < one < 32 for one in parts[1::2]) and parts[3] > 5


UNCERTAIN = ("may", "mar", "march")


def capital_or_year(text: str) -> bool:
    """`may 5` and `mar 3` may be a verb or a slip; a date has a capital letter, a year, `rd` or a month's plain name."""
    if any(character.isupper() for character in text) or len(checks.digits(text)) > 4:
        return True
    month = "".join(character for character in text if character.isalpha() or character == " ").split()
    ordinal = any(text.lower().endswith(one) or f"{one} " in text.lower() for one in ("1st", "2nd", "3rd", "th"))
    return ordinal or not any(word in UNCERTAIN for word in month)


LINK = r"""(?:[\s:#=.,"'*()-]|\b(?:number|num|no|nr|id|identifier|code|is|was|of)\b){0,8}"""


def named(words: str, value: str) -> str:
    """A value that a word announces: `MRN: 12-34`, `"mrn": "1234"`, `member ID is A123`."""
    return rf"(?i)\b(?:{words}){LINK}({value})\b"


def alone(value: str) -> str:
    return rf"\b({value})\b"


NUMBERED = "[_ ]?(?:id|no|number|num|identifier|#)"
# With a figure soon, or the next word would do: `pacemaker serial number PJN-123456S`.
CODE = r"[a-z]{0,5}[-.]?\d(?:[-./]?[a-z0-9]){1,24}"
GROUPS = rf"(?:\d{{3,5}}(?: \d{{3,5}}){{1,4}}|{CODE})"
STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|"
    "PA|PR|RI|SC|SD|TN|TX|UT|VT|VA|VI|WA|WV|WI|WY"
)
LOWER_STATES = (
    "ak|az|ar|ca|ct|dc|fl|ga|ia|il|ks|ky|md|mi|mn|mo|ms|mt|nc|nd|ne|nh|nj|nm|nv|ny|ri|sc|sd|tn|tx|ut|va|vt|wa|wi|wv|wy"
)
MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    "Nov(?:ember)?|Dec(?:ember)?)"
)
DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
YEAR = r"(?:1[89]|20|21)\d\d"
FIGURES = r"\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)|\d{1,2}-\d{1,2}-\d{4}|\d{1,2}-\d{1,2}-\d\d|\d{1,2}\.\d{1,2}\.\d{4}|\d\d\.\d\d\.\d\d"
DAY_OF_MONTH = r"(?:0?[1-9]|1[0-2])[/-](?:3[01]|[12]\d|0?[1-9])"
DAY_CUE = (
    r"\b(?:on|dated?|since|until|till|from|by|before|after|seen|admitted|admit|discharged?|visit(?:ed)?|dos|dob|follow[- ]?up|f/u|"
    r"due|scheduled|returned|started|stopped|last|through|thru|appt|appointment|surgery|procedure|implanted|placed|drawn|"
    r"collected|resulted|expires?|exp|eff|effective|signed|note|visit|born)[\s:]{1,3}(?:the\s|on\s)?"
)
HOLIDAY = (
    "Christmas(?: Eve| Day)?|Thanksgiving(?: Day)?|Easter(?: Sunday| Monday)?|New Year'?s?(?: Eve| Day)?|Halloween|Independence Day|"
    "(?:the )?Fourth of July|(?:the )?4th of July|Labor Day(?: weekend)?|Memorial Day(?: weekend)?|(?:St\\.? )?Valentine'?s? Day|"
    "Mother'?s Day|Father'?s Day|Hanukkah|Chanukah|Ramadan|Eid(?: al-\\w+)?|Diwali|Passover|Veterans'? Day|Columbus Day|"
    "Presidents'? Day|(?:MLK|Martin Luther King)(?: Jr\\.?)? Day|St\\.? Patrick'?s Day|Juneteenth|Good Friday|Ash Wednesday|"
    "Yom Kippur|Rosh Hashanah|Mardi Gras|Groundhog Day|Cinco de Mayo|Kwanzaa|Palm Sunday|Lunar New Year|Chinese New Year|"
    "Boxing Day|Super Bowl Sunday|Election Day"
)
BORN = r"\d{8}|\d\d?[-/.]\d\d?[-/.]\d{2,4}"
ORDINAL = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)"
WEEKDAY = (
    r"(?:Mon|Tue|Tues|Wed|Weds|Thu|Thur|Thurs|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
)
ROMAN = "(?:I{1,3}|IV|VI{0,3}|IX|XI{0,2})"
# Not `may` and `march`, which are verbs as well.
PLAIN_MONTH = "(?:January|February|April|June|July|August|September|October|November|December)"
ISO = r"\d{4}-\d{1,2}-\d{1,2}(?:T\d\d[\d:.]{0,13}(?:Z|[-+]\d\d:?\d\d)?)?|\d{4}/\d{1,2}/\d{1,2}"
UNITS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
OLD = r"(?:[- ]?(?:years?|yrs?)[- ]?(?:of[- ]age|old|young)|[- ]?y[/.]?o)\b"
RELATIVES = "mother|father|(?:grand)?(?:mother|father|parent|ma|pa|dad|mom|son|daughter)|aunt|uncle|sister|brother|cousin|he|she|patient|pt|who|wife|husband|spouse|widow|widower|resident|veteran"
REACHED = "lived? (?:to|until|till|past)|(?:died|dead|deceased|passed(?: away)?|alive|living|lived|well|expired|death)(?: and well)?,? (?:at|to|until|till|age|aged|past)|made it to|turns?|turned|turning|reached|reaching|nearly|almost"
NINETY = "(?:ninety|(?:one|a) hundred)(?:[- ](?:and[- ])?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?"
EXTENSION = r"(?: ?(?:x|ext\.?|extension) ?\d{1,6})"
NATIONAL = r"(?:\+?\b1[-. ])?(?:\(\d{3}\) ?|\b\d{3}[-. /])\d{3}[-. ]\d{4}(?: ?(?:x|ext\.?|extension) ?\d{1,6})?"
ABROAD = r"\+\d{1,3}(?:[-. ]?\(?\d{1,5}\)?){2,5}"
CARD = r"\d{4}(?:[- ]?\d{4}){2}[- ]?\d{1,7}|\d{4}[- ]?\d{6}[- ]?\d{5}"
# BS 7666: outward and inward part; letters that the inward part never has keep `L4 5MM` out.
POSTCODE = "[A-PR-UWYZ][A-HK-Y]?[0-9][0-9A-HJKMNPR-Y]? [0-9][ABD-HJLNP-UW-Z]{2}"
NOT_IN_URL = r"""\s<>"'{}|\\^`"""
END_OF_URL = NOT_IN_URL + r".,;:!?)\]"
# Of a Medicare beneficiary identifier (CMS): letters without S L O I B Z, and those or figures.
L, E = "[AC-HJKMNP-RT-Y]", "[AC-HJKMNP-RT-Y0-9]"

ELECTRONIC = (
    Recogniser("EMAIL", CHECKED, r"(?i)([a-z0-9._%+'-]+@(?:[a-z0-9-]+\.){1,8}[a-z]{2,24})\b"),
    Recogniser("URL", CHECKED, rf"(?i)\b((?:https?|s?ftps?)://[^{NOT_IN_URL}]+[^{END_OF_URL}])", somebodys),
    Recogniser("URL", SHAPED, rf"(?i)\b((?:[a-z0-9-]+\.){{1,5}}(?:com|org|net|edu|gov|mil|health|care|info|us|io|me|app|dev|clinic|hospital)"
               rf"(?:/[^{END_OF_URL}]*)?)", somebodys, beside.no_namespace),
    Recogniser("URL", SHAPED, rf"(?i)\b(www\d?\.(?:[a-z0-9-]+\.){{1,8}}[a-z]{{2,24}}(?:/[^{END_OF_URL}]*)?)"),
    Recogniser("IP", CHECKED, alone(r"\d{1,3}(?:\.\d{1,3}){3}"), checks.address),
    Recogniser("IP", CHECKED, r"(?i)([0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?)", checks.address),
)  # fmt: skip

SOCIAL_SECURITY = (
    Recogniser("SSN", SHAPED, alone(r"\d{3}-\d\d-\d{4}|\d{3} \d\d \d{4}|\d{3}\.\d\d\.\d{4}"), checks.ssn),
    Recogniser("SSN", NAMED, named(r"ssn|soc(?:ial)? sec(?:urity)?", r"\d{3}[-. ]?\d\d[-. ]?\d{4}")),
    Recogniser("SSN", NAMED, named(r"ssn[^\w\n]*(?:ending|last (?:4|four))(?: digits)?(?: in| with)?", r"\d{4}")),
    Recogniser(
        "SSN",
        NAMED,
        r"(?i)\b(?:ssn|social(?: security)?(?: number)?)(?:\s\w+){0,3}\s(?:ends?|ending|last (?:4|four)(?: digits)?)(?:\s(?:in|with|are|is|of))?[\s:]{1,2}(\d{4})\b",
    ),
    Recogniser(
        "SSN",
        NAMED,
        r"(?i)\blast (?:4|four)(?: digits)?(?: of (?:his |her |the |their )?(?:ssn|social))?[\s:=#]{1,3}(\d{4})\b",
    ),
    Recogniser("SSN", SHAPED, r"(?i)([x*]{3}[- ]?[x*]{2}[- ]?\d{4})\b"),
)

CALLED = "phone|tel|telephone|cell|mobile|pager|beeper|call|contact|callback|reach|reached|dial|ext|home|work|text|msisdn|sms|number"

TELEPHONE = (
    # Before the telephones, whose shape it has: of two equal findings the first gives the name.
    Recogniser("FAX", SHAPED, named("fax|facsimile", rf"{NATIONAL}|{ABROAD}|1?\d{{10}}|\d{{3}}[-. ]\d{{4}}")),
    Recogniser(
        "FAX",
        NAMED,
        rf"(?i)\bfax[a-z0-9 .:=#_?&/-]{{0,30}}\b(?:to|dest)[=:\s\"]{{1,3}}({NATIONAL}|{ABROAD}|1?\d{{10}})\b",
    ),
    Recogniser("PHONE", SHAPED, rf"(?i)({NATIONAL})\b", checks.north_american),
    Recogniser("PHONE", SHAPED, rf"({ABROAD})\b", checks.international),
    # As the United Kingdom writes its own (Ofcom): 07xxx xxxxxx, 020 xxxx xxxx, 01xxx xxxxxx.
    Recogniser(
        "PHONE",
        NAMED,
        r"(?:^|[^\w.-])(\(?0(?:7\d{3}\)?[ -]?\d{6}|7\d{3}\)?[ -]\d{3}[ -]\d{3}|2\d\)?[ -]?\d{4}[ -]\d{4}|1\d{3}\)?[ -]\d{5,6}|1\d{2}\)?[ -]\d{3}[ -]\d{4}))\b",
    ),
    Recogniser("PHONE", NAMED, named(CALLED, rf"1?\d{{10}}{EXTENSION}?")),
    Recogniser("PHONE", NAMED, named(CALLED, r"\d{3}[-. ]\d{4}")),
    Recogniser("PHONE", NAMED, named("pager|beeper|ext|extension|desk|vocera", r"\d[-. ]\d{4}|\d{4,6}")),
    Recogniser("PHONE", NAMED, rf"(?i)\b(1?[2-9]\d{{2}}\d{{7}}{EXTENSION})\b"),
    Recogniser("PHONE", NAMED, alone(r"1?[2-9]\d{2}[2-9]\d{6}"), None, beside.apart),
    Recogniser("PHONE", NAMED, alone(r"[2-9]\d{2}-\d{4}"), None, beside.no_quantity),
    Recogniser("PHONE", NAMED, rf"({NATIONAL})\b"),
)

TIME = (
    Recogniser("DATE", CHECKED, alone(ISO), checks.figures_date),
    Recogniser("DATE", CHECKED, alone(FIGURES), checks.figures_date, beside.no_doses),
    Recogniser("DATE", SHAPED, rf"(?i)\b({MONTH}\.?\s{{1,2}}{DAY}(?:,?\s{{1,2}}{YEAR})?)\b", capital_or_year),
    Recogniser("DATE", SHAPED, rf"(?i)\b({DAY}(?:\.| of)?[-\s]{MONTH}\.?(?:,?[-\s]{YEAR})?)\b", capital_or_year),
    Recogniser("DATE", SHAPED, rf"(?i)\b({MONTH}\.?,?(?: of)?\s{YEAR})\b"),
    Recogniser("DATE", SHAPED, rf"(?i)\b({MONTH}[-/.](?:3[01]|[12]\d|0?[1-9])[-/.](?:{YEAR}|\d\d))\b"),
    Recogniser("DATE", SHAPED, rf"\b((?:3[01]|[12]\d|0?[1-9])(?:\.\s?{ROMAN}\.\s?|[-/ ]{ROMAN}[-/ ])(?:{YEAR}|\d\d))\b"),
    Recogniser("DATE", NAMED, rf"(?i){DAY_CUE}(\d{{1,2}}\.(?:0?[1-9]|1[0-2])\.)(?:[\s,;)]|$)"),
    Recogniser("DATE", NAMED, r"\b(\d{1,2}/\d{1,2} ?[-–] ?\d{1,2}/\d{1,2})\b", days, beside.no_score),
    Recogniser("DATE", NAMED, rf"\b(?:week|end|beginning|middle|start|rest|month) of ({PLAIN_MONTH}|March|May)\b"),
    # A weekday and its day are one date: `Wed, 19 Feb`, `Mon 6/2`, `Friday the 2nd`.
    Recogniser("DATE", SHAPED, rf"(?i)\b({WEEKDAY}\.?,?\s{{1,2}}(?:the\s)?(?:{MONTH}\.?\s{DAY}|{DAY}(?: of)?[-\s]{MONTH}|{DAY_OF_MONTH}|{ORDINAL})(?:[,/]?\s?{YEAR}|/\d\d)?)\b"),
    Recogniser("DATE", NAMED, rf"(?i)\b(?:on|until|till|since|by|from|before|after|due|through|thru|starting|for|to)\sthe\s({ORDINAL})\b", None, beside.no_ordinal),
    Recogniser("DATE", NAMED, rf"\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Tt]ill|[Bb]y|[Ll]ast|[Ff]rom|[Ee]arly|[Ll]ate|[Mm]id)[\s-]({PLAIN_MONTH}|(?-i:March))\b", None, beside.no_name),
    Recogniser("DATE", NAMED, r"(?i)\b(?:since|until|till|last|from)\s(january|february|september|october|november|december)\b"),
    Recogniser("DATE", SHAPED, rf"(?i)\b({MONTH}\.?\s(?:{DAY},?\s)?['’]\d\d)\b"),
    Recogniser("DATE", SHAPED, alone(r"(?:0?[1-9]|1[0-2])/(?:19|20)\d\d|(?:19|20)\d\d-(?:0[1-9]|1[0-2])"), None, beside.no_quantity),
    Recogniser("DATE", NAMED, rf"(?i){DAY_CUE}({DAY_OF_MONTH})\b", None, beside.no_score),
    Recogniser("DATE", NAMED, rf"(?i){DAY_CUE}((?:3[01]|2\d|1[3-9])/(?:0?[1-9]|1[0-2]))\b", None, beside.no_score),
    Recogniser("DATE", LISTED, alone(r"(?:0?[1-9]|1[0-2])/(?:3[01]|[12]\d|0?[1-9])"), None, beside.no_fraction),
    Recogniser("DATE", SHAPED, rf"(?i)\b((?:3[01]|[12]\d|0?[1-9])-?{MONTH}-?(?:{YEAR}|\d\d))\b"),
    Recogniser("DATE", NAMED, rf"(?i)\b({HOLIDAY})\b"),
    Recogniser("DATE", NAMED, named(r"dob|date of birth|birth ?date|born|d\.o\.b", BORN)),
    Recogniser("AGE90", NAMED, rf"(?i)\b(\d{{2,3}}{OLD})", over_89),
    Recogniser("AGE90", NAMED, r"\b((?:9\d|1[0-2]\d)[- ]?(?:[MF]|male|female|yo|y\.o\.))\b", over_89),
    Recogniser("AGE90", NAMED, r"""(?i)\b(?:aged?(?: ?[/&] ?(?:sex|gender|race))?(?: at [a-z]{3,12})?(?:[_ ]?\(?(?:years?|yrs?|y)\)?)?|age is|age of|turns|turned|turning)[\s:="']{1,3}(\d{2,3})\b""", over_89),
    Recogniser("AGE90", NAMED, rf"(?i)\b((?:ninety|(?:one|a) hundred)(?:[- ](?:and[- ])?(?:{UNITS}))?{OLD})"),
    Recogniser("AGE90", NAMED, r"(?i)\b(?:died|dead|deceased|passed(?: away)?|alive|living|lived|well|expired|death)(?: and well)?,? (?:at|to|until|age|aged|past)(?: the)?(?: age)?(?: of)? ((?:9\d|1[01]\d)(?: (?:years|yrs)(?: old| of age)?)?)\b", None, beside.no_unit),
    Recogniser("AGE90", NAMED, r"(?i)\b(?:mother|father|grandmother|grandfather|grandma|grandpa|aunt|uncle|he|she|patient|pt|who|wife|husband)(?: is|'s)(?: now| currently| nearly| almost| only)? (9\d|1[01]\d)\b", None, beside.no_quantity),
    Recogniser("AGE90", NAMED, r"(?i)\b((?:9\d|1[01]\d)(?: ?y|[- ]?yof?|[- ]?yom|yrs?))\b"),
    Recogniser("AGE90", NAMED, r"(?i)\b(?:man|woman|lady|gentleman|male|female|widow|widower|person) (?:of|aged) (9\d|1[01]\d)\b", None, beside.no_unit),
    Recogniser("AGE90", NAMED, rf"(?i)\b(?:{RELATIVES})(?: is|'s| was)(?: now| currently| nearly| almost| only)? ((?:9\d|1[01]\d) (?:years|yrs|yr))\b"),
    Recogniser("AGE90", NAMED, rf"(?i)\b(?:{REACHED})(?: the)?(?: age)?(?: of)? ({NINETY})\b", None, beside.no_unit),
    Recogniser("AGE90", NAMED, rf"(?i)\baged?:? ({NINETY})\b", None, beside.no_unit),
    Recogniser("AGE90", NAMED, r"(?i)\b(?:her|his|their) ((?:(?:early|mid|late)[- ]?)?(?:nineties|90'?s))\b"),
    Recogniser("AGE90", NAMED, r"(?i)\b((?:super-?)?centenarian|nonagenarian)\b"),
    Recogniser("AGE90", NAMED, r"(?i)\b(\d{2,3})(?:st|nd|rd|th) birthday\b", over_89),
)  # fmt: skip

PLACE = (
    Recogniser("GEO", NAMED, rf"\b(?:{STATES})['\"]?[,.]?\s{{1,2}}['\"]?(\d{{5}}(?:-\d{{4}})?)\b"),
    Recogniser("GEO", NAMED, rf"\b(?:{LOWER_STATES})[,.]?\s{{1,2}}(\d{{5}}(?:-\d{{4}})?)\b"),
    Recogniser("GEO", NAMED, named("zip(?: ?code)?|postal code", r"\d{5}(?:-\d{4})?")),
    Recogniser("GEO", SHAPED, alone(r"\d{5}-\d{4}")),
    Recogniser("GEO", SHAPED, alone(rf"{POSTCODE}"), uk_postcode),
    # Canada Post: no D F I O Q U, and W Z not first.
    Recogniser("GEO", NAMED, alone("[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][ -][0-9][ABCEGHJ-NPRSTV-Z][0-9]")),
)

RECOGNISERS = (*ELECTRONIC, *SOCIAL_SECURITY, *TELEPHONE, *TIME, *PLACE)
