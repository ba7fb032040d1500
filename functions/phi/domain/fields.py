"""Structured text: what a key, a field or a path says about its value, exact and cheap.

Keys of JSON, FHIR, SQL parameters, query strings and `key=value` logs; segments of HL7 v2; paths of URLs; access logs.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from functions.phi.domain import checks, x12
from functions.phi.domain.lists import COMMON, GIVEN, SURNAME, Lists
from functions.phi.domain.model import NAMED, SHAPED, Entity
from functions.phi.domain.tokens import tokenise

SOURCE = "field"
KEYS: dict[str, str] = {
    key: label
    for label, keys in {
        "NAME": "name first last firstname lastname middlename fullname givenname given family familyname surname maidenname nickname "
                "patient patientname displayname preferredname owner user username userid login uid author provider providername "
                "physician attending doctor surgeon nurse contact contactname nextofkin nok emergencycontact guarantor "
                "remoteuser subscribername spouse caller recipient actor operator assignee employee person client clientname member_name "
                "membername mother father guardian signedby createdby updatedby modifiedby requestedby performer practitioner "
                "beneficiaryname cardholder insuredname legalname who accountname usr display agent assignedto driver visitor subject md doc pt patientlabel "
                "orderingprovider referringprovider primarycareprovider dictatedby author_name by",
        "GEO": "address address1 address2 line line1 line2 street streetaddress city town postalcode zip zipcode postcode county "
               "district addr birthplace homeaddress mailingaddress latitude longitude lat lon lng geo neighborhood village",
        "FACILITY": "facility hospital clinic organization organisation employer school site_name managingorganization pharmacy "
                    "sendingfacility receivingfacility hospitalname facilityname company ward location practice clinicname",
        "DATE": "dob birthdate dateofbirth birthday deceaseddate deceased deathdate admitdate admissiondate dischargedate "
                "studydate seriesdate birthtime effectivetime admitted discharged servicedate visitdate dos appointmentdate surgerydate bday born",
        "PHONE": "phone telephone tel mobile cell phonenumber homephone workphone cellphone mobilephone contactphone msisdn "
                 "callback telecom phone1 phone2 callerid",
        "FAX": "fax faxnumber", "EMAIL": "email mail emailaddress e_mail", "SSN": "ssn socialsecuritynumber social ssnlast4 last4ssn",
        "MRN": "mrn patientid medicalrecordnumber chartnumber chartno recordnumber patientnumber patientno hospitalnumber ptid",
        "HEALTH_PLAN": "plan planid member memberid membernumber policy policyid policynumber subscriber subscriberid insuranceid "
                       "insurancenumber groupnumber groupid payerid coverageid beneficiaryid mbi hicn medicaidid medicareid",
        "ACCOUNT": "account acct accountnumber accountno accountid acctno card cardnumber pan iban billingaccount accountnum har",
        "LICENSE": "license licence licensenumber licenseno npi dea deanumber driverslicense driverlicense dl passport "
                   "passportnumber certificatenumber",
        "VEHICLE": "vehicle car truck vin plate licenseplate platenumber vehicleid tagnumber",
        "DEVICE": "wearable pacemaker btaddr bluetoothaddress hwaddr glucometer serial serialnumber serialno deviceserial mac macaddress imei udi deviceid deviceidentifier implantid devicesn sn carrierhrf udicarrier",
        "IP": "ip clientip remoteaddr remoteip ipaddress sourceip peer xforwardedfor",
        "BIOMETRIC": "voiceprint voiceprintid fingerprint fingerprintid faceid biometric biometricid faceprint retina iris",
        "PHOTO": "photo image picture avatar headshot portrait photofile",
        "OTHER_ID": "enc encounter encounterid accession accessionnumber caseid casenumber visitid visitnumber studyid trialid "
                    "subjectid participantid badge badgeid badgenumber employeeid specimenid orderid requisition claimid "
                    "referenceid sub acc case claim personid externalid identifier studentid enrollmentid csn claimnumber claimno specimennumber ordernumber",
    }.items()
    for key in keys.split()
}  # fmt: skip
# What stands behind a clinician's name in a field and is no part of it.
DEGREES = frozenset(
    "md mbbs np fnp dnp pac pa-c rn lpn cna crna cnm aprn phd pharmd lcsw msw dds dmd dpm od pt rd facs facp fnp-c anp mph".split()
)
# Keys that machines use for their own things as well: the value must look like what the key says.
PART = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
# Labels that the last word of a longer key is enough for: `next_of_kin_phone`.
ENDING = frozenset("NAME PHONE FAX EMAIL SSN MRN DATE IP VEHICLE".split())
PERSONAL = frozenset("NAME FACILITY".split())
NEEDS_DIGIT = frozenset("MRN HEALTH_PLAN ACCOUNT LICENSE VEHICLE DEVICE OTHER_ID SSN DATE PHONE FAX IP".split())
ACCOUNTS = frozenset(
    "user username userid login uid usr actor operator createdby updatedby modifiedby owner remoteuser by".split()
)
MACHINES = frozenset(
    """
    root admin administrator system postgres redis nginx service anonymous guest nobody null none unknown true false default
    test localhost worker scheduler daemon api app server client public internal na n/a undefined www-data ubuntu git kafka
    user users patient patients name self anyone everyone somebody all any me bot cron health metrics kubernetes prometheus
    grafana rabbitmq valkey qdrant broker gateway realtime retrieval ingestion auth calculators documents notifications
    """.split()
)
MACHINE_PART = re.compile(
    r"(?i)(?:^|[-_.])(?:svc|fn|srv|gw|master|replica|worker|service|server|bot|db|job|pod|node|api|app|prod|dev|team|squad|ops)(?:$|[-_.\d])"
)
MACHINE_CODE = re.compile(
    r"(?i)(?:[0-9a-f]{24,}|0x[0-9a-f]+|sha\d{1,3}:[0-9a-f]+|(?:req|trace|span|evt|sess)_[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z"
)
VERSION = re.compile(r"v?\d{1,3}(?:\.\d{1,4}){1,3}\Z")
TAG = re.compile(
    r"<([A-Za-z][A-Za-z0-9:_-]{1,40})(?:\s[^<>]{0,200}?)??(?:\svalue=\"([^\"<>]{1,200})\"[^<>]{0,40})?/?>([^<>]{0,200})"
)
DICOM_GROUP = "(0010,"  # a tag is told by its figures
DICOM = re.compile(r"\(0010,([0-9A-Fa-f]{4})\)\s[A-Z]{2}\s\[([^\]\n]{1,200})\]")
DICOM_LABELS = {"0010": "NAME", "0020": "MRN", "0021": "FACILITY", "0030": "DATE", "1000": "OTHER_ID", "1001": "NAME", "1005": "NAME",
                "1040": "GEO", "1060": "NAME", "2154": "PHONE", "1090": "MRN"}  # fmt: skip
# Keys of stored objects: behind a bucket, or a value of `key` with folders in it.
S3 = re.compile(
    r"(?:\bs3://[a-z0-9.-]{1,63}/|\b[Kk]ey[\"']?\s?[=:]\s?[\"']?(?=[^\s\"'<>/]{1,100}/))([^\s\"'<>]{1,500})"
)
STORED = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}(?:\.gz)?$")
PAIR = re.compile(
    r"""\b([A-Za-z][A-Za-z0-9_.-]{1,40}+)\\?["']?\)?\s?(?:"""
    r"""(:|=>|=)\s{0,4}[\[(]?\s{0,4}(?:u?\\?"([^"\\\n]*)|'([^'\\\n]*)')"""
    r"""|=\(?([^\s"',;&)(\]}\[{|<>]{1,100}))"""
)
COMPARED = re.compile(r"(?:eq|ne|gt|lt|ge|le|sa|eb|ap)(?=\d)")  # FHIR: `birthdate=ge1950-01-01`
BOUND = re.compile(r"=(?:eq|ne|gt|lt|ge|le|sa|eb|ap)(\d{4}-\d\d-\d\d)\b")  # and `date=ge2024-05-01`
MORE = re.compile(r"""["']\s*,\s*(?:"([^"\\\n]*)"|'([^'\\\n]*)')""")
OWNERS = (
    "charts Charts patients users persons members profiles accounts encounters clients subjects records practitioners providers "
    "appointments claims visits cases contacts employees".split()
)
OWNED = (
    *OWNERS,
    *(owner[:-1] for owner in OWNERS),
    *"u people Patient Person Practitioner RelatedPerson Encounter".split(),
)
OWNED_PARTS = tuple(f"{owner}/" for owner in OWNED)
PATH = re.compile(rf"(?:/|\b)(?:{'|'.join(OWNED)})/([A-Za-z0-9][A-Za-z0-9._~%@+-]{{1,100}})")
ACCESS = re.compile(r"(?m)(?:^|\s)[0-9A-Fa-f.:]{3,45} (?:-|\S{1,60}) ([A-Za-z][\w.@-]{1,60}) \[")
LOGIN = re.compile(
    r"\b(?:Accepted|Failed) [a-z/-]{3,30} for (?:invalid user |illegal user )?([A-Za-z][\w.@-]{1,60}) from "
    r"|\bsession (?:opened|closed) for user ([A-Za-z][\w.@-]{1,60})"
)
CLERKS = "opened closed raised reported created resolved updated reviewed charted entered".split()
SIGNERS = (
    *(f"{verb} {link} " for verb in CLERKS for link in ("by", "for")),
    *(f", {title}" for title in "RN LPN MD DO NP PA-C MA RT CNA PharmD".split()),
)
SIGNED = re.compile(
    rf"\b(?:{'|'.join(CLERKS)}) (?:by|for) ([a-z][a-z.]{{4,20}})(?=[\s,;.)\]]*(?:[-(,;.)\]\n]|\Z))"
    r"|(?:^|[\n.;] )([a-z]{5,18}), (?:RN|LPN|MD|DO|NP|PA-C|MA|RT|CNA|PharmD)\b"
)
NUMBERED = re.compile(
    r"\b(PID|NK1|PV1|IN1|GT1|OBR|ORC|MRG)[-.](\d{1,2})(?:\.\d)?\s?[=:]\s?[\"']?([^\s\"']{2,120})"
)  # `PID-5=ROE^JANE`
SEGMENT = re.compile(r"(?m)^[ \t\"']{0,4}([A-Z][A-Z0-9]{2})\|([^\r\n]*)")
SPLIT = re.compile(r"[^\W\d_][^\W\d_'’ -]{1,30}(?:[-' ][^\W\d_]+)?/[^\W\d_][^\W\d_'’ -]{1,30}(?:[-' ][^\W\d_]+)?$")
SEARCHED = re.compile(r"[?&](?:q|query|search|term)=([A-Za-z][\w.%+-]{3,60})")
NOT_IN_PATH = frozenset(
    "me search list new login logout export import count bulk batch status health history metadata notes".split()
)

