"""Numbers and codes of persons: first those that a word announces, then those that only their shape tells of."""

import re

from functions.phi.domain import beside, checks, fields
from functions.phi.domain.model import CHECKED, LISTED, NAMED, SHAPED
from functions.phi.domain.patterns import (
    CARD,
    CODE,
    GROUPS,
    NUMBERED,
    E,
    L,
    Recogniser,
    a_code,
    alone,
    named,
    some_digits,
)

# A value behind a word that says what it is may have letters only where a figure follows soon.
# Its prefix may stand apart (`HHA 220871`, `RX4 118 2206`), in capitals and before enough figures only.
SPACED = r"(?-i:[A-Z]{1,4}\d{0,2})(?: \d{5,9}| \d{2,6}(?:[ -]\d{2,6}){1,3})"
VALUE = rf"(?:{SPACED}|{GROUPS}|[a-z]{{1,6}}[-_.]?[a-z0-9]{{0,4}}[-_.]?{CODE}|(?-i:[A-Z]{{1,4}})/{CODE})"
RECORD = (
    rf"mrn|mr ?#|mr no|med(?:ical)?[ -]?rec(?:ord)?s?|chart{NUMBERED}|(?:patient|hospital|hosp|unit|pt|nhs|chi|h&c){NUMBERED}|emr|ehr|umrn|empi|"
    r"records? (?:show )?(?:id|number|no)|chart"
)
MEMBER = (
    rf"(?:member|subscriber|beneficiary|policy|insurance|medicare|medicaid|plan|group|payer|hmo|ppo|coverage|benefit|enrollee|rx ?bin|"
    rf"rx ?grp|insured){NUMBERED}|mbi|hicn|member|policy|plan|subscriber|insurance(?: card)?|medicaid|medicare|group|cin|aetna|"
    r"cigna|humana|kaiser|tricare|anthem|bcbs|blue (?:cross|shield)|premera|molina|centene|ambetter|oscar|uhc|united ?healthcare|"
    r"wellcare|highmark|regence|caresource|amerigroup|emblem|healthfirst|geisinger|optum|wellpoint|bupa|axa|medi-?cal"
)
ACCOUNT = (
    rf"account|acct|a/c|billing|invoice|routing|guarantor|iban|card(?: number)?|visa|mastercard|amex|statement|claim|"
    rf"(?:bank|checking|savings|har|csn|fin|encounter){NUMBERED}|fin"
)
LICENCE = (
    r"npi|dea|lic|licen[cs]e|licen[cs]ure|certificat(?:e|ion)|cert|registration|passport|driver'?s?|drivers?[ -]?licen[cs]e|dl|upin|"
    r"board cert\w*|permit|visa number|state id"
)
PLATE = (
    r"(?:licen[cs]e|plate|car|truck|vehicle) tag|(?:licen[cs]e|number|registration|vehicle|car)[ -]plates?|plates?|plate (?:no|number|#)|tags? (?:no|number)|tag|"
    r"(?:registration|reg|tail)(?: ?(?:no|number|mark|#))?"
)
VEHICLES = (
    "car|truck|van|minivan|suv|sedan|coupe|pick-?up|scooter|motorcycle|moped|jeep|rv|trailer|taxi|cab|bus|toyota|honda|ford|chevy|"
    "chevrolet|nissan|subaru|hyundai|kia|mazda|tesla|volvo|bmw|audi|lexus|dodge|buick|cadillac|gmc|volkswagen|vw|acura|mitsubishi|"
    "corolla|camry|civic|accord|prius|outback|tacoma|silverado|f-?150|caravan"
)
PLATE_FORM = r"(?-i:[A-Z0-9]{1,4}[- ·]?[A-Z0-9]{2,5}|[A-Z0-9]{2,3}[- ][A-Z0-9]{2,3}[- ][A-Z0-9]{2,3})"
DEVICE = (
    r"serial|ser|s/n|sn|imei|imsi|udi|device|implant|pacemaker|icd|aicd|lot|lead|generator|stent|prosthesis|pump|cgm|sensor|"
    r"glucometer|cochlear|meid|mac|ref|model|valve"
)
OTHER = (
    rf"auth(?:orization|orisation)?|pre-?cert|accession|acc|case|specimen|trial|study|subject|participant|enrol(?:led|lment|lee)|badge|employee|encounter|visit|"
    rf"order|requisition|req|ticket|confirmation|tracking|reference|incident|docket|permit|student|staff|visitor|ref|enc|csn|"
    rf"barcode|kit|sample|biobank|donor|recipient|unos|registry|randomi[sz]ation|prescription|rx|voucher|booking|inmate|"
    rf"military|dod|veteran|tax|ein|itin|alien|uscis|tribal|ward|locker|pin|passcode|wristband|screening|"
    rf"(?:patient|pt|person|client|user|external|internal|legacy|national|resident){NUMBERED}|id"
)
BIOMETRIC = r"voice ?-?prints?|finger ?-?prints?|retinal?|iris|palm|face ?-?prints?|face ?id|hand geometry"
BODY = "biometric|voice|facial|face|gait|finger|hand|eye|dna"
TEMPLATE = r"(?:[ _-](?:templates?|scan|id|hash|enrol(?:l)?ment|signature|sample|profile|print|vector|code|check-in|sign-in|login|ref(?:erence)?|geometry|model|recognition|record|file|key|data|token))*"
BIO_CODE = r"(?:[a-z]{1,4}[-_]?)?[0-9a-f]{6,64}|[a-z]{1,6}[-_]?\d[a-z0-9-]{3,40}"
NO_PERSON = (
    "NCT|PMID|PMC|DOI|CVE|RFC|ISO|ICD|CPT|LOINC|SNOMED|NDC|HCPCS|ATC|CAS|RX|RXCUI|ENSG|ENST|HGNC|OMIM|GSE|ISBN|ISSN|HTTP|UTF|SHA|MD5|AES|CD|IL"
    "|HLA|COVID|SARS|VERSION|PORT|PID|ERR|HTTP|GMT|UTC|JIRA|TLS|IEC|EN|ASTM|ANSI|BRCA|HER|CYP|PD"
)


