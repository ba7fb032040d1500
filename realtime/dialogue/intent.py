"""What somebody wants: a diagnosis, a treatment, a drug, a guideline, advice on a patient, a score, a deed, or to know.

Rules over words, the first that holds decides; the same sentence always has the same intent, and no model is asked. An
emergency or a calculator is recognised before, by those who know their words (clarify/urgent.py, the calculators room).
Retrieval decides which sources go first for an intent (SPEC P5.9).
"""

import re
from functools import lru_cache

from voiceassist.contracts.answers import Intent
from voiceassist.core.text import folded


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


_POLITE = r"(?:please |hey |hi |ok |okay |so |and |now |then |assistant |(?:can|could|would|will) you |i want you to )*"
_HELD = (
    r"(?:files?|folders?|nextcloud|calendar|agenda|schedule|meetings?|appointments?|reminders?|tasks?|to ?do|e?mails?"
    r"|inbox|messages?|letters?|notes?|drafts?|documents?|reports?|conversation|answer|case|chart|record|summary|pdf"
    r"|consult|list|visit|ward round)"
)
_DO = (
    r"(?:add|save|store|upload|download|send|forward|share|schedule|book|put|create|make|open|close|delete|remove"
    r"|cancel|move|postpone|mark|draft|write|dictate|export|attach|log)"
)
_LOOK = r"(?:read|print|search|list|show(?: me)?|find)"  # a deed only on what is one's own: "find the report on sepsis"
ACTION = re.compile(
    rf"^{_POLITE}(?:remind me\b|e?mail \w+|remember that\b|note that\b|call (?:the|dr|doctor|radiology)\b"
    rf"|{_DO} (?:\S+ ){{0,9}}(?:my|this|that|the|an?|last|mr|mrs|dr|open|unread) (?:\S+ ){{0,4}}{_HELD}\b"
    rf"|{_DO} (?:this|that|it)\b.* (?:to|in|into|under) (?:my|the)\b|{_DO} my\b|draft an?\b"
    rf"|{_LOOK} (?:\S+ ){{0,2}}(?:my|unread|open) (?:\S+ ){{0,3}}{_HELD}\b)"
    r"|\bon my (?:calendar|agenda|schedule|list)\b|\bdo i have (?:any|a)\b"
    r"|\bwho is (?:on (?:call|duty)|the (?:on[ -]call|duty) \w+)\b"
    rf"|\bwhat (?:{_HELD}) do i have\b|^{_POLITE}(?:send|save|upload|forward) (?:this|that|it)\b"
)
# Of a guideline, not of a file of one's own: "show me the NICE guideline" is no deed.
_SHOWN = _any(r"guid(?:eline|ance)s?", r"recommendations?", r"evidence")

_SCORES = (
    r"cha ?2? ?ds ?2?[ -]?vasc|chads\S*(?: vasc)?|has[ -]?bled|wells|well score|curb(?:[ -]?65)?|meld|child[ -]?pugh"
    r"|grace|timi|heart score|q?sofa|apache|news ?2?|gcs|coma scale|nihss|abcd2|perc|geneva|padua|caprini|centor|mdrd"
    r"|ckd[ -]epi|cockcroft\S*|e?gfr|creatinine clearance|anion gap|osmolality|corrected (?:calcium|sodium)"
    r"|water deficit|bmi|body mass index|body surface area|ideal (?:body )?weight|map|mean arterial pressure|qtc"
    r"|phq\S*|gad\S*|audit\S*|apgar|braden|ciwa\S*|rockall|blatchford|ranson\S*|bisap|fib[ -]?4|homa\S*|fena|framingham"
    r"|ascvd|gestational age|due date|morphine equivalents?|delta gap|gradient|maintenance fluids?|renal dos(?:e|ing)"
)
_COMPUTE = _any(
    r"calculat(?:e|or)", r"compute", r"work out", r"add up", r"how many points",
    r"(?:estimate|run|do|score|get)(?: \S+){0,2} (?:" + _SCORES + r")",
    r"convert (?:\S+ ){0,4}(?:mg|milligrams?)",
)  # fmt: skip
_SCORE = _any(rf"(?:{_SCORES})(?: scores?)?")
_ABOUT_A_SCORE = _any(
    r"what (?:is|are) (?:the |a )?(?:" + _SCORES + r")(?: scores?)?$", r"what does", r"mean(?:ing)?(?! arterial)",
    r"when (?:should|do|to)", r"how (?:is|do|does|to|accurate)", r"used", r"stand for", r"validated", r"components?",
    r"normal", r"causes?", r"prolong\w*", r"targets?", r"treat\w*", r"manage\w*", r"should", r"what next",
    r"what to do",
    r"safe", r"with an? (?:long|prolonged|low|high)", r"would you", r"doses?", r"dosing", r"drugs?",
)  # fmt: skip
_VALUES = re.compile(r"\d|\b(?:his|her|their|my|for|of|please|with|on (?:him|her))\b")