# Field -> label of HL7 v2.5 segments; the fields of MSH are counted with its separator.
HL7: dict[str, dict[int, str]] = {
    "MSH": {4: "FACILITY", 6: "FACILITY"},
    "PID": {2: "MRN", 3: "MRN", 4: "MRN", 5: "NAME", 6: "NAME", 7: "DATE", 9: "NAME", 11: "GEO", 12: "GEO", 13: "PHONE", 14: "PHONE",
            18: "ACCOUNT", 19: "SSN", 20: "LICENSE", 21: "MRN", 23: "GEO", 29: "DATE"},
    "PD1": {3: "FACILITY", 4: "NAME"},
    "NK1": {2: "NAME", 4: "GEO", 5: "PHONE", 6: "PHONE", 8: "DATE", 13: "FACILITY", 16: "DATE", 26: "NAME", 30: "NAME", 31: "PHONE",
            32: "GEO", 37: "SSN"},
    "PV1": {7: "NAME", 8: "NAME", 9: "NAME", 17: "NAME", 19: "OTHER_ID", 44: "DATE", 45: "DATE", 50: "OTHER_ID", 52: "NAME"},
    "PV2": {8: "DATE", 9: "DATE", 13: "NAME", 23: "FACILITY"},
    "ORC": {2: "OTHER_ID", 3: "OTHER_ID", 9: "DATE", 10: "NAME", 11: "NAME", 12: "NAME", 14: "PHONE", 19: "NAME", 21: "FACILITY",
            22: "GEO", 23: "PHONE", 24: "GEO"},
    "OBR": {2: "OTHER_ID", 3: "OTHER_ID", 7: "DATE", 8: "DATE", 10: "NAME", 14: "DATE", 16: "NAME", 17: "PHONE", 22: "DATE", 28: "NAME",
            32: "NAME", 33: "NAME", 34: "NAME"},
    "OBX": {14: "DATE", 16: "NAME", 23: "FACILITY", 24: "GEO"},
    "GT1": {2: "ACCOUNT", 3: "NAME", 4: "NAME", 5: "GEO", 6: "PHONE", 7: "PHONE", 8: "DATE", 12: "SSN", 16: "FACILITY", 17: "GEO",
            18: "PHONE", 19: "OTHER_ID"},
    "IN1": {3: "HEALTH_PLAN", 5: "GEO", 6: "NAME", 7: "PHONE", 8: "HEALTH_PLAN", 11: "FACILITY", 16: "NAME", 18: "DATE", 19: "GEO", 36: "HEALTH_PLAN",
            49: "HEALTH_PLAN"},
    "IN2": {1: "OTHER_ID", 2: "SSN", 6: "HEALTH_PLAN", 8: "HEALTH_PLAN", 61: "HEALTH_PLAN", 63: "PHONE"},
    "MRG": {1: "MRN", 3: "ACCOUNT", 7: "NAME"},
    "AIP": {3: "NAME"}, "EVN": {5: "NAME"}, "SCH": {1: "OTHER_ID", 2: "OTHER_ID", 12: "NAME", 13: "PHONE", 16: "NAME", 17: "PHONE", 20: "NAME"},
    "TXA": {5: "NAME", 9: "NAME", 11: "NAME", 22: "NAME"}, "DG1": {5: "DATE", 16: "NAME"}, "ACC": {1: "DATE"},
}  # fmt: skip
# Which components of a field are somebody's; None: all of them.
COMPONENTS: dict[str, tuple[int, ...] | None] = {
    "NAME": (0, 1, 2, 3), "GEO": (0, 1, 2, 4, 8), "MRN": (0,), "ACCOUNT": (0,), "OTHER_ID": (0,), "FACILITY": (0,),
    "DATE": (0,), "HEALTH_PLAN": (0,), "SSN": (0,), "LICENSE": (0,), "PHONE": None,
}  # fmt: skip
NO_VALUE = frozenset("SELF SPO CHD PAR SEL OTH HOSP MR ORN PRN NET CP PH FX WPN USA US H M L P D X U N Y".split())


