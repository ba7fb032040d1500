"""People of a document: who they are stays the same within it, how they are written changes."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from functions.phi.training import spoken
from functions.phi.training.grammar import TEMPLATES, Case, Piece, of_split, words
from functions.phi.training.sources import names

SYLLABLES = (
    "ba bel bran cal cor da del dor el far fen gar gil hal har jan kal kel lan lor mar mel nor or pel ran rel ros "
)
SYLLABLES += "sal san sel tal tam tor val ver vin wal wen zan zel"
ENDINGS = "son ton ley man er ic ski ova ez ides berg feld mann dahl quist bury ham worth more lin sen ano etti oux"
# Names that are words too; they come more often than they are borne, so that the words around them have to decide.
WORD_GIVEN = words("people.word_given")
WORD_FAMILY = words("people.word_family")
# Words that carry sentences: as names they teach nothing but to doubt the sentence.
TOO_PLAIN = frozenset(
    "a am an and any are as at be but by can do for from go had has he her him his how i if in is it its left like man may "
    "me my new no not now of off old on one or our out over see she so some son than that the them then they this to too "
    "two up us very was we well what when who why will with you your mother father husband wife patient doctor nurse male "
    "female said says seen call case chart room bed test last first name end day age date home note plan self down test".split()
)
SUFFIXES = ("Jr.", "Sr.", "III", "II", "Jr", "IV")
CREDENTIALS = (
    "MD DO NP PA-C RN M.D. D.O. FNP DNP PhD PharmD LCSW MSW LPN CRNA DDS DPM PT RD FACS MBBS R.N. APRN CNM".split()
)


@cache
def lists(held: bool | None) -> dict[str, list[str]]:
    every = names()
    return {
        "common": of_split(every.common, held=held),
        "given": of_split(every.given, held=held),
        "top": of_split(every.family[:2500], held=held),
        "family": of_split(every.family, held=held),
        "far_given": of_split(every.far_given, held=held),
        "far_family": of_split(every.far_family, held=held),
        "word_given": of_split(WORD_GIVEN, held=held),
        "word_family": of_split(WORD_FAMILY, held=held),
        "word_rare_given": of_split(template_words(every.given) or WORD_GIVEN, held=held),
        "word_rare_family": of_split(template_words(every.family) or WORD_FAMILY, held=held),
    }


def template_words(names_: tuple[str, ...]) -> list[str]:
    """Names that are words of the templates as well, such as Nurse, Son and Street."""
    words = {word for path in TEMPLATES.glob("*.txt") for word in re.findall(r"[a-z]{3,}", path.read_text("utf-8"))}
    return sorted({name for name in names_ if name.lower() in words - TOO_PLAIN})


@dataclass(frozen=True)
class Person:
    given: str
    family: str
    middle: str
    suffix: str


def invented(case: Case) -> str:
    parts = SYLLABLES.split()
    return (case.pick(parts) + (case.pick(parts) if case.chance(0.4) else "") + case.pick(ENDINGS.split())).capitalize()


def given(case: Case, *, far: bool) -> str:
    own = lists(case.held)
    if far:
        return case.pick(own["far_given"])
    roll = case.rng.random()
    kind = (
        "common" if roll < 0.4 else "word_given" if roll < 0.44 else "word_rare_given" if roll < 0.45
        else "far_given" if roll < 0.62 else "given"
    )  # fmt: skip
    if case.chance(0.02):  # `Ana-Lucia`, `Ji-won`
        second = case.pick(own["common"])
        return f"{case.pick(own['common'])}-{second if case.chance(0.7) else second.lower()}"
    return case.pick(own[kind])


def family(case: Case, *, far: bool) -> str:
    own = lists(case.held)
    roll = case.rng.random()
    if far:
        one = case.pick(own["far_family"])
    elif roll < 0.06:
        one = invented(case)
    else:
        kind = (
            "top" if roll < 0.4 else "word_family" if roll < 0.45 else "word_rare_family" if roll < 0.465
            else "far_family" if roll < 0.61 else "family"
        )  # fmt: skip
        one = case.pick(own[kind])
    roll = case.rng.random()
    if roll < 0.06:
        one += "-" + case.pick(own["top"])
    elif roll < 0.09:
        one = (
            case.pick(
                (
                    "O'",
                    "O'",
                    "D'",
                    "Mc",
                    "Mac",
                    "Fitz",
                    "St. ",
                    "De ",
                    "Van ",
                    "Von ",
                    "De La ",
                    "Van der ",
                    "Al-",
                    "El ",
                    "Di ",
                    "Le ",
                    "Ap ",
                    "Van den ",
                    "Dos ",
                    "ten ",
                    "Ben-",
                    "Abu ",
                )
            )
            + one
        )
    return one


def person(case: Case) -> Person:
    far = case.chance(0.22)
    middle = given(case, far=False) if case.chance(0.6) else case.pick("ABCDEFGHJKLMNPRSTW")
    return Person(given(case, far=far), family(case, far=far), middle, case.pick(SUFFIXES))


def patient(case: Case) -> Person:
    return remembered(case, "patient")


def remembered(case: Case, role: str) -> Person:
    known = case.memory.get(role)
    if not isinstance(known, Person):
        known = case.memory[role] = person(case)
    return known


def initials(one: Person) -> str:
    return f"{one.given[0]}{one.family[0]}"


FULL = (
    (62, "{0} {1}"), (12, "{0} {3}. {1}"), (5, "{0} {2} {1}"), (2, "{0} {1} {4}"), (2, "{0} {1}, {4}"), (4, "{5}. {1}"),
    (3, "{0} {3} {1}"), (1, "{0} “{2}” {1}"), (1, '{0} "{2}" {1}'), (1, "{0} ({2}) {1}"),
)  # fmt: skip


def full(case: Case, one: Person) -> str:
    """Given name first, in the ways of prose."""
    form = case.rng.choices([form for _, form in FULL], [often for often, _ in FULL])[0]
    return form.format(one.given, one.family, one.middle, one.middle[0], one.suffix, one.given[0])


def reversed_(case: Case, one: Person) -> str:
    roll = case.rng.random()
    if roll < 0.55:
        return f"{one.family}, {one.given}"
    if roll < 0.75:
        return f"{one.family}, {one.given} {one.middle[0]}{case.pick(('.', ''))}"
    if roll < 0.85:
        return f"{one.family.upper()}, {one.given.upper()}"
    if roll < 0.93:
        return f"{one.family.upper()},{one.given.upper()} {one.middle[0].upper()}"
    return f"{one.family}, {one.given} {one.middle}"


def short(case: Case, one: Person) -> str:
    """Partly hidden: `James T.`, `J. Turner`, `J.T.`, `JT`."""
    forms = (
        f"{one.given} {one.family[0]}.",
        f"{one.given} {one.family[0]}.",
        f"{one.given} {one.family[0]}",
        f"{one.given[0]}. {one.family}",
    )
    more = (
        f"{one.given[0]}.{one.family[0]}.",
        f"{one.given[0]}.{one.middle[0]}.{one.family[0]}.",
        f"{one.given[0]}. {one.family[0]}.",
    )
    return case.pick(forms) if case.chance(0.8) else case.pick(more)


def styled(case: Case, text: str) -> str:
    roll = case.rng.random()
    if roll < 0.07:
        return text.upper()
    if roll < 0.1:
        return text.lower()
    return text


def folded(text: str) -> str:
    """ASCII letters only, lower case: as in addresses and file names."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(sign for sign in plain if sign.isalnum())


