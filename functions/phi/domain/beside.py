"""What must not stand beside a figure that looks like a number of somebody: quantities, laboratory values, code systems."""

import re

from functions.phi.domain import fields

NEAR = 24
KEY = re.compile(r"""([A-Za-z_][\w.-]{0,40})=["']?\Z""")
UNIT = re.compile(
    r"[ \u00a0]?(?:%|mg|mcg|ug|µg|g|kg|ml|mls|l|dl|meq|mmol|mol|iu|units?|u|mm|cm|m|km|mmhg|bpm|cells?|copies|k|ns|ms|s|sec|secs|"
    r"seconds?|min|mins|minutes?|h|hr|hrs|hours?|days?|d|weeks?|wks?|months?|mos?|years?|yrs?|tabs?|tablets?|caps?|capsules?|"
    r"doses?|drops?|puffs?|ppm|cc|lbs?|oz|feet|ft|inches|in|kcal|calories|steps|bytes|kb|mb|gb|rows|chunks|tokens|requests|"
    r"dollars|usd|pain|strength|scale|reflexes|motor|power|vision|points?|/(?!/)|x10|×|\*|e\d|c\.|p\.)(?![a-z])",
    re.IGNORECASE,
)
# What stands before a quantity: measurements, code systems, and what machines count.
QUANTITIES = frozenset(
    """
    a1c afp albumin alloc alp alt ammonia amylase anc apc apgar apgars ast atc attempt attempts available backlog
    bilirubin bmi bnp bp buffer build bun bytes ca ca-125 ca125 cas cd4 cea chapter cholesterol ck class code
    commit connection connections cortisol count counts cpk cpt cr creatinine crp cui cve d-dimer ddimer dlco doi
    dose drg duration duration_ns ef egfr elapsed entrez epoch errno error esr exit ferritin fev1 fig figure fio2
    free french gauge gc gcs genbank ggt glucose grade grant gravida hcg hcpcs hct hdl heap height hgb hgnc hr ht
    http icd icd-10 icd-11 icd-9 icd10 icd11 icd9 inr intake isbn iso isrctn issn k lactate lag latency ldh ldl
    level limit line lines lipase load loinc max mem memory mesh min motor ms-drg n na nct ndc o2 offset omim
    output page pages pain pao2 para peep pid platelet platelets plt pmc pmid port potassium psa pubmed pulse quota
    rate ratio rbc reflexes request_id retries rev rfc rr rss rxcui rxnorm sat sats score seq size snomed snomedct
    sodium span span_id spo2 stage status step strength table temp thread threads tid timestamp titer took total
    trace trace_id triglycerides troponin ts tsh ttl type umls unii uniprot used ver version viral vision vol volume wbc
    weight wt
    """.split()
)
AMOUNT_SIGNS = "$€£<>≤≥~±"
LINKS = "\"' \t\n:=#.()-"


def no_unit(text: str, _start: int, end: int) -> bool:
    """No unit follows; of numbers that a word announces nothing more is asked."""
    return not UNIT.match(text, end, end + NEAR)


def no_quantity(text: str, start: int, end: int) -> bool:
    """No unit follows, and no word of a measurement, a code system or a machine's own counting stands before."""
    if UNIT.match(text, end, end + NEAR):
        return False
    last = start
    while last > max(0, start - 4) and text[last - 1] in LINKS:
        last -= 1
    if text[last - 1 : last] and text[last - 1] in AMOUNT_SIGNS:
        return False
    first = last
    while first > max(0, last - NEAR) and (text[first - 1].isalnum() or text[first - 1] in "_-"):
        first -= 1
    word = text[first:last].lower()
    return word not in QUANTITIES and not (word == "ct" and text[first - 7 : first - 1].lower() == "snomed")


# Prefixes of codes that name no person: registries of literature, genes, standards, diseases, and machines' own.
NO_PERSON = frozenset(
    "NCT PMID PMC DOI CVE RFC ISO ICD CPT LOINC SNOMED NDC HCPCS ATC CAS RX RXCUI ENSG ENST HGNC OMIM GSE ISBN ISSN HTTP UTF "
    "SHA AES HLA COVID SARS PORT PID ERR GMT UTC TLS IEC EN ASTM ANSI BRCA HER CYP PD ISRCTN EUDRACT GO RS NM NP NC "
    "HIV HCV HBV HPV SQL UUID T MHZ DSM TNM".split()
)
LETTERS = re.compile(r"[A-Za-z]*")
LONGEST_T = 7  # `T12345` is a ticket of a machine, `T3852712650` a member
PLAIN_PICTURES = re.compile(
    r"(?i)(?:logo|icon|favicon|banner|sprite|background|chart|graph|plot|figure|fig|diagram|ecg|ekg)s?[-_.\d]*[a-z]{3,4}\Z"
)


def no_code(text: str, start: int, end: int) -> bool:
    """No code of a registry that counts no persons."""
    prefix = LETTERS.match(text, start, end)
    known = prefix is not None and prefix[0].upper() in NO_PERSON
    known = known and not (prefix is not None and prefix[0] == "T" and end - start > LONGEST_T)
    return not known and no_quantity(text, start, end)


def lone_code(text: str, start: int, end: int) -> bool:
    """The same in small letters, where nothing of a program stands around it."""
    return no_code(text, start, end) and apart(text, start, end) and text[start - 1 : start] not in {"@", "=", '"', "'"}