def find(text: str, lists: Lists) -> Iterator[Entity]:
    if "=" in text or (":" in text and ('"' in text or "'" in text)):
        yield from pairs(text, lists)
    if "|" in text:
        yield from segments(text)
    if "*" in text:
        yield from x12.find(text)
    if "/" in text:
        yield from paths(text, lists)
    if "<" in text:
        yield from tags(text, lists)
    for match in DICOM.finditer(text) if DICOM_GROUP in text else ():
        if label := DICOM_LABELS.get(match[1], ""):
            yield Entity(*match.span(2), label, SHAPED, SOURCE)
    for match in ACCESS.finditer(text) if " [" in text else ():
        if account(match[1]):
            yield Entity(*match.span(1), "NAME", NAMED, SOURCE)
    for match in LOGIN.finditer(text) if "ssh" in text or "session " in text else ():
        group = 1 if match[1] else 2
        if account(match[group]):
            yield Entity(*match.span(group), "NAME", NAMED, SOURCE)
    for match in BOUND.finditer(text):
        yield Entity(*match.span(1), "DATE", NAMED, SOURCE)
    for match in SIGNED.finditer(text) if signed(text) else ():
        group = 1 if match[1] else 2
        if account(match[group]) and not lists.flags(match[group]) & COMMON:
            yield Entity(*match.span(group), "NAME", NAMED, SOURCE)
    for match in NUMBERED.finditer(text) if "=" in text or "PID" in text else ():
        if label := HL7[match[1]].get(int(match[2]), ""):
            yield from components(label, match[3], match.start(3))