YEARLY = re.compile(r"(?:19|20)\d\d[-/]\d\d?[-/]\d\d?\Z")
HOUR = re.compile(r"(?:[01]\d|2[0-3])[0-5][05]\Z")


def no_years(text: str) -> bool:
    """`2019-2021` is no number of anybody, nor are the hours `1200-1530`."""
    parts = text.split("-")
    if all(len(part) == 4 and part[:2] in {"19", "20"} for part in parts):
        return False
    hours = len(parts) == 2 and all(HOUR.match(part) for part in parts)
    return not (hours and parts[0] < parts[1])


# A word of a name in writing, and what stands behind a clinician's.
CAPITAL = r"(?:(?:Ó|Ní|Mac|Mc|De|Del|Van|Von|La|Al|El|St\.?|Di|Du|Le|Dos|Abu|Ap) )?[A-ZÀ-Þ][A-Za-zÀ-ÿ'’-]{1,24}"
DEGREES = "MD|DO|RN|NP|PA-C|PA|PharmD|FNP|DNP|PhD|LPN|CRNA|CNM|LCSW|DPT|DPM|DDS|OTR/L|RDN|APRN|M\\.D\\.|R\\.N\\."


def grouped(text: str) -> bool:
    """A number of somebody in groups, not a range, a date or a pair of hours: a letter, three groups, or many figures."""
    figures, groups = checks.digits(text), re.split("[-/]", text)
    lettered = any(map(str.isalpha, text))
    if YEARLY.match(text):
        return False  # no day of any calendar, or the patterns had it
    return (
        len(figures) >= 8
        and no_years(text)
        and (lettered or len(groups) > 2 or len(figures) > 8)
        and max(map(len, groups)) > 3
    )


def plenty(text: str) -> bool:
    """Behind a bare `no.` or `#`: five figures, or four with a letter."""
    return a_code(text) and len(checks.digits(text)) + any(map(str.isalpha, text)) >= 5


