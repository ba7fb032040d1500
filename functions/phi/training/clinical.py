"""What is no identifier but may look like one: eponyms, drugs and doses, findings, scores, guidelines, codes, machine words."""

from functools import cache
from pathlib import Path

import yaml

from functions.phi.training import people, sources, spoken, spots
from functions.phi.training.grammar import Case, Piece, Slot, words
from functions.phi.training.numbers import filled

ROOMS = Path(__file__).parents[2]
GENERIC = words("clinical.generic")
BRAND = words("clinical.brand")
EPONYMS = words("clinical.eponyms")
BARE = words("clinical.bare")
TOOLS = words("clinical.tools")
TOOL_NOUNS = words("clinical.tool_nouns")
PRODUCTS = words("clinical.products")
EPONYM_NOUNS = words("clinical.eponym_nouns")
DISEASES = words("clinical.diseases")
BODY = words("clinical.body")
GUIDES = words("clinical.guides")
SCORES = words("clinical.scores")
LABS = words("clinical.labs")
VITALS = words("clinical.vitals")
UNITS_OF_DOSE = (
    "mg",
    "mg",
    "mg",
    "million units",
    "units/mL",
    "mcg",
    "g",
    "units",
    "mL",
    "mEq",
    "mg/kg",
    "mcg/kg/min",
    "units/hr",
    "mL/hr",
    "%",
    "puffs",
    "IU",
    "tabs",
)
STRENGTHS = words("clinical.strengths")
OFTEN = words("clinical.often")
LONG = "{2..12} weeks ago|{2..12} days ago|{2..11} months ago|x {3..21} days|for {2..9} weeks|POD #{1..9}|POD {1..14}|post-op day {1..9}|hospital day {2..20}|HD#{2..9}|in {2..6} weeks|{3..14}-day course|{6..10}-{11..14} weeks|every {3..6} months|over {20..90} min|at {8..41} weeks|{22..41} weeks gestation|q{2..6} weeks|{24..72} hours|overnight|since last summer|last year|this morning|two weeks ago|after 3 cycles|day {1..28} of cycle {1..6}|{10..40} pack-years|at 0{6..9}:{10..59}|at 1{0..9}:{10..59}|{1..12}:{10..59} PM".split(
    "|"
)
CODES = words("clinical.codes")
PLACES_OF_CODE = words("clinical.places_of_code")
SERVICES = words("clinical.services")
NUMBERS = words("clinical.numbers")


def ranged(case: Case, template: str) -> str:
    """Fills `{2..9}` and `{0.1..2.5}`; `{}` is a small number."""
    out, rest = "", template
    while "{" in rest:
        before, _, after = rest.partition("{")
        inside, _, rest = after.partition("}")
        low, _, high = inside.partition("..")
        if not high:
            value = str(case.number(0, 28))
        elif "." in low:
            places = len(low.partition(".")[2])
            value = f"{case.rng.uniform(float(low), float(high)):.{places}f}"
        else:
            value = str(case.number(int(low), int(high)))
        out += before + value
    return out + rest


def plain(case: Case, text: str) -> list[Piece]:
    return [Piece(spoken.plain(text) if case.said else text)]


def eponym(case: Case) -> list[Piece]:
    """Known ones, and surnames made into eponyms by the noun behind them, so that the noun teaches and not the name."""
    roll = case.rng.random()
    if roll < 0.5:
        return plain(case, case.pick(EPONYMS))
    if roll < 0.62:
        return plain(case, case.pick(BARE))
    name = people.family(case, far=case.chance(0.3))
    if case.chance(0.2):
        name += "-" + people.family(case, far=False)
    return plain(case, f"{name}{case.pick(('', '', chr(39) + 's'))} {case.pick(EPONYM_NOUNS)}")


def medical_word(case: Case) -> list[Piece]:
    """A word that medicine could have, made of its parts: no list holds it, and its parts tell what it is."""
    first, second = case.pick(FIRST_PARTS), case.pick(LAST_PARTS)
    word = first + (case.pick(FIRST_PARTS) if case.chance(0.15) else "") + second
    return plain(case, word.capitalize() if case.chance(0.3) else word)


def eponym_name(case: Case) -> list[Piece]:
    return plain(
        case, case.pick(BARE).removesuffix("'s") if case.chance(0.5) else people.family(case, far=case.chance(0.3))
    )


def tool_name(case: Case) -> list[Piece]:
    """Of a tool the name alone; what it is called after is said by the word behind it."""
    return plain(case, case.pick(TOOLS) if case.chance(0.55) else people.family(case, far=case.chance(0.2)))


def tool(case: Case) -> list[Piece]:
    if case.chance(0.35):
        return plain(case, case.pick(PRODUCTS))
    name = case.pick(TOOLS) if case.chance(0.7) else people.family(case, far=False)
    return plain(case, f"{name} {case.pick(TOOL_NOUNS)}" if case.chance(0.55) else name)