def signed(text: str) -> bool:
    """Whether SIGNED can match at all, which is dear to look for."""
    prose = " by " in text or "\n" not in text or ", RN" in text
    return prose and any(map(text.__contains__, SIGNERS))


def normal(key: str) -> str:
    """`patient_name`, `patient.name`, `patientName`, `patient-name` are one key."""
    return re.sub(r"[_.-]", "", key).lower()


@lru_cache(maxsize=4_096)
def label_of(key: str) -> str:
    """By the whole key, or by its last words: `guarantor_home_phone`, `payload.patient.birthDate`."""
    words = PART.findall(key)
    for count in (len(words), 2, 1):
        if label := KEYS.get("".join(words[-count:]).lower(), ""):
            return label if count > 1 or len(words) == 1 or label in ENDING else ""
    return ""


def pairs(text: str, lists: Lists) -> Iterator[Entity]:
    for match in PAIR.finditer(text):
        label = label_of(match[1])
        if not label:
            continue
        group = next(number for number in (3, 4, 5) if match[number] is not None)
        value, (start, end) = match[group], match.span(group)
        if label == "DATE" and (compared := COMPARED.match(value)):
            value, start = value[compared.end() :], start + compared.end()
        if fits(label, normal(match[1]), value, lists, quoted=group != 5):
            yield Entity(start, start + named(value) if label == "NAME" else end, label, SHAPED, SOURCE)
        at = end
        while group != 5 and (following := MORE.match(text, at)):  # the rest of an array of strings
            inner = 1 if following[1] is not None else 2
            at = following.end(inner)
            closes = text[at + 1 : at + 3].lstrip()[:1] == ":"
            if closes:
                break
            if fits(label, normal(match[1]), following[inner], lists, quoted=True):
                yield Entity(*following.span(inner), label, SHAPED, SOURCE)


