"""The recognisers: an RE2 pattern that proposes, a check that decides.

RE2 searches in time linear in the text, whatever the text. It never tries again, so it cannot look around either:
what must stand beside a finding is part of the pattern, and its one group is the finding. Nothing optional at the end
of a pattern is unbounded, so no search reads on long after its match.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from functions.phi.domain import checks
from functions.phi.domain.model import CHECKED, NAMED, SHAPED

Check = Callable[[str], bool]


@dataclass(frozen=True)
class Recogniser:
    """`check` gets the text of a finding and says whether it may be one."""

    label: str
    score: float
    pattern: str
    check: Check | None = None

    @cached_property
    def compiled(self) -> Any:
        import re2

        return re2.compile(self.pattern)


def some_digits(least: int) -> Check:
    return lambda text: len(checks.digits(text)) >= least


def a_code(text: str) -> bool:
    """Four figures or more, and not just a year."""
    return len(checks.digits(text)) >= 4 and not (len(text) == 4 and 1850 <= int(text) <= 2150)


def over_89(text: str) -> bool:
    return 89 < int(text) < 130


def capital_or_year(text: str) -> bool:
    """`may 5` and `mar 3` may be a verb or a slip; a date has a capital letter or a year."""
    return any(character.isupper() for character in text) or len(checks.digits(text)) > 4


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
MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    "Nov(?:ember)?|Dec(?:ember)?)"
)
DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
YEAR = r"(?:1[89]|20|21)\d\d"
FIGURES = (
    r"\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)|\d{1,2}-\d{1,2}-\d{4}|\d\d-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}|\d\d\.\d\d\.\d\d"
)
BORN = r"\d{8}|\d\d?[-/.]\d\d?[-/.]\d{2,4}"
ISO = r"\d{4}-\d{1,2}-\d{1,2}(?:T\d\d[\d:.]{0,13}(?:Z|[-+]\d\d:?\d\d)?)?|\d{4}/\d{1,2}/\d{1,2}"
UNITS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
OLD = r"(?:[- ]?(?:years?|yrs?)[- ]?(?:of[- ]age|old)|[- ]?y[/.]?o)\b"
NATIONAL = r"(?:\+?\b1[-. ])?(?:\(\d{3}\) ?|\b\d{3}[-. /])\d{3}[-. ]\d{4}(?: ?(?:x|ext\.?|extension) ?\d{1,6})?"
ABROAD = r"\+\d{1,3}(?:[-. ]?\(?\d{1,5}\)?){2,5}"
CARD = r"\d{4}(?:[- ]?\d{4}){2}[- ]?\d{1,7}|\d{4}[- ]?\d{6}[- ]?\d{5}"
NOT_IN_URL = r"""\s<>"'{}|\\^`"""
END_OF_URL = NOT_IN_URL + r".,;:!?)\]"
# Of a Medicare beneficiary identifier (CMS): letters without S L O I B Z, and those or figures.
L, E = "[AC-HJKMNP-RT-Y]", "[AC-HJKMNP-RT-Y0-9]"

ELECTRONIC = (
    Recogniser("EMAIL", CHECKED, r"(?i)([a-z0-9._%+'-]+@(?:[a-z0-9-]+\.){1,8}[a-z]{2,24})\b"),
    Recogniser("URL", CHECKED, rf"(?i)\b((?:https?|s?ftps?)://[^{NOT_IN_URL}]+[^{END_OF_URL}])"),
    Recogniser("URL", SHAPED, rf"(?i)\b(www\d?\.(?:[a-z0-9-]+\.){{1,8}}[a-z]{{2,24}}(?:/[^{END_OF_URL}]*)?)"),
    Recogniser("IP", CHECKED, alone(r"\d{1,3}(?:\.\d{1,3}){3}"), checks.address),
    Recogniser("IP", CHECKED, r"(?i)([0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?)", checks.address),
)  # fmt: skip

SOCIAL_SECURITY = (
    Recogniser("SSN", SHAPED, alone(r"\d{3}-\d\d-\d{4}|\d{3} \d\d \d{4}|\d{3}\.\d\d\.\d{4}"), checks.ssn),
    Recogniser("SSN", NAMED, named(r"ssn|soc(?:ial)? sec(?:urity)?", r"\d{3}[-. ]?\d\d[-. ]?\d{4}")),
    Recogniser("SSN", NAMED, named(r"ssn[^\w\n]*(?:ending|last (?:4|four))(?: digits)?(?: in| with)?", r"\d{4}")),
    Recogniser("SSN", SHAPED, r"(?i)(?:[x*]{3}-[x*]{2})-(\d{4})\b"),
)