_BODIES = re.compile(  # upper case: "who recommends" is no organisation
    r"\b(?:AHA|ACC|ADA|ESC|EASL|AASLD|NICE|SIGN|IDSA|KDIGO|GOLD|GINA|USPSTF|WHO|CDC|ACOG|ACCP|ACR|EULAR|ASCO|ESMO|NCCN|"
    r"ERS|ATS|BTS|CHEST|FIGO|ACG|AGA|ECDC|STIKO)\b"
)
_GUIDELINE = _any(
    r"guid(?:eline|ance)s?", r"consensus", r"position (?:statement|paper)", r"according to", r"campaign",
    r"class of recommendation", r"(?:class|grade|level) of (?:evidence|recommendations?)", r"level of evidence",
    r"(?:new|latest|current|updated|official) recommendations?", r"who recommends?", r"uspstf", r"kdigo", r"idsa",
    r"which class", r"screening (?:intervals?|recommendations?)",
)  # fmt: skip

_PERSON = _any(
    r"\d{1,3}[ -]?(?:year|yr|month|week|day)s?[ -]?olds?", r"\d{2} ?[mf]", r"\d{2} ?yo",
    r"(?:my|our|this|the|a) (?:\w+ )?(?:patient|man|woman|lady|gentleman|boy|girl|child|baby|infant|newborn|mother)",
    r"patient (?:with|who|in|comes|is|has|on)", r"(?:he|she|his|her|him|hers) (?:\w+)", r"(?:to |for |him|her)$",
    r"an? (?:\w+ )?(?:newborn|child|man|woman|lady) (?:with|of|who|in|whose)", r"(?:is|are) \d{1,3}\b(?! (?:mg|mmol))",
    r"(?:five|two|three|four|six) year old", r"post ?op(?:erative)? day",
)  # fmt: skip
_PLURAL = _any(r"patients", r"adults", r"children", r"people", r"women", r"men", r"elderly")
_ADVICE = _any(
    r"what (?:should|would|do|can|could) (?:i|you|we|it|that)\b", r"what next", r"what (?:could|might) (?:it|this) be",
    r"what is (?:your|the) (?:concern|next step)", r"should (?:i|we)", r"how (?:should|would|fast should) (?:i|you|we)",
    r"(?:which|what) \S+ would you", r"would you", r"what should i (?:think|do)", r"how would you", r"or not",
    r"differential for an?(?! \w+ (?:syndrome|disease))", r"what am i missing",
)  # fmt: skip
_TELLS = _any(
    r"(?:i|we) (?:have|had|see|saw|admitted|got|are seeing)", r"(?:my|our|this) (?:\w+ )?(?:patient|man|woman|child)",
    r"he is", r"she is", r"he has", r"she has", r"comes in", r"presents with", r"presented", r"came in", r"refuses",
)  # fmt: skip
_ASKS = _any(r"what", r"how", r"when", r"which", r"who", r"why", r"is", r"are", r"can", r"does", r"do", r"should")

_DRUGS = _any(
    r"\w{2,}(?:olol|pril|sartan|statin|cillin|mycin|micin|floxacin|quinolones?|azole|prazole|vir|mab|nib|gliptin"
    r"|gliflozin|glutide|tide|parin|xaban|gatran|grel(?:or)?|tidine|setron|triptan|zepam|zolam|caine|dipine|semide"
    r"|thiazide|oxetine|pram|traline|zapine|idone|pentin|barbital|curonium|cort|solone|sone|dronate|purinol|ampin"
    r"|cycline|profen|oxaban|cept|trexate|lukast|terol|phylline|fungin|penem|zolid|formin|glitazone|platin|taxel)",
    r"aspirin|warfarin|heparin|insulins?|digoxin|lithium|amiodarone|acetaminophen|paracetamol|morphine|codeine"
    r"|oxycodone|fentanyl|tramadol|naloxone|epinephrine|norepinephrine|adrenaline|dopamine|vancomycin|gentamicin"
    r"|allopurinol|colchicine|levothyroxine|steroids?|statins?|nsaids?|antidepressants?|alteplase|ketamine|propofol"
    r"|phenytoin|valpro\w+|carbamazepine|levodopa|clozapine|cotrimoxazole|nitrofurantoin|metronidazole|ceftriaxone"
    r"|ce(?:f|ph)\w{4,}|iron|potassium chloride|magnesium|tacrolimus|cyclosporine|azathioprine|hydroxychloroquine",
)  # fmt: skip
_ABOUT_A_DRUG = _any(
    r"dos(?:e|es|ing|age|ages)", r"side effects?", r"adverse (?:effects?|reactions?|events?)", r"interact\w*",
    r"contraindicat\w*", r"mechanism of action", r"half[ -]?life", r"trough", r"antidote", r"pharmacokinetics?",
    r"how (?:do i |to |should (?:i|we) )?(?:dilute|taper|crush|mix|give)", r"crush", r"dilute", r"(?:blood )?levels?",
    r"boxed warning", r"warnings?", r"cross(?:es)? the placenta", r"breast ?feeding", r"lactation", r"(?:off ?)?label",
    r"brand name", r"combined with", r"together with", r"taken", r"how (?:quickly|fast|long) does", r"how does",
    r"monitor(?:ed|ing)?", r"(?:is|are) \S+ (?:safe|ok|okay|allowed|contraindicated)", r"does",
    r"can i (?:give|crush|mix)",
)  # fmt: skip
_DOSE = _any(r"dos(?:e|es|ing|age|ages)", r"side effects?", r"adverse reactions?", r"half[ -]?life", r"trough")