def named(value: str) -> int:
    """How much of a value is the name: `Ann Lee, MD` without its degrees. `DO` is a name as well, and counts as one."""
    end = len(value)
    while True:
        head, _, last = value[:end].rstrip(" ,").rpartition(" ")
        if len(head.split()) < 2 or last.replace(".", "").lower() not in DEGREES or not last.isascii():
            return end
        end = len(head.rstrip(" ,"))


def fits(label: str, key: str, value: str, lists: Lists, *, quoted: bool) -> bool:
    """Whether a value can be what its key says; machines have names and users too."""
    told = value.strip()
    if len(told) < 2 or len(told) > 200 or told.lower() in MACHINES:
        return False
    if label in NEEDS_DIGIT and not any(character.isdigit() for character in told):
        return False
    if label != "NAME" and (MACHINE_CODE.match(told) or VERSION.match(told)):
        return False
    if label == "IP":
        return checks.address(told)
    if label == "PHOTO":
        return "." in told or "/" in told
    if key in ACCOUNTS:
        return account(told)
    if key.endswith(("driver", "visitor", "subject")) and not whole_name(told, lists):
        return False
    if key in {"first", "last"} and not quoted:  # `last=ReadTimeout` is no surname
        return bool(lists.flags(told.lower()) & (GIVEN | SURNAME))
    if label in PERSONAL:
        return person(told, lists) if label == "NAME" else quoted and facility(told, lists)
    return True


def whole_name(value: str, lists: Lists) -> bool:
    """`Roe, Jane`: two words or three that are no plain words, for machines have drivers and mails have subjects too."""
    keys = [key for key in tokenise(value).keys if key.isalpha() and len(key) > 1]
    plain = any(lists.flags(key) & COMMON and not lists.flags(key) & (GIVEN | SURNAME) for key in keys)
    return 1 < len(keys) < 5 and value[0].isupper() and not plain


def facility(value: str, lists: Lists) -> bool:
    """`Harborview`, `Oak Park Pediatrics`: several words, or one that is no common one."""
    keys = [key for key in tokenise(value).keys if key.isalpha()]
    if MACHINE_PART.search(value) or "/" in value or not value[0].isupper() or not keys:
        return False
    return any(not lists.flags(key) & COMMON or lists.flags(key) & SURNAME for key in keys)


def account(value: str) -> bool:
    """A user's name at a login: somebody's unless it is a machine's."""
    return value.lower() not in MACHINES and not MACHINE_PART.search(value) and any(one.isalpha() for one in value)


def person(value: str, lists: Lists) -> bool:
    """A name of somebody: no figures, no machine's parts, a capital or a listed word."""
    if SPLIT.match(value):
        value = value.replace("/", " ")  # `ROE/JANE`
    if MACHINE_PART.search(value) or "/" in value or ":" in value or "(" in value or len(value) > 80:
        return False
    words = tokenise(value)
    alphabetic = [key for key in words.keys if key.isalpha() and len(key) > 1]
    if not alphabetic or len(alphabetic) > 6:
        return False
    listed = [key for key in alphabetic if lists.flags(key) & (GIVEN | SURNAME)]
    if any(character.isdigit() for character in value):
        plain = any(lists.flags(key) & COMMON and key not in listed for key in alphabetic)
        return bool(listed) and not plain  # `2017 Fleischner Society definition`
    capital = any(word[0].isupper() for word in words.words if word[0].isalpha())
    return bool(listed) if not capital else bool(listed) or all(not lists.flags(key) for key in alphabetic)


