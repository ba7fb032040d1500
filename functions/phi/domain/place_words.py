"""What places and facilities are called by, and whether a word may be a part of what one is called."""

from functions.phi.domain import vocabulary
from functions.phi.domain.document import LOWER, MIXED, TITLE, UPPER, Document
from functions.phi.domain.lists import FREQUENT

# Kinds of facility. The first need no more than a proper word before them; the others must not be a common phrase.
HEADS = frozenset(
    """
    hospital hospitals clinic clinics infirmary sanatorium hospice pharmacy medical health healthcare rehab rehabilitation
    institute university college school academy elementary seminary church temple synagogue mosque parish
    inc llc corp corporation company co ltd llp associates partners group industries enterprises foundation
    pediatrics orthopedics orthopaedics cardiology dermatology oncology gynecology obstetrics neurology urology nephrology
    gastroenterology psychiatry ophthalmology dental dentistry optometry chiropractic medicine surgery facility
    med hosp er clin
    cleaners mining co office law plumbing salon barbershop garage diner deli farm catering staffing security
    laboratory laboratories labs lab diagnostics imaging radiology
    center centre ctr medcenter memorial general regional presbyterian methodist baptist lutheran adventist
    brewery bakery hotel inn bank supermarket restaurant cafe diner foods motors auto parts construction plumbing roofing
    electric landscaping trucking logistics airlines railroad farms dairy ranch mill mills factory warehouse store market
    services systems solutions technologies software consulting insurance realty properties jail prison penitentiary
    shelter home homes manor village nursing living care daycare preschool kindergarten library precinct
    """.split()
)
MIDDLES = frozenset(
    """
    medical health cancer heart children's childrens women's womens children women surgery surgical eye dental family community
    regional general memorial veterans va state city county dialysis urgent primary specialty orthopedic orthopaedic pediatric
    pediatrics psychiatric behavioral mental rehabilitation rehab nursing care treatment wellness physicians physician
    university teaching district valley high middle elementary community-based internal medicine cardiology oncology
    neurology dermatology imaging diagnostic services center centre home assisted living of the and for & - ' auto parts
    hospital clinic school college institute pharmacy group practice
    """.split()
)
EMPLOYED = frozenset({
    "works at", "works for", "work at", "working at", "working for", "worked at", "worked for", "employed by", "employed at",
    "employer", "employer is", "job at", "employee of", "employee at", "retired from", "student at", "teaches at", "attends",
    "goes to", "manager at", "teacher at", "nurse at", "resident of", "resident at", "enrolled at", "hired by",
})  # fmt: skip
STAYED = frozenset({
    "seen at", "treated at", "admitted to", "admitted at", "transferred from", "transferred to", "transfer from",
    "transfer to", "evaluated at", "hospitalized at", "presented to", "referred to", "referred from", "discharged from",
    "discharged to", "followed at", "care at", "facility", "hospital", "clinic", "patient at", "diagnosed at", "operated at",
    "surgery at", "visited", "delivered at", "records from", "location", "site", "institution", "performed at", "born at",
    "lives at", "living at", "resides at", "residing at", "stays at", "staying at", "done at", "sent from", "on call at", "arrived from",
    "presents to", "brought to", "came to", "records at", "imaging at", "appointment at", "consult at", "er at", "ed at",
})  # fmt: skip
SAINTS_AND_SIDES = frozenset("st saint mt mount new old north south east west upper lower big little".split())
SAINTS = frozenset("st saint st. mt mount ste santa san our".split())
PLACE_PARTS = HEADS | MIDDLES | SAINTS_AND_SIDES
CALLED = EMPLOYED | STAYED
TOLD = frozenset(phrase.partition(" ")[0] for phrase in CALLED)  # what a phrase of CALLED can begin with
Found = tuple[int, int, str, float]  # first token, end, label, score


def stops(document: Document, index: int) -> bool:
    """A word that neither a person nor a place is called."""
    key = document.keys[index]
    return key in vocabulary.NEVER_NAMES and key not in PLACE_PARTS


def proper(document: Document, index: int) -> bool:
    """Written as a name is, in texts with capitals; in speech any word that is no frequent one."""
    if document.speech:
        return document.shapes[index] == LOWER and not document.flags[index] & FREQUENT
    return document.shapes[index] in {TITLE, UPPER} or (
        document.shapes[index] == MIXED
        and document.words[index][0].isupper()
        and not document.words[index][-1].isdigit()
    )