TELEPHONE = (
    # Before the telephones, whose shape it has: of two equal findings the first gives the name.
    Recogniser("FAX", SHAPED, named("fax|facsimile", rf"{NATIONAL}|{ABROAD}|1?\d{{10}}|\d{{3}}[-. ]\d{{4}}")),
    Recogniser("PHONE", SHAPED, rf"(?i)({NATIONAL})\b", checks.north_american),
    Recogniser("PHONE", SHAPED, rf"({ABROAD})\b", checks.international),
    Recogniser("PHONE", NAMED, named("phone|tel|cell|mobile|pager|call|contact", r"1?\d{10}"), checks.north_american),
    Recogniser("PHONE", NAMED, named("phone|tel|cell|mobile|pager|call", r"\d{3}[-. ]\d{4}")),
)

TIME = (
    Recogniser("DATE", CHECKED, alone(ISO), checks.figures_date),
    Recogniser("DATE", CHECKED, alone(FIGURES), checks.figures_date),
    Recogniser("DATE", SHAPED, rf"(?i)\b({MONTH}\.?\s{{1,2}}{DAY}(?:,?\s{{1,2}}{YEAR})?)\b", capital_or_year),
    Recogniser("DATE", SHAPED, rf"(?i)\b({DAY}(?: of)?[-\s]{MONTH}\.?(?:,?[-\s]{YEAR})?)\b", capital_or_year),
    Recogniser("DATE", SHAPED, rf"(?i)\b({MONTH}\.?,?(?: of)?\s{YEAR})\b"),
    Recogniser("DATE", NAMED, named(r"dob|date of birth|birth ?date|born|d\.o\.b", BORN)),
    Recogniser("AGE90", NAMED, rf"(?i)\b(\d{{2,3}}){OLD}", over_89),
    Recogniser("AGE90", NAMED, r"""(?i)\b(?:aged?|age is)[\s:="']{1,3}(\d{2,3})\b""", over_89),
    Recogniser("AGE90", NAMED, rf"(?i)\b((?:ninety|(?:one|a) hundred)(?:[- ](?:and[- ])?(?:{UNITS}))?){OLD}"),
)  # fmt: skip

PLACE = (
    Recogniser("ZIP", NAMED, rf"\b(?:{STATES})[,.]?\s{{1,2}}(\d{{5}}(?:-\d{{4}})?)\b"),
    Recogniser("ZIP", NAMED, named("zip(?: ?code)?|postal code", r"\d{5}(?:-\d{4})?")),
    Recogniser("ZIP", SHAPED, alone(r"\d{5}-\d{4}")),
)

RECORD = rf"mrn|mr ?#|med(?:ical)?[ -]?rec(?:ord)?s?|chart{NUMBERED}|(?:patient|hospital|unit){NUMBERED}"
MEMBER = rf"(?:member|subscriber|beneficiary|policy|insurance|medicare|medicaid|plan|group){NUMBERED}|mbi|hicn"
LICENCE = "npi|dea|licen[cs]e|certificat(?:e|ion)|cert|registration|passport"
PLATE = r"(?:licen[cs]e|number|registration|vehicle|car)[ -]plates?|plate (?:no|number|#)|tag (?:no|number)"

NUMBERS = (
    Recogniser("MRN", NAMED, named(RECORD, GROUPS), some_digits(3)),
    Recogniser("HEALTH_PLAN", NAMED, named(MEMBER, GROUPS), a_code),
    Recogniser("HEALTH_PLAN", SHAPED, alone(rf"[1-9]{L}{E}\d-?{L}{E}\d-?{L}{L}\d\d")),
    Recogniser("ACCOUNT", NAMED, named("account|acct|a/c|billing|invoice|routing|guarantor", GROUPS), a_code),
    Recogniser("ACCOUNT", CHECKED, alone(CARD), checks.payment_card),
    Recogniser("ACCOUNT", CHECKED, alone(r"[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"), checks.iban),
    Recogniser("LICENSE", CHECKED, named("npi", r"[12]\d{9}"), checks.npi),
    Recogniser("LICENSE", CHECKED, alone(r"[A-HJ-NP-UX][A-Z9]\d{7}"), checks.dea),
    Recogniser("LICENSE", NAMED, named(LICENCE, CODE), a_code),
    Recogniser("VEHICLE", CHECKED, r"(?i)\b([A-HJ-NPR-Z0-9]{17})\b", checks.vin),
    Recogniser("VEHICLE", NAMED, named("vin|vehicle", "[A-HJ-NPR-Z0-9]{11,17}"), a_code),
    Recogniser("VEHICLE", NAMED, named(PLATE, "(?-i:[A-Z0-9]{1,4}[- ]?[A-Z0-9]{1,4})"), some_digits(1)),
    Recogniser("DEVICE", NAMED, named("serial|s/n|sn|imei|udi|device|implant|pacemaker|lot", CODE), a_code),
    Recogniser("DEVICE", SHAPED, r"(?i)\b((?:[0-9a-f]{2}:){5}[0-9a-f]{2}|(?:[0-9a-f]{2}-){5}[0-9a-f]{2})\b"),
)  # fmt: skip

RECOGNISERS = (*ELECTRONIC, *SOCIAL_SECURITY, *TELEPHONE, *TIME, *PLACE, *NUMBERS)