def paths(text: str, lists: Lists) -> Iterator[Entity]:
    segments_of = []
    if any(map(text.__contains__, OWNED_PARTS)):
        segments_of = [(match[1], match.start(1)) for match in PATH.finditer(text)]
    yield from stored(text, lists)
    for match in SEARCHED.finditer(text):
        if named_in_path(match[1], lists) and not MACHINE_PART.search(match[1]):
            yield Entity(*match.span(1), "NAME", NAMED, SOURCE)
    for value, start in segments_of:
        span = (start, start + len(value))
        if value.lower() in NOT_IN_PATH or re.search(r"\.(?:py|js|ts|json|md|html|css|yaml|sql)$", value):
            continue
        digits = sum(character.isdigit() for character in value)
        if digits >= 3:
            yield Entity(*span, "MRN", NAMED, SOURCE)
        elif person(value, lists) or (re.search(r"[a-z][-_.][a-z]", value) and not MACHINE_PART.search(value)):
            yield Entity(*span, "NAME", NAMED, SOURCE)


def stored(text: str, lists: Lists) -> Iterator[Entity]:
    """Somebody's part of an object's key: `s3://scans/jane-roe/scan.pdf`; years, extensions and plain words are none."""
    for match in S3.finditer(text) if "s3://" in text or "key" in text or "Key" in text else ():
        at = match.start(1)
        for part in match[1].split("/"):
            stem = STORED.sub("", part)
            span = (at, at + len(stem))
            at += len(part) + 1
            if len(stem) < 3 or stem.lower() in NOT_IN_PATH or MACHINE_PART.search(stem) or VERSION.match(stem):
                continue
            if sum(map(str.isdigit, stem)) >= 5 and not MACHINE_CODE.match(stem):
                yield Entity(*span, "MRN", NAMED, SOURCE)
            elif named_in_path(stem, lists):
                yield Entity(*span, "NAME", NAMED, SOURCE)


def named_in_path(stem: str, lists: Lists) -> bool:
    """Two words or more, one of them a name and no more of them plain words than names."""
    flags = [lists.flags(key) for key in tokenise(stem).keys if key.isalpha() and len(key) > 1]
    names = sum(bool(one & (GIVEN | SURNAME)) and not one & COMMON for one in flags)
    strange = sum(not one for one in flags)
    plain = sum(bool(one & COMMON) and not one & (GIVEN | SURNAME) for one in flags)
    return len(flags) > 1 and names + strange > plain and names + strange > 0


def tags(text: str, lists: Lists) -> Iterator[Entity]:
    """`<family>Ellery</family>`, `<birthTime value="19540309"/>`"""
    for match in TAG.finditer(text):
        label = label_of(match[1].split(":")[-1])
        if not label:
            continue
        for group in (2, 3):
            value = match[group] or ""
            if value.strip() and fits(label, normal(match[1]), value, lists, quoted=True):
                yield Entity(*match.span(group), label, SHAPED, SOURCE)


def segments(text: str) -> Iterator[Entity]:
    for match in SEGMENT.finditer(text):
        table = HL7.get(match[1])
        if table is None:
            continue
        at = match.start(2)
        first = 2 if match[1] == "MSH" else 1
        for number, field in enumerate(match[2].split("|"), start=first):
            if number in table and field:
                yield from components(table[number], field, at)
            at += len(field) + 1


def components(label: str, field: str, at: int) -> Iterator[Entity]:
    for repetition in field.split("~"):
        inner = at
        for position, value in enumerate(repetition.split("^")):
            wanted = COMPONENTS[label]
            told = value.strip('" ')
            somebodys = any(map(str.isalpha, told)) if label == "NAME" else True
            initial = label == "NAME" and position > 1 and len(told) == 1  # a middle one
            known = len(told) > 1 and told not in NO_VALUE
            somebodys &= (wanted is None or position in wanted) and (initial or known)
            if somebodys and (label != "PHONE" or sum(one.isdigit() for one in told) >= 3 or "@" in told):
                begin = inner + value.index(told)
                yield Entity(begin, begin + len(told), label, SHAPED, SOURCE)
            inner += len(value) + 1
        at += len(repetition) + 1
