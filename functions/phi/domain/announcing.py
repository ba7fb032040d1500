"""Words that announce a value, and the words that numbers and letters are said with."""

import re
from functools import lru_cache

NUMBER_WORDS = frozenset(
    "zero oh o one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand double "
    "triple".split()
)
ORDINAL_WORDS = frozenset(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth thirtieth".split()
)
LETTER_WORDS = frozenset(
    "ay bee be see cee dee ee eff ef gee aitch jay kay el ell em en oh pee pea cue queue are ess es tee tea you vee ex "
    "why zee zed eye hey alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu".split()
)
GLUE_WORDS = frozenset("dash hyphen dot point slash colon underscore".split())
MONTHS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec".split()
)
# The words that announce a value, by what they announce; one word may stand in one class only.
TRIGGERS = {
    word: kind
    for kind, words in {
        "mrn": "mrn mr chart record records medrec patientid patientidentifier hospitalno",
        "plan": "member plan policy insurance insured subscriber beneficiary medicare medicaid mbi hicn group payer "
        "coverage memberid",
        "acct": "account acct accountnumber billing bill invoice fin har guarantor visit balance claim",
        "lic": "license licence lic licensed npi dea certificate cert credential board registration",
        "car": "vin plate tag vehicle car truck drives driver drivers sedan",
        "dev": "serial sn device implant implanted pacemaker icd pump monitor lot udi mac model defibrillator "
        "stimulator",
        "phone": "phone tel telephone cell mobile call callback reach reached pager contact ph number text texted",
        "fax": "fax faxed facsimile",
        "mail": "email mail mailto",
        "ssn": "ssn social security ss",
        "date": "dob born birth birthdate birthday date admitted discharged seen since on dated dos",
        "name": "name patient pt named mr mrs ms miss dr doctor mister attending provider surgeon signed physician "
        "nurse spouse wife husband son daughter mother father sister brother aunt uncle niece nephew partner cc attn "
        "attention user owner family given surname firstname lastname patientname displayname",
        "place": "address street city zip lives living resides resident county from home moved town postal",
        "org": "hospital clinic works employer employed employee at facility center centre school",
        "net": "ip url http https www host client peer",
        "face": "photo image picture img portrait headshot face",
        "body": "voiceprint fingerprint retina iris biometric template voice palm",
        "case": "accession case specimen study trial encounter csn enc order subject protocol requisition",
        "dose": "mg mcg ml units dose daily tablet tablets bid tid prn milligrams micrograms",
        "lab": "hgb wbc sodium potassium creatinine glucose troponin inr bp hr temp score grade stage level",
        "code": "icd cpt loinc snomed rxcui ndc pmid doi isbn version trace port pid line bytes request build sha256",
        "age": "age aged year years yo old",
    }.items()
    for word in words.split()
}  # fmt: skip
# Abbreviations as speech recognisers spell them.
SAID = {
    ("em", "are", "en"): "mrn", ("m", "r", "n"): "mrn", ("ess", "ess", "en"): "ssn", ("s", "s", "n"): "ssn",
    ("d", "o", "b"): "date", ("dee", "oh", "bee"): "date", ("n", "p", "i"): "lic", ("en", "pee", "eye"): "lic",
    ("d", "e", "a"): "lic", ("dee", "ee", "ay"): "lic", ("v", "i", "n"): "car", ("vee", "eye", "en"): "car",
}  # fmt: skip
CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@lru_cache(maxsize=16_384)
def trigger(word: str) -> str:
    """The class a word announces; parts of `patientName` and the like count too, the last first."""
    lower = word.lower()
    if found := TRIGGERS.get(lower):
        return found
    if lower.endswith("s") and (found := TRIGGERS.get(lower[:-1])):
        return found
    if not word.islower() and not word.isupper():
        for part in reversed(CAMEL.findall(word)):
            if found := TRIGGERS.get(part.lower()):
                return found
    return ""


KINDS = (
    (NUMBER_WORDS, "w"), (LETTER_WORDS, "l"), (MONTHS, "m"), (ORDINAL_WORDS, "o"), (GLUE_WORDS, "g"),
)  # fmt: skip


def word_kind(word: str, key: str) -> str:
    """`n` figures, `p` a sign, `c` letters and figures; of words said: `w` a number, `o` an ordinal, `l` a letter,
    `g` glue, `m` a month. Empty for other words.
    """
    if word.isdigit():
        return "n"
    if not word[0].isalnum():
        return "p"
    for words, kind in KINDS:
        if key in words and (word.islower() or words is MONTHS):  # `OH` is a state, and `As` no letter
            return kind
    if len(key) == 1:
        return "l"
    return "c" if any(sign.isdigit() for sign in word) else ""