_DIAGNOSIS = _any(
    r"diagnos\w*", r"symptoms?", r"signs?(?: and| of)", r"differential\w*", r"work ?up", r"tests?", r"testing",
    r"investigat\w*", r"rul(?:e|ed|ing) (?:out|in)", r"confirm(?:ed|s)?", r"suspect(?:ed)?", r"red flags?", r"features",
    r"findings?", r"imaging", r"\bct\b", r"mri", r"x ?ray", r"ultrasound", r"ecg", r"criteria", r"distinguish\w*",
    r"differentiat\w*", r"how can i tell", r"tell \w+ (?:from|apart)", r"causes? of", r"(?:what )?could cause",
    r"interpret\w*", r"what does an? (?:\w+ )?(?:positive|negative|raised|high|low|elevated|normal)", r"sensitivity",
    r"specificity", r"antibodies", r"present(?:s|ing|ation)?$", r"recogni[sz]e", r"warning signs",
    r"how does \w+(?: \w+)? present",
)  # fmt: skip
_TREATMENT = _any(
    r"treat(?:ed|ing|ment|ments|able)?", r"therap(?:y|ies)", r"manag(?:e|ed|ing|ement)",
    r"(?:first|second|third)[ -]line", r"initial \w+ (?:for|in)", r"antibiotics?",
    r"prophyla\w+", r"prevent(?:ion|ing|s)?", r"revers(?:e|al)", r"surgery",
    r"transfus\w+", r"anticoagula\w+", r"wean\w*", r"duration", r"how long (?:to|should)", r"fluids? for", r"options",
    r"best way to", r"target", r"goal", r"when (?:should i |do i |to )?(?:start|stop|begin|give|operate)",
    r"what (?:do|should) i (?:do|give)", r"should i give", r"control", r"cure", r"correct", r"regimen", r"dialysis",
    r"do we (?:still )?(?:use|give)", r"indications? for", r"vaccinat\w+", r"prescrib\w+", r"rehabilitation",
)  # fmt: skip
# What is asked of a disease in general, whatever else the sentence holds.
_GENERAL = re.compile(
    r"^(?:hello|hi|good (?:morning|evening|afternoon)|what is (?:an? |the )?(?:\w+ ?){1,3}$|define\b|definition of"
    r"|explain\b|tell me about|who (?:was|discovered|invented)|what does \w+ stand for|history of the)"
    r"|\b(?:prognosis|life expectancy|survival|inherited|inheritance|how common|how many people|prevalence|incidence"
    r"|epidemiology|contagious|infectious to|risk factors?|stand for|difference between|pathophysiology|weather"
    r"|what time)\b"
)


def drug_in(said: str) -> str | None:
    """The first drug or class of drugs that is named, as it is written."""
    found = _DRUGS.search(folded(said))
    return found[0] if found else None


@lru_cache(maxsize=512)
def intent_of(question: str) -> Intent:
    """The intent of a typed or heard question; "general" where no rule holds."""
    said = " ".join(re.sub(r"[^\w\s.'/-]", " ", folded(question).replace("\u2019", "'")).rstrip(" .").split())
    if ACTION.search(said) and not _SHOWN.search(said.split(" to my ")[0] if " to my " not in said else ""):
        return "action"
    if _computes(said):
        return "calculation"
    if _GUIDELINE.search(said) or _BODIES.search(question):
        return "guideline"
    if _is_case(said):
        return "case_consultation"
    return _of_subject(said)


def _computes(said: str) -> bool:
    if _COMPUTE.search(said):
        return not re.match(r"(?:how|when|why)\b", said) or "many points" in said
    named = _SCORE.search(said)
    if not named or _ABOUT_A_SCORE.search(said):
        return False
    return bool(_VALUES.search(said) or named[0] == said)


def _is_case(said: str) -> bool:
    """A patient is told of, and advice is asked for or nothing is asked at all."""
    person = _PERSON.search(said)
    if not person or _DOSE.search(said):
        return False
    return bool(_ADVICE.search(said) or _TELLS.search(said) or not _ASKS.match(said))


def _of_subject(said: str) -> Intent:
    general = _GENERAL.search(said) is not None
    drug = _DRUGS.search(said) is not None
    treats, finds = _TREATMENT.search(said), _DIAGNOSIS.search(said)
    if _DOSE.search(said) or (drug and _ABOUT_A_DRUG.search(said) and not (treats and treats.start() < 12)):
        return "drug_info"
    if general:
        return "general"
    if treats and finds:
        return "treatment" if treats.start() < finds.start() else "diagnosis"
    if treats or finds:
        return "treatment" if treats else "diagnosis"
    return "drug_info" if drug else "general"