def invented_drug(case: Case) -> str:
    parts = "za ve lo ri mo ta ne cy lu xa bri fi qua sto pra dex ora ven tri col ami nor gli pro be car du el fo hy in ka".split()
    ends = "ra ta xis vo lix pro stat mab nib pril sartan olol azole mycin cillin idone epam gliptin tide xaban vir dipine a o in ex is".split()
    return (case.pick(parts) + case.pick(parts) + case.pick(ends)).capitalize()


def of(options: list[str]) -> Slot:
    return lambda case: plain(case, ranged(case, case.pick(options)))


def drug(case: Case) -> list[Piece]:
    roll = case.rng.random()
    name = case.pick(GENERIC) if roll < 0.45 else case.pick(BRAND) if roll < 0.85 else invented_drug(case)
    return plain(case, name.capitalize() if case.chance(0.1) else name)


def dose(case: Case) -> list[Piece]:
    amount = case.pick(STRENGTHS)
    roll = case.rng.random()
    if roll < 0.12:
        amount += f"-{case.pick(STRENGTHS)}"
    elif roll < 0.16:
        amount += f"/{case.pick(STRENGTHS)}"
    elif roll < 0.18:
        amount += f" to {case.pick(STRENGTHS)}"
    text = f"{amount}{case.pick((' ', ' ', ''))}{case.pick(UNITS_OF_DOSE)}"
    if case.chance(0.55):
        text += f" {case.pick(OFTEN)}"
    return plain(case, text)


ROMAN = ("II", "III", "IV", "V", "III criteria", "IV criteria")


FIRST_PARTS = words("clinical.first_parts")
LAST_PARTS = words("clinical.last_parts")


def guideline(case: Case) -> list[Piece]:
    body, when = case.pick(GUIDES), case.number(2008, 2026)
    forms = (
        f"{when} {body} guideline",
        f"{body} {when} guidelines",
        f"{body} {when}",
        f"{body} guidelines",
        f"{body}",
        f"{body} {when} update",
        f"the {when} {body} recommendations",
        f"{body} {when} Standards of Care",
        f"{body} NG{case.number(10, 240)}",
        f"{body} criteria",
        f"{when} {body}/{case.pick(GUIDES)} guideline on {case.pick(DISEASES)}",
        f"{when} {body} definition",
        f"{body} {when} report",
        f"{body} {when} Standards",
        f"{spots.a_city(case)} {case.pick(ROMAN)}",
        f"{spots.a_city(case)} {case.pick(('criteria', 'classification', 'consensus', 'guidelines', 'score'))} {when}",
        f"{body} pathway",
        f"{people.family(case, far=True)} {case.pick((chr(73) * 2, chr(73) * 3, chr(73) + chr(86), chr(86)))} criteria",
        f"{body} ({''.join(p.text for p in code(case))})",
        f"{body} CG{case.number(10, 240)}",
    )
    return plain(case, case.pick(forms))


def code(case: Case) -> list[Piece]:
    template = case.pick(CODES)
    return plain(case, filled(case, template) if "#" in template else template)


def trace(case: Case) -> list[Piece]:
    forms = (
        "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
        "~~~~~~~~-~~~~-4~~~-a~~~-~~~~~~~~~~~~",
        "~~~~~~~~~~~~~~~~",
        "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
        "req_~~~~~~~~~~~~",
        "01@?@?@?@?@?@?@?@?@?@?@?@?",
        "00-~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~-~~~~~~~~~~~~~~~~-01",
        "0x~~~~~~~~",
        "sha256:~~~~~~~~~~~~~~~~~~~~~~~~",
    )
    return [Piece(filled(case, case.pick(forms)))]


PAYERS = words("clinical.payers")


def local(case: Case) -> list[Piece]:
    return [Piece(case.pick(("127.0.0.1", "0.0.0.0", "localhost", "::1")))]  # noqa: S104


@cache
def digests() -> list[str]:
    """Sentences of the product's own library and case descriptions: prose without identifiers."""
    found: list[str] = []
    for path in sorted((ROOMS / "retrieval" / "library").glob("*.md")):
        body = path.read_text("utf-8").partition("\n---\n")[2] or path.read_text("utf-8")
        for line in body.splitlines():
            line = line.lstrip("#-* ").strip()  # noqa: PLW2901
            if 20 < len(line) < 600 and "http" not in line:
                found.append(line)
    return found


@cache
def findings() -> list[str]:
    read = yaml.safe_load((ROOMS / "differential" / "knowledge" / "features.yaml").read_text("utf-8"))
    return sorted(str(name) for name in read) if isinstance(read, dict) else []


def finding(case: Case) -> list[Piece]:
    return plain(case, case.pick(findings()))


def term(case: Case) -> list[Piece]:
    return plain(case, case.pick(sources.diagnoses()))


def disease(case: Case) -> list[Piece]:
    return plain(case, case.pick(DISEASES))


def digest(case: Case) -> list[Piece]:
    return plain(case, case.pick(digests()))