def slug(case: Case, one: Person, joints: str = "-_.") -> str:
    given_, family_ = folded(one.given) or "a", folded(one.family) or "b"
    joint = case.pick(joints)
    return case.pick(
        (
            f"{given_}{joint}{family_}",
            f"{given_}{joint}{family_}",
            f"{family_}{joint}{given_}",
            f"{given_}{joint}{one.middle[0].lower()}{joint}{family_}",
        )
    )


def login(case: Case, one: Person) -> str:
    given_, family_ = folded(one.given) or "a", folded(one.family) or "b"
    form = case.pick((
        f"{given_[0]}{family_}", f"{family_}{given_[0]}", f"{given_}.{family_}", f"{given_}_{family_}", f"{given_}{family_}",
        f"{family_}.{given_}", f"{given_[0]}.{family_}", f"{given_}{family_[0]}", f"{family_}{given_[:2]}", f"{given_}-{family_}",
        f"{given_[0]}{one.middle[0].lower()}{family_}",
    ))  # fmt: skip
    return form + (str(case.number(1, 99)).zfill(case.pick((1, 2))) if case.chance(0.3) else "")


def say(case: Case, text: str) -> str:
    """A name as the recogniser writes it; sometimes with a hyphen kept."""
    lower = text.lower().replace(".", " ").replace(",", " ")
    if case.chance(0.5):
        lower = lower.replace("-", " ")
    return " ".join(lower.replace('"', "").replace("(", "").replace(")", "").split())


def named(case: Case, text: str) -> list[Piece]:
    if case.said:
        return [Piece(say(case, text), "NAME")]
    return [Piece(styled(case, text), "NAME")]


def spelled(case: Case, one: Person) -> list[Piece]:
    which = case.pick((one.family, one.family, one.given))
    return [Piece(spoken.letters(case.rng, folded(which) or "ab"), "NAME")]