def no_asset(text: str, start: int, end: int) -> bool:
    """A picture that is no part of a page or a program."""
    return not PLAIN_PICTURES.match(text, start, end) and "/static/" not in text[max(0, start - 60) : start]


def no_namespace(text: str, _start: int, end: int) -> bool:
    """`java.net` of `java.net.SocketException` and `org.acme` of a package are no addresses."""
    return not (text[end : end + 1] == "." and text[end + 1 : end + 2].isalpha()) and text[end : end + 1] != "("


FOLLOWING = re.compile(
    r"\s?(?:[.,;:?!)\]]|$|\n)|\s(?:at|and|to|for|with|he|she|they|but|or|per|by|of this month|of next month|in clinic|w/|@|-)\b"
)


def no_ordinal(text: str, _start: int, end: int) -> bool:
    """`until the 28th.`, but not `on the 4th toe`."""
    return FOLLOWING.match(text, end) is not None


def no_name(text: str, _start: int, end: int) -> bool:
    """`from April Jones` is somebody, `in June` and `since October 2020` are days."""
    following = text[end : end + 2]
    return not (following[:1] in {" ", "'"} and following[1:].isupper()) and following[:1] not in {"-", "’", "'"}


DRUGGED = re.compile(r"[A-Za-z]{4,}\s\Z")


def no_doses(text: str, start: int, end: int) -> bool:
    """`Crestor 10/20/40` are the strengths of a drug: behind a word that is no cue, rising, each of them of fives."""
    parts = text[start:end].split("/")
    if len(parts) != 3 or any(int(one) % 5 or one[0] == "0" or len(one) > 2 for one in parts):
        return True
    strengths = [int(one) for one in parts]
    return not (strengths == sorted(strengths) and DRUGGED.search(text[max(0, start - NEAR) : start]))


SCORE_AFTER = re.compile(
    r"\s?(?:strength|pain|motor|power|murmur|systolic|diastolic|tab|tabs|tablets?|pulses?|reflex|reflexes|dtrs?|edema|vision|scale|"
    r"intensity|bilateral|bilaterally|throughout|upper|lower|cups?|inch|inches|grade|on the|in (?:the|all|both|upper|lower|bilateral)|"
    r"criteria|points?|score|sirs|symptoms|ml|mg|dose|normal|saline|ns|lr|lead|leads|cores|positive|nodes|lymph|samples?|visits?|"
    r"attempts?|retries|chunks|rows|failures?|failed|passed|shards?|pods?|workers?|replicas?|ready|healthy|complete[d]?|done|tests?|checks?|"
    r"steps?|items?|requests?|sem|hsm|esm|psm|sm|msm|diastolic|systolic)\b",
    re.IGNORECASE,
)
SCORE_BEFORE = re.compile(
    r"\b(?:strength|pain|motor|power|pulses?|reflex|reflexes|dtrs?|murmur|grade|retry|attempt|step|page|part|score|scores?|apgars?|rated|"
    r"level|bp|pressure|vision|acuity|ratio|nodes?|mrs|gcs|moca|mmse|phq|gad|intensity|severity|scale|rating|orientation|criteria|"
    r"amt|amts|4at|mmt|nrs|vas|npis|sppb|asia|fim|barthel|tinetti|mini-?cog|clock|recall|abcde|centor|curb-?65|wells|kps|heart|bisap|qsofa|batch|shard|shards|test|tests|ef|a|about|approximately|every|x|over|only|nearly|almost|tid|bid|take|takes|taking|give|cut)[\s:=(]{1,3}(?:is |was |of |a |at )?\Z",
    re.IGNORECASE,
)


def no_score(text: str, start: int, end: int) -> bool:
    """`4/5 strength`, `10/10 pain`, `1/2 tablet` are no days; neither are `120/80` and `5/5`."""
    month, _, day = text[start:end].replace("-", "/").partition("/")
    if text[end : end + 1] in {"/", "-"} or text[max(0, start - 1) : start] in {"/", "-", "+", "."}:
        return False
    if month == day and month in {"5", "10", "4", "2", "3"} and text[max(0, start - 4) : start] != " on ":
        return False
    return not SCORE_AFTER.match(text, end) and not SCORE_BEFORE.search(text[max(0, start - NEAR) : start])


def apart(text: str, start: int, end: int) -> bool:
    """No part of a longer code such as a UUID, and no quantity."""
    if (told := KEY.search(text[max(0, start - NEAR) : start])) and not fields.label_of(told[1]):
        return False  # a machine's own: the fields know the others
    if text[start - 1 : start] in {"-", "_", "/", "."} and text[start - 2 : start - 1].isalnum():
        return False
    if text[end : end + 1] in {"-", "_", "/"} and text[end + 1 : end + 2].isalnum():
        return False
    return no_quantity(text, start, end)


def no_fraction(text: str, start: int, end: int) -> bool:
    """`1-1/2 hours`, `+1 to 2/4`, `3 1/2`: halves and quarters, which no cue makes days."""
    month, _, day = text[start:end].partition("/")
    if text[max(0, start - 1) : start] == "=":
        return False  # a machine's own: `shard=4/8`
    if int(day) <= 4 and int(month) <= int(day):
        return False
    if text[max(0, start - 1) : start] in {"-", "+", "."} or text[end : end + 1] in {"-", "+"}:
        return False
    return no_score(text, start, end)
