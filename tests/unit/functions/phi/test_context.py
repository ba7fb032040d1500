"""What surroundings say: names, places, numbers in speech, fields. All people and numbers are made up.

Every text is one that no evaluation file holds; the whole engine reads it, and the stretch in brackets must be covered.
"""

import re

import pytest

NAMES = [
    "Attending: Dr. [Walter] ([Bud]) [Ellingsworth]",
    "dr. [kaya-holt] is away",
    "Name: [Inga Halvorsen]   Addr: see face sheet",
    "Dr. [Okonkwo-Byrne] will see her in clinic.",
    "Seen with Prof. [Ingrid Solheim], agrees with the plan.",
    "pt [Vasquez, Maribel] here for refill",
    "Patient: [TREVINO, ESPERANZA L]",
    "Her husband [Tobias] drove her in; call sister [Annika Lindqvist] with results.",
    "Signed electronically by [Priyanka Deshmukh], MD",
    "Ms. [Delacroix] reports no chest pain.",
    "Spoke to [Rosalind] (daughter) about hospice.",
    "cc: [Hartley P. Quimby], DO",
    "Mother of [Jaylen] says he has been coughing since Sunday.",
    "[Fernando] was seen for follow up; [Fernando]'s mother agrees.",
    "Attn: [Bartholomew Higgs]",
    "Interpreter [Nguyen Thi Lan] assisted.",
    "can metformin be restarted for [Eleanor Fitzwilliam] after contrast",
    "is Mr. [Abernathy]'s INR back",
    "What dose of enoxaparin for [Kwabena Asante], 88 kg?",
    "Dear Dr. [van der Meer],",
    "Mr. [Owen Smith] rang. Colchicine was stopped; [Smith]'s gout has settled and the Smith fracture has healed.",
    "[Theodora K.] had a fever overnight.",
    "Thanks, [Siobhan Gallagher] RN",
    "RN [Castellano] notified at bedside",
    "name is [marcus whitfield] and he is a new patient",
    "this is doctor [hargrove] dictating on [ramona ellery]",
    "please schedule [guadalupe ortega] for friday",
    "next patient is [dwayne kowalczyk] he has knee pain",
    "Dr. [Number] and Mrs. [Nurse] were both told.",
    "im [kaylin] and my foot hurts since yesterday",
]
PLACES = [
    "She lives at [4410 Birchwood Terrace Apt 6], [Fort Wayne], IN [46802].",
    "Transferred from [Lakeview Regional Medical Center] overnight.",
    "PO [Box 1187], [Waxahachie], TX [75165]",
    "Works at [Pinnacle Roofing] and smokes.",
    "He moved from [Albuquerque] last year.",
    "a resident of [Shelby County]",
    "Follow up at [St. Brendan's Clinic] on Monday",
    "admitted to [Providence Hospice] for comfort care",
    "student at [Jefferson High School]",
    "biopsy done at [Mercy General Hospital]",
    "his employer is [Harmon Logistics]",
    "mailing address [27 N. Juniper Ct], [Eau Claire]",
    "he lives at [sixteen forty two juniper street] in [tallahassee]",
    "she was at [saint brendan medical center] last week",
    "She lives in [Hexham], [NE46 1QJ].",
    "at nine elm street in [jerome] [one five nine zero five]",
]
NUMBERS = [
    "MRN [00482-7719]",
    "med rec no. [7719-338-2]",
    "chart # [B-220914]",
    "his Aetna member ID is [W2207719834]",
    "policy no [AX-5520-3391]",
    "acct [55-203391-7]",
    "DL# [S530-4412-8817]",
    "lot number [K7L2291]",
    "pump serial [MMT-7714402]",
    "accession [S24-118832]",
    "case # [2024-CV-11872]",
    "badge [E-40718]",
    "plate [KRV 4471]",
    "room phone [555-0188], pager [404-555-0121 x77]",
    "SSN on file ends in [4471]",
    "seen [11/3], again on [Nov 19th] and in [March 2021]",
    "born [4 July 1951], died [2/2024]",
    "surgery [05.11.2022]",
    "DOS: [20230614]",
    "a [97-year-old] woman and her [101 y/o] sister",
    "returns after [Labor Day]",
    "from [192.0.2.77] and [2001:db8::7:1]",
    "portal [https://mychart.example.org/p/7719]",
    "see [scan_kowalski_face.png]",
    "[voiceprint VX-99120A]",
    "[(303) 555-0142]",
]
SPEECH = [
    "mrn is [seven seven one nine three three eight]",
    "his social is [four one two five five oh nine eight one]",
    "date of birth [march ninth nineteen fifty four]",
    "born on the [twenty second of august two thousand and one]",
    "call her back at [nine one nine five five five oh one double two]",
    "fax it to [eight hundred five five five oh one four four]",
    "email is [r ellery at fastmail dot com]",
    "zip code [nine seven two oh four]",
    "member number [x q seven seven oh one nine four]",
    "last name spelled [k o w a l c z y k]",
    "she is a [ninety three year old] retired teacher",
    "account number [double seven four four nine one]",
    "pacemaker serial number [p j n eight eight two oh one]",
    "the ip was [ten dot forty dot three dot seventeen]",
    "go to [w w w dot lakeview clinic dot org]",
    "license plate [k r v four four seven one]",
]
FIELDS = [
    "GET /fhir/Patient?birthdate=ge[1950-03-09]&family=x",
    "PV1||O|||||1021826619^[Ferrand]^[Tova]^[A]",
    '{"vehicle":"[MQU-582]","wearable":"[WR-4783641]"}',
    '{"ref":"none","by":"[rachelm]"}',
    '{"patient_name": "[Ramona Ellery]", "dob": "[1954-03-09]", "zip": "[97204]"}',
    '{"given": ["[Ramona]", "[Jo]"], "family": "[Ellery]"}',
    "user=[rellery] action=login ip=[198.51.100.7]",
    "GET /fhir/Patient/[8841207]?family=[Ellery] 200",
    "GET /portal/users/[ramona.ellery]/labs 404",
    "PID|1||[7719338]^^^HOSP^MR||[Ellery]^[Ramona]^[J]||[19540309]|F|||[6 Elm St]^^[Macon]^GA^[31201]||[8505550142]",
    "NK1|1|[Whitfield]^[Marcus]|SPO|[9 Oak Ln]^^[Macon]^GA^[31201]|[4785550142]",
    "duplicate key: (email)=([ramona@example.org]) already exists",
    "ValueError: no chart for '[Ramona Ellery]'",
    'subscriberId: "[QX77120]"',
    "INSERT INTO patients (name, mrn) VALUES ('[Ramona Ellery]', '[7719338]')",
    "patient=[Ellery] mrn=[7719338]",
    "s3://scans-prod/[ellery-ramona]/2025/consent.pdf 403",
    "put object key=uploads/[ramona_ellery]/scan.pdf size=88",
    "ERROR reading Chart/[H-22-9879] -> timeout",
    '{"remote_user":"[jbmellery52]","status":200}',
    "IN1|1|BCBS|[W990182]|Aetna||||||||||||[ELLERY]^[RAMONA]|SELF|[19540309]",
]
AGES = [
    "a gentleman of [96] who fell",
    "Grandmother lived to [95 years], smoked.",
    "AGE: [97YR]; weight 61 kg",
    "her grandfather is [one hundred four] and well",
    "he's [ninety seven] and needs his citalopram",
    "mobile [07700 900461] after six",
    "born [seven sixteen nineteen fifty six]",
]
CLEAN = [
    "AMT was 9/10 today",
    "cache shard=4/8 and 5/10 failures",
    "RRR with a 2/6 SEM at the apex",
    "tls issued serial=0x23263cf2 req=5e924dc5",
    "she's ninety percent on room air and weighs ninety kilos",
    "Zollinger-Ellison: gastrin 1,240, stop the PPI before the test?",
    "Ann Arbor II bulky, six cycles of ABVD",
    "A 19 Fr Blake drain was left in the pelvis.",
    "Dr. X. at ABCD General Hospital was called.",
    "L4 2ND level, S1 3RD look, SNOMED CT 307695467",
    "s3://artifacts/build/layer.tar.gz and s3://exports/2025/monthly-report.csv",
    "What is the first-line therapy for Kawasaki disease in children under five?",
    "Compare the Wells score and the Geneva score for pulmonary embolism.",
    "Does the Child-Pugh class change dosing of Eliquis 5 mg BID?",
    "Start Keppra 500 mg q12h, check levels in 2 weeks, BP 142/88, HR 76, SpO2 97%.",
    "Strength 4/5 in both arms, reflexes 2+, pain 6/10, GCS 15/15.",
    "Sodium 131, potassium 4.2, creatinine 1.3, platelets 188000, ferritin 1250.",
    "A 67-year-old man with Parkinson disease takes carbidopa-levodopa 25-100 three times a day.",
    "Per the 2021 KDIGO guideline, target a systolic pressure below 120.",
    "Foley catheter removed, Penrose drain in place, Trendelenburg position.",
    "ICD-10 E11.65, CPT 99214, LOINC 2160-0, SNOMED 44054006, NCT04280705.",
    "what is the maximum dose of tylenol in a seventy year old with cirrhosis",
    "sodium one thirty one potassium four point two creatinine one point three",
    "how long should warfarin be held before a colonoscopy",
    '{"level":"info","service":"retrieval","msg":"cache miss","n":12,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}',
    'File "/app/functions/retrieval/main.py", line 118, in search',
    "took 1834 ms, 512 chunks, heap 268435456 bytes, retry 2/5",
    "Hemostasis was achieved and the incision closed with Vicryl.",
    "May repeat the dose in 4 hours; will recheck if needed.",
]  # fmt: skip


def marked(text):
    """The text without its brackets, and where the bracketed stretches stand."""
    plain, places, last = "", [], 0
    for match in re.finditer(r"\[([^\[\]]+)\]", text):
        plain += text[last : match.start()]
        places.append((len(plain), len(plain) + len(match[1])))
        plain += match[1]
        last = match.end()
    return plain + text[last:], places


@pytest.mark.parametrize("text", [*NAMES, *PLACES, *NUMBERS, *SPEECH, *FIELDS, *AGES])
def test_what_identifies_is_covered(engine, text):
    plain, places = marked(text)
    covered = {at for one in engine.find(plain) for at in range(one.start, one.end)}
    left = [
        plain[start:end]
        for start, end in places
        if any(plain[at].isalnum() and at not in covered for at in range(start, end))
    ]
    assert places
    assert left == []


@pytest.mark.parametrize("text", CLEAN)
def test_clinical_content_is_left_alone(engine, text):
    assert [(one.label, text[one.start : one.end]) for one in engine.find(text)] == []