ANNOUNCED = (
    Recogniser("SSN", NAMED, named(r"ssn|ss ?#|ss no|soc(?:ial)?[ .]sec(?:urity)?", r"\d{3}[-. ]?\d\d[-. ]?\d{4}|\d{4}")),
    Recogniser("MRN", NAMED, named(RECORD, VALUE), some_digits(3)),
    Recogniser("MRN", SHAPED, r"(?i)\b(mrn[-_#]?[a-z]{0,3}-?\d{4,12})\b"),
    # As speech is written down: what announces a number sticks to it.
    Recogniser("MRN", NAMED, r"(?i)\b(mrn\d(?:[-.]?\d){3,14})\b"),
    Recogniser("DATE", NAMED, r"(?i)\b(dob\d{1,2}[-./]\d{1,2}[-./]\d{2,4})\b"),
    Recogniser("ACCOUNT", NAMED, r"(?i)\b(acct?\d(?:[-.]?\d){4,14})\b"),
    Recogniser("NAME", NAMED, r"(?i)\binitials?[\s:=(]{1,3}((?-i:[A-Z]{2,4})\b|[a-z]\. ?[a-z]\.(?: ?[a-z]\.)?|[a-z]\.[a-z]\.[a-z]\b|[a-z]\. ?[a-z]\b)"),
    Recogniser("NAME", NAMED, r"(?i)\b(?:user|login|opened by|reported by|raised by|assigned to|closed by|created by)[\s:]{1,2}([a-z]{1,20}[._-]?[a-z]{3,20}\d{1,3}|[a-z]{1,20}[._][a-z]{2,20})\b", fields.account),
    Recogniser("VEHICLE", NAMED, named("car|truck|van|suv|motorcycle|chassis", "[A-HJ-NPR-Z0-9]{17}"), a_code),
    Recogniser("HEALTH_PLAN", NAMED, named(MEMBER, VALUE), a_code, beside.no_unit, rf"(?i)\b(?:{MEMBER})"),
    Recogniser("ACCOUNT", NAMED, named(ACCOUNT, VALUE), a_code, beside.no_unit),
    Recogniser("LICENSE", CHECKED, named("npi", r"[12]\d{9}"), checks.npi),
    Recogniser("LICENSE", NAMED, named(LICENCE, VALUE), a_code),
    Recogniser("VEHICLE", NAMED, named("vin|vehicle", "[A-HJ-NPR-Z0-9]{11,17}"), a_code),
    Recogniser("VEHICLE", NAMED, named(PLATE, "(?-i:[A-Z0-9]{1,4}[- ]?[A-Z0-9]{1,5})|[a-z0-9]{1,4}-?[a-z0-9]{2,5}"), some_digits(1)),
    Recogniser("VEHICLE", NAMED, rf"(?i)\b(?:{VEHICLES})\s\(({PLATE_FORM})\)", some_digits(1)),
    Recogniser("DEVICE", NAMED, named(DEVICE, VALUE), a_code, beside.no_unit),
    Recogniser("OTHER_ID", NAMED, named(OTHER, VALUE), a_code, beside.no_unit, rf"(?i)\b(?:{OTHER})"),
    Recogniser("OTHER_ID", NAMED, rf"(?i)\b(?:no|nr|num)[.:#]{{1,2}}\s?({VALUE})\b", plenty, beside.no_unit),
    Recogniser("OTHER_ID", NAMED, rf"(?i)[a-z)]\s?#\s?({VALUE})\b", plenty, beside.no_unit),
    Recogniser("BIOMETRIC", NAMED, rf"(?i)\b((?:{BIOMETRIC}){TEMPLATE}[\s:=#\"']{{1,4}}(?:{BIO_CODE}))\b", some_digits(2)),
    Recogniser("BIOMETRIC", NAMED, rf"(?i)\b((?:{BODY})(?:[ _-](?:templates?|prints?|scan|signature|code|hash|geometry|vector|sample))+[\s:=#\"']{{1,4}}(?:{BIO_CODE}))\b", some_digits(2)),
    Recogniser("BIOMETRIC", NAMED, rf"(?i)\b((?:(?:palm|hand|finger|iris|retina|face|facial|voice|ear|vein|gait)[ _-]){{0,2}}(?:vein |print )?(?:biometric id|embedding|template|enrol?lment id)[\s:=#\"']{{1,4}}(?:{BIO_CODE}))\b", some_digits(2)),
    Recogniser("BIOMETRIC", NAMED, rf"(?i)\b(?:{BODY}){TEMPLATE}[\s:=#\"']{{1,4}}({BIO_CODE})\b", some_digits(2)),
)  # fmt: skip

