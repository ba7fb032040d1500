"""The words that the context recognisers know: cues before names, kinds of places, heads of medical eponyms."""

TITLES = frozenset(
    "mr mrs ms miss mx dr drs doctor mister missus prof professor rev reverend sr fr sgt capt lt col cpl sra senor senora frau herr "
    "madame mme monsieur mlle sig signora dhr mevrouw detective officer deputy trooper sheriff judge rabbi imam pastor uncle aunt auntie "
    "cpt ofc maj cmdr pvt chaplain deacon nurse coach".split()
)
STRONG_TITLES = frozenset("mr mrs ms mx dr drs".split())
WEAK_TITLES = frozenset(
    "miss doctor professor reverend sr fr col prof rev sig detective officer deputy trooper sheriff judge rabbi imam pastor uncle "
    "aunt auntie chaplain deacon nurse coach".split()
)

# Before a colon or alone: the next words are somebody's name.
NAME_FIELDS = frozenset({
    "name", "patient name", "pt name", "full name", "first name", "last name", "middle name", "maiden name", "given name",
    "surname", "family name", "preferred name", "patient", "pt", "re", "attending", "provider", "physician", "surgeon",
    "assistant", "anesthesiologist", "pcp", "primary care physician", "primary care provider", "referring physician",
    "referring provider", "referred by", "referring md", "attn", "attention", "signed", "signed by", "electronically signed by",
    "dictated by", "transcribed by", "reviewed by", "authored by", "author", "cosigned by", "verified by", "approved by",
    "entered by", "ordered by", "performed by", "interpreted by", "read by", "collected by", "prepared by", "completed by",
    "emergency contact", "next of kin", "nok", "guarantor", "subscriber", "policy holder", "policyholder", "insured",
    "contact", "contact person", "guardian", "hcpoa", "health care proxy", "power of attorney", "caregiver", "informant",
    "spouse", "mother", "father", "parent", "cc", "dear", "client", "resident", "consultant", "nurse", "rn", "provider name",
    "requesting physician", "ordering provider", "attending physician", "case manager", "social worker", "therapist",
})  # fmt: skip

# Before a name and before much else; the next word must look like one.
NAME_CUES = frozenset({
    "wife", "husband", "son", "daughter", "brother", "sister", "uncle", "aunt", "grandmother", "grandfather", "grandson",
    "granddaughter", "niece", "nephew", "cousin", "partner", "fiance", "fiancee", "boyfriend", "girlfriend", "roommate",
    "neighbor", "friend", "mom", "dad", "stepmother", "stepfather", "sibling", "twin", "landlord", "pastor",
    "named", "called", "called by", "this is", "my name is", "name is", "i am", "im", "spoke with", "spoke to", "discussed with",
    "seen by", "evaluated by", "followed by", "examined by", "treated by", "cared for by", "accompanied by", "brought by",
    "interviewed", "consulted", "notified", "paged", "contacted", "call", "ask",
    "tell", "text", "email", "page", "remind", "contact", "look up", "pull up", "chart for", "records for", "results for",
    "rn", "rt", "lpn", "medic", "paramedic", "nurse", "aide", "tech", "technician", "pharmacist", "therapist", "midwife", "np", "pa", "user", "username", "owner",
    "discharge", "admit", "patients like", "patient", "pts", "member", "witness",
    "employee", "supervisor", "teacher", "coach", "attorney", "caller", "speaking", "regarding", "dictating", "hi", "hello",
    "hey", "thanks", "thank you", "sincerely", "regards", "respectfully", "yours", "lives with", "married to", "widow of",
})  # fmt: skip

PARTICLES = frozenset(
    "van von der den de del della di da dos das do du la le el al bin ibn bint ben ter ten zu af av y e mac st san abu".split()
)
SUFFIXES = frozenset("jr sr ii iii iv esq".split())

# Words that are never part of a name, whatever stands before them.
NEVER_NAMES = frozenset(
    """
    patient patients pt name names date dob mrn ssn phone fax email address age sex gender male female man woman boy girl
    dr doctor mr mrs ms md do rn np pa phd dds dpm dvm lpn cna facs facp mba mph bsn msn aprn crna pharmd od
    mbbs mbchb msw lcsw lmft lpc lmhc fnp dnp cnm dmd rph frcs frcp mrcp facog cwon ccrn acnp crnp emt
    the a an and or of in on at to for from with by is was are were be been has have had will would can could should may
    not no yes he she it they his her their him them i you we my your our this that these those there here who what when
    where why how which as if then than but so also after before during since until while because due about into over under
    admitted discharged seen evaluated diagnosed treated presents presented presenting complains reports states denies notes
    history exam plan assessment labs meds medications allergies impression diagnosis hospital clinic center department
    unit ward room bed floor north south east west street avenue road suite apt box county city state country
    january february march july september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday
    mon tue wed thu fri sat sun today tomorrow yesterday morning afternoon evening night noon week month year
    one two three four five six seven eight nine ten eleven twelve zero hundred thousand oh double triple dash dot
    left right new old last first next other same more less all any each every both none other
    wife husband son daughter brother sister mother father spouse mom dad uncle aunt parent guardian caregiver nurse
    american african asian hispanic latino caucasian european english spanish french german chinese
    medicare medicaid insurance member account number id code serial case license plate accession policy group
    tel ext acct dea npi vin dx'd ref'd hx tx rx sx fx s/p w/o pmh psh hpi
    im ive ill dont cant wont hes shes its thats whats lets
    sample sincerely regards enclosed please thank thanks call ask tell dear attn attention re cc hi hello okay ok um uh
    disease syndrome sign score test scale criteria protocol guideline guidelines stage grade class type
    null none true false error info debug warn warning level
    author esig subject appt sulfa hcp poa dpoa hcpoa cmo gauge wort counseled wound wounds denies endorses
    per dtr coll recd baby korea vietnam iraq afghanistan kuwait germany italy spain france mexico china india japan canada brazil cuba haiti
    poland ukraine russia nigeria kenya ghana ethiopia somalia egypt iran pakistan bangladesh philippines thailand peru colombia honduras
    dicom dependabot sudo renovate github gitlab jenkins hl7 fhir vit vitamin http https omega hep
    edd edc lmp cheers thx warmly faithfully truly copay beeper pager temporarily
    muslim jewish catholic russian arabic creole tagalog
    """.split()
)

