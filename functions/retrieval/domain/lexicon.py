"""How clinicians say at the bedside what a text writes out: abbreviations, brands and everyday words.

Only for judging and choosing sentences: a question about an ECG is answered by one that says electrocardiogram. What
names a whole topic stands in the terminology; search has its own ways.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from voiceassist.core.text import terms

# Left what is said, right what is written; several of either are parted by a comma. A right side of several words
# counts when all of them are there. These name one thing, and are written out before a question is embedded.
_NAMES = """
ecg, ekg, twelve lead, 12-lead = electrocardiogram
ef, lvef = ejection fraction
pci, angioplasty, stenting = percutaneous intervention
icd = implantable defibrillator
crt = cardiac resynchronization
vf, v fib, vfib = ventricular fibrillation
mi = myocardial infarction
bp = blood pressure
cpr = cardiac arrest, resuscitation
rosc = return of circulation
crcl = creatinine clearance
bicarb = bicarbonate
sugar, bg, blood sugar = glucose
hb, hgb = hemoglobin
a1c, hemoglobin a1c = hba1c
wbc, white count = leukocyte
plt = platelet
lmwh = low molecular weight heparin
ufh = unfractionated heparin
doac, noac = direct oral anticoagulant
vka = vitamin k antagonist
pcc = prothrombin complex concentrate
ffp = plasma
ppi = proton pump inhibitor
acei, ace = ace inhibitor
arb = angiotensin receptor blocker
arni = neprilysin inhibitor
mra = mineralocorticoid antagonist
ccb = calcium channel blocker
ics = inhaled corticosteroid
laba = long-acting beta agonist
lama = long-acting muscarinic antagonist
saba = short-acting beta agonist
niv, bipap = non-invasive ventilation
nsaid = non-steroidal anti-inflammatory
dapt = dual antiplatelet
nac = acetylcysteine
mtx = methotrexate
dmard = disease-modifying drug
pressor = vasopressor
levophed = norepinephrine
adrenaline = epinephrine
noradrenaline = norepinephrine
paracetamol, tylenol, apap = acetaminophen
salbutamol, ventolin = albuterol
frusemide, lasix = furosemide
narcan = naloxone
eliquis = apixaban
xarelto = rivaroxaban
pradaxa = dabigatran
savaysa, lixiana = edoxaban
lovenox = enoxaparin
coumadin = warfarin
plavix = clopidogrel
brilinta = ticagrelor
effient = prasugrel
entresto, sacubitril = neprilysin inhibitor
lipitor = atorvastatin
glucophage = metformin
ozempic, wegovy, semaglutide = glp-1 receptor agonist
synthroid = levothyroxine
prolia = denosumab
puffer = inhaled
water pill = diuretic
iv = intravenous
im = intramuscular
po, by mouth = oral
intranasal = nose
high potassium = hyperkalemia
low sodium = hyponatremia
low sugar = hypoglycemia
fainting, passing out = syncope
bladder infection = cystitis
kidney infection = pyelonephritis
flare, attack, episode, bout = exacerbation, flare, attack, episode
water restriction = fluid restriction
prerenal = pre-renal
"""
# These only stand for something: enough to see that a sentence speaks of it.
_LOOSE = """
ct, cat scan, mri, mr, scan = imaging
head ct, brain scan = brain imaging
vt, vtach = ventricular tachycardia
af, afib, a fib = atrial fibrillation
sbp = systolic blood pressure, spontaneous bacterial peritonitis
map = mean arterial pressure
hr, pulse = heart rate
gfr = egfr
cr, scr, creat = creatinine
hd, rrt = dialysis, renal replacement
k = potassium
na = sodium
mg = magnesium
lp, spinal tap = lumbar puncture
csf = lumbar puncture
blood thinner, anticoagulate, anticoagulation = anticoagulant, heparin, warfarin
bb = beta blocker
steroid = corticosteroid, glucocorticoid, prednisone, dexamethasone, hydrocortisone
epipen, epi, epi pen = epinephrine
jardiance, farxiga, gliflozin = sglt2 inhibitor
fosamax = bisphosphonate
tpa, alteplase, lytic, lysis = thrombolysis
rescue inhaler, inhaler = reliever
shot, injection, jab = intramuscular, dose
pill, tablet = drug, oral
kidney failure, renal failure = kidney injury, kidney disease
renal = kidney
hepatic = liver
cardiac = heart
brain = intracerebral, cerebral
lung = pulmonary
clot = thrombosis, embolism
bleed, bleeding, hemorrhage = hemorrhage, bleeding
seizure, fit = seizure, epilepticus
confused, confusion = delirium
chest compression = compress
paracentesis, tapped, tap = ascites drained, ascites
nephrologist = nephrology
cardiologist = cardiology
neurologist = neurology
antithyroid = thionamide, methimazole, propylthiouracil
elderly, old, geriatric, senior = older
kid, child, pediatric = children
pregnant, expecting, trimester = pregnancy
goal, threshold, cutoff, cut off, aim = target
target, cutoff, threshold = goal
crisis = emergency
massive = high risk
watch, watched, monitored = observe
come off, wean = stopped
cut, cut down, lower = reduced
hold = not start, stop
quickly, fast, soon = hour, minute
severe, bad = severe
sick = illness
allergy, allergic = allergic, reaction, allergen
postop, post op, postoperative = after surgery, postoperative
"""

Alternatives = tuple[frozenset[str], ...]


def _lines(table: str) -> Iterator[tuple[str, str]]:
    for line in table.strip().splitlines():
        left, _, right = line.partition(" = ")
        yield left, right


def _entries() -> Iterator[tuple[tuple[str, ...], Alternatives]]:
    for left, right in (*_lines(_NAMES), *_lines(_LOOSE)):
        written = tuple(frozenset(terms(part)) for part in right.split(", "))
        for said in left.split(", "):
            yield tuple(terms(said)), written


@lru_cache(maxsize=1)
def table() -> dict[tuple[str, ...], Alternatives]:
    """What is said, as terms, with each way to write it; what the terms of both have in common is left alone."""
    found: dict[tuple[str, ...], Alternatives] = {}
    for said, written in _entries():
        found[said] = (*found.get(said, ()), *(other for other in written if not other <= frozenset(said)))
    return found


def alternatives(found: tuple[str, ...]) -> dict[str, Alternatives]:
    """For the terms of a question, in order: the sets of terms that mean the same."""
    known: dict[str, Alternatives] = {}
    for length in (3, 2, 1):
        for start in range(len(found) - length + 1):
            said = found[start : start + length]
            if other := table().get(said):
                for term in said:
                    known[term] = (*known.get(term, ()), *other)
    return known


@lru_cache(maxsize=1)
def _spellings() -> tuple[re.Pattern[str], dict[str, str]]:
    written = {said: right.split(", ")[0] for left, right in _lines(_NAMES) for said in left.split(", ")}
    longest = sorted(written, key=len, reverse=True)
    return re.compile(rf"(?i)(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])"), written


@lru_cache(maxsize=256)
def spelled(text: str) -> str:
    """A question with the names of the table written out: the embedder does not know most of them."""
    pattern, written = _spellings()
    return pattern.sub(lambda match: written[match[0].lower()], text)