IMAGE = (
    r"(?i)([^\s\"'<>/\\|,;:=()]{1,80}\.(?:jpe?g|png|heic|heif|gif|tiff?|bmp|webp|dcm|mp4|mov|avi|nef|cr2|arw|dng))\b"
)

SHAPES = (
    Recogniser("HEALTH_PLAN", SHAPED, alone(rf"[1-9]{L}{E}\d-?{L}{E}\d-?{L}{L}\d\d")),
    Recogniser("HEALTH_PLAN", LISTED, alone(r"[A-Z]{3}\d{9}|\d{9}[A-Z]\d?")),
    Recogniser("ACCOUNT", CHECKED, alone(CARD), checks.payment_card),
    Recogniser("ACCOUNT", CHECKED, alone(r"[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"), checks.iban),
    Recogniser("LICENSE", CHECKED, alone(r"[A-HJ-NP-UX][A-Z9]\d{7}"), checks.dea),
    Recogniser("LICENSE", CHECKED, alone(r"[12]\d{9}"), checks.npi, beside.no_quantity),
    Recogniser("VEHICLE", CHECKED, r"(?i)\b([A-HJ-NPR-Z0-9]{17})\b", checks.vin),
    Recogniser("VEHICLE", LISTED, alone("[A-HJ-NPR-Z0-9]{17}"), lambda text: 4 <= len(checks.digits(text)) <= 15),
    Recogniser("DEVICE", SHAPED, r"(?i)\b((?:[0-9a-f]{2}:){5}[0-9a-f]{2}|(?:[0-9a-f]{2}-){5}[0-9a-f]{2})\b"),
    Recogniser("DEVICE", SHAPED, r"(?i)\b((?:[0-9a-f]{4}\.){2}[0-9a-f]{4})\b"),
    Recogniser("BIOMETRIC", NAMED, r"(?i)\b((?:vp|fp|voiceprint|faceprint|face|iris|retina|palm|voice|finger|fingerprint|gait|ear)[-_]"
               r"(?:(?:tmpl|templ|template|print|enroll?|enrollment|id|scan|vec|emb|ref|hash)[-_]?)?(?:[a-z]{2,20}[-_])?\d{3,12}[a-z0-9]{0,4})\b"),
    Recogniser("DEVICE", SHAPED, r"(\(01\)\d{14}(?:\(\d\d\)[A-Za-z0-9-]{1,20}){0,4})"),
    Recogniser("SSN", LISTED, alone(r"\d{3}-\d\d-\d{4}"), None, beside.no_quantity),
    Recogniser("MRN", LISTED, alone(r"\d{3}-\d\d-\d\d|\d{3}-\d\d-\d{3}|\d{3}-\d{3}-\d{3}|\d{4}-\d{5,7}|\d{5}-\d{3,5}|\d\d-\d{5,8}|"
               r"\d{3}-\d{3}-\d{4}|\d{3}-\d{6,9}|\d{2,4}-\d{2,4}-\d{2,4}-\d{2,4}"), some_digits(7), beside.no_quantity),
    Recogniser("SSN", LISTED, alone(r"\d{3} \d\d \d{4}"), None, beside.no_quantity),
    Recogniser("MRN", LISTED, alone(r"\d\d[- ]\d\d[- ]\d\d"), None, beside.no_quantity),
    Recogniser("MRN", LISTED, alone(r"\d{4}-\d{4}|\d\d-\d{4}|[A-Za-z]\d{4,6}-\d{1,2}|\d{8,11}-\d\d"), no_years, beside.apart),
    Recogniser("MRN", LISTED, alone(r"\d{6,12}"), None, beside.apart),
    Recogniser("OTHER_ID", LISTED, alone(r"[A-Z]{1,6}[-_]?\d{5,14}[A-Z]{0,2}"), None, beside.no_code),
    Recogniser("OTHER_ID", LISTED, alone(r"[A-Z]{0,4}\d{4,10}(?:[-/]\d{1,10}){1,3}(?:[-/]?[A-Z])?|[A-Z]{1,4}\d{1,3}(?:[-/]\d{1,10}){1,3}(?:[-/]?[A-Z])?|"
               r"\d{1,3}(?:[-/]\d{1,4})?[-/]\d{5,10}(?:[-/]\d{1,10})?|\d{1,3}-\d{4}-\d{1,6}"), grouped, beside.lone_code),
    Recogniser("OTHER_ID", LISTED, alone(r"[a-z]{1,2}\d{6,10}"), None, beside.lone_code),
    Recogniser("OTHER_ID", LISTED, alone(r"[A-Z]{1,4}\d{2,4}-\d{3,10}|[A-Z]{2,6}-\d{4,12}[A-Z]?|[A-Z]{1,4}-[0-9a-f]{6,16}|"
               r"[A-Z]{2,4}-\d{2,4}-\d{3,8}"), some_digits(4), beside.no_code),
    Recogniser("NAME", NAMED, r"\b(?:for|[Pp]t|[Pp]atient|[Rr]e|[Ii]nitials)\b:?\s([A-Z]\.\s?[A-Z]\.(?:\s?[A-Z]\.)?|[A-Z]{2}\.)(?:\s[a-z(]|[,;)]|$)"),
    Recogniser("NAME", NAMED, r"\b([A-Z]\. ?[A-Z]\.(?: ?[A-Z]\.)?),? (?:is a |a )?\d{1,3}[- ]?(?:[MFmf]\b|y/?\.?o|yr|year)"),
    # The head of a form: `ROE, JANE M.  Acct: 12`.
    Recogniser("NAME", NAMED, r"(?m)^([A-Z][A-Z'’-]{2,24}, ?[A-Z][A-Z'’-]{2,20}(?: [A-Z]\b\.?)?)\s{1,4}(?:(?i:acct|account|mrn|dob|unit|id|mr|rm|loc|age|sex|chart|d\.o\.b)\b|#|\d)"),
    # A signature and a degree: `/es/ ROE, JANE M`, `Roe, J., MD`.
    Recogniser("NAME", NAMED, rf"(?:/es/|\b(?:[Ee]sig(?:ned)?|[Ee]-?signed(?: by)?|[Aa]uthenticated(?: by)?|[Aa]ttested(?: by)?|[Cc]ountersigned(?: by)?))[:\s]{{1,3}}"
               rf"({CAPITAL},\s?{CAPITAL}(?:\s{{1,2}}[A-Z]\b\.?)?)"),
    Recogniser("NAME", NAMED, rf"\b({CAPITAL}, ?(?:[A-Z]\.(?: ?[A-Z]\.)?|{CAPITAL}(?: [A-Z]\b\.?)?)),? (?:{DEGREES})\b"),
    # Given names of two Korean syllables, the second in small letters.
    Recogniser("NAME", NAMED, r"\b((?:Ji|Young|Min|Hae|Soo|Su|Hyun|Jae|Seo|Eun|Kyung|Sung|Seung|Dong|Sang|Mi|Yoo|Yu|Jin|Jun|Joon|Woo|Ha|Bo|Da|Ye|Yeon|Kwang|Myung|Chang|"
               r"In|Won|Tae|Byung|Sun|Hee|Hye|Na|Ga|So|Ho|Ki|Gi|Il|Do|Chan|Kyu|Hak)-(?:ji|young|min|hae|soo|su|hyun|jae|seo|eun|kyung|sung|seung|dong|sang|mi|yoo|yu|jin|jun|"
               r"joon|woo|ha|bo|da|ye|yeon|kwang|myung|chang|in|won|tae|byung|sun|hee|hye|na|ga|so|ho|ki|gi|il|do|chan|kyu|ah|a|ok|sook|hwa|rim|ran|hwan|hoon|seok|kyun)(?: [A-Z][a-z]{1,7})?)\b"),
    Recogniser("PHOTO", NAMED, IMAGE, None, beside.no_asset),
)  # fmt: skip

RECOGNISERS = (*ANNOUNCED, *SHAPES)