# What makes an eponym out of the name before it.
EPONYM_HEADS = frozenset(
    """
    disease diseases syndrome syndromes sign signs score scores scoring scale scales criteria criterion test tests testing
    index classification class staging stage grade grading palsy sarcoma lymphoma tumor tumour tumors cyst duct ducts gland
    glands node nodes body bodies cell cells stain staining reflex phenomenon maneuver manoeuvre position incision procedure
    repair operation fracture dislocation contracture catheter tube drain line port device monitor clamp forceps retractor
    ligament tendon muscle nerve ganglion plexus canal fissure sulcus area zone point triangle space pouch loop capsule node
    fibers network membrane layer thyroiditis esophagus oesophagus anemia anaemia chorea ataxia dystrophy atrophy paralysis
    encephalopathy dementia psychosis neuropathy arthritis arthropathy purpura nephropathy glomerulonephritis granulomatosis
    vasculitis arteritis hernia diverticulum ulcer angina gangrene melanoma carcinoma nevus macroglobulinemia equation formula
    rule rules law method technique view projection respiration respirations breathing breath pulse murmur sounds nodule
    nodules spots spot lines ring rings arch angle lesion deformity foot joint joints knee elbow finger toe hip spine
    block phenomenon tetralogy triad pentad coma tract guidelines guideline consensus nomogram
    protocol questionnaire inventory scan study trial classification's lactate ringers ringer antibody antigen titer virus
    fever rash thyroid bandage boot splint traction frame fluid solution speech aphasia gait tremor lobe fossa sinus
    septicemia bacillus toxin esophagitis gastritis colitis deficiency bleeding factor intensity exercises exercise
    contractions clamps retractors needle needles scissors blade blades cannula trocar trocars rod rods wire sheath curette
    tenaculum stirrups patch plate cage spacer spacers component components prosthesis balloon stent stents graft suture
    sutures stapler anastomosis osteotomy fundoplication gag elevator elevators rongeur rongeurs dilator dilators speculum
    crypts fascia mesh knot resection diet agar rating anomaly malformation tables table vaccine vaccines
    hallpike pugh gault stokes barre pugh's turcotte vasc
    """.split()
)

INSTRUMENTS = frozenset(
    "drain drains tube tubes catheter catheters clamp clamps forceps retractor retractors needle needles scissors blade blades "
    "cannula trocar trocars rod rods wire wires sheath stent stents screw screws plate plates cage speculum elevator curette "
    "bougie bougies introducer laryngoscope stylet stirrups table frame rongeur dilator balloon graft mesh suture sutures".split()
)

# A last word that makes no person of the words before it.
NOT_LAST = frozenset(
    """
    clinic hospital center centre institute university college school health healthcare medical pharmacy laboratory labs
    street avenue road drive lane boulevard court place way highway county city state department services service program
    inc llc corp company foundation association society trial study
    """.split()
)

CALENDAR_NAMES = frozenset("april may june august".split())
BEFORE_MONTHS = frozenset(
    "in since on by until till of from last next this early late mid during before after every".split()
)
BEFORE_STRANGERS = frozenset("for is with named of by patient this from to see and".split())
CREDENTIALS = frozenset(
    "md do rn np pa phd dds dpm dvm lpn cna mba mph bsn msn aprn crna od facs facp mrn dob ssn "
    "mbbs mbchb msw lcsw lmft lpc lmhc fnp dnp cnm dmd rph frcs frcp mrcp facog cwon ccrn acnp crnp emt rrt otr slp dpt cma "
    "cwocn cde cdces rdn ldn bcba psyd mrcgp mrcs frcr frcpath frca cct cgc acnpc agacnp pmhnp whnp cpnp dc lac".split()
)
DOTTED_DEGREES = frozenset(tuple(one) for one in "rn do md np pa pt od".split())
PRONOUNS = frozenset(
    "he she it they his her their him them i we you my your our this that these those who what which".split()
)
SPOKEN_TESTS = frozenset(
    "afp alt ast bnp bun cea crp dvt esr hco hgb inr ldl psa ptt tsh wbc ua uti ekg ecg mri".split()
)
LETTER_NAMES = frozenset("em en ess eff tee vee zee aitch ell ex ar es el".split())
ARTICLES = frozenset("a an the this that these those one two three four each another using".split())
SHORT_FIELDS = frozenset("pt attn re cc".split())
