"""A differential in words to be heard: what to exclude first, what fits best, the next tests; at most sixty words."""

from functions.differential import library, schema
from functions.differential.domain.model import Source
from functions.differential.domain.ranking import Ranked
from functions.differential.service import QUESTIONS, Case, understood
from voiceassist.contracts.answers import Citation, Question, Spoken

WORDS = 60
NAMED = 2  # emergencies that are named
FEATURES = 3
NOTHING = "Tell me the complaint and the findings, and I rank what could cause them."
UNKNOWN = (
    "I find no complaint in this that my table has. It knows {count}, such as chest pain, headache or fever. "
    "Please name the main complaint."
)
WHO = "How old is the patient, and is it a man or a woman?"


def answered(question: Question) -> Spoken:
    """The answer, or the question for age and sex, or for the onset."""
    case = understood(schema.DifferentialRequest(text=question.question))
    if not case.complaints:
        told = case.findings.present or case.findings.unclear
        text = UNKNOWN.format(count=len(library.table().presentations))
        return Spoken(text=text if told or len(question.question.split()) > 3 else NOTHING, notice=schema.UNREVIEWED)
    if case.waits:
        return _asked(case)
    return _ranked(case)


def _asked(case: Case) -> Spoken:
    if "age" in case.missing and "sex" in case.missing:
        return Spoken(text=WHO, asks="age and sex")
    return Spoken(text=QUESTIONS[case.missing[0]], asks=case.missing[0])


def _ranked(case: Case) -> Spoken:
    first = _first(case.ranking)
    best = min(case.ranking, key=lambda one: one.fit) if case.ranking else None
    named = [*first, *([best] if best and best not in first else [])]
    sources = list({one.diagnosis.sources[0].id: one.diagnosis.sources[0] for one in named}.values())
    numbers = {source.id: n for n, source in enumerate(sources, 1)}
    diagnoses = [one.diagnosis for one in named]
    marked = {one.id: f"{one.name} [{numbers[one.sources[0].id]}]" for one in diagnoses}
    must = [_excluded(first, marked), _best(best, first, marked), _unused(case)]
    more = [
        f"Red flags: {_listed(case.flags[0][:FEATURES])}." if case.flags[0] else "",
        f"Next: {'; '.join(named[0].diagnosis.tests[:2])}." if named else "",
        f"Not clear: {_listed(sorted(case.findings.unclear)[:FEATURES])}." if case.findings.unclear else "",
    ]
    text = _within([one for one in must if one], [one for one in more if one])
    return Spoken(
        text=text or "Nothing in my table fits this patient.",
        citations=tuple(_citation(n, source, named) for n, source in enumerate(sources, 1)),
        notice=schema.UNREVIEWED,
    )


def _first(ranking: tuple[Ranked, ...]) -> list[Ranked]:
    """The emergencies that are compatible, best fit first; without one, what is urgent."""
    compatible = [one for one in ranking if one.compatible]
    emergencies = [one for one in compatible if one.diagnosis.urgency == "emergency"]
    return (emergencies or [one for one in compatible if one.diagnosis.urgency == "urgent"])[:NAMED]


def _excluded(first: list[Ranked], marked: dict[str, str]) -> str:
    """Never that there is no emergency: only that none stands out."""
    names = _listed([marked[one.diagnosis.id] for one in first])
    if first and first[0].diagnosis.urgency == "emergency":
        return f"Exclude first: {names}."
    return f"No emergency stands out. Most urgent: {names}." if first else "No emergency stands out."


def _best(best: Ranked | None, first: list[Ranked], marked: dict[str, str]) -> str:
    if best is None or (best in first and not best.matching):
        return ""
    because = f", for {_listed(best.matching[:FEATURES])}" if best.matching else ""
    name = best.diagnosis.name if best in first else marked[best.diagnosis.id]
    return f"Best fit: {name}{because}."


def _unused(case: Case) -> str:
    return f"Not known and not used: {_listed(case.missing)}." if case.missing else ""


def _within(must: list[str], more: list[str]) -> str:
    """What must be said, then what still finds room."""
    said = list(must)
    for sentence in more:
        if _count([*said, sentence]) <= WORDS:
            said.append(sentence)
    return " ".join(said)


def _count(sentences: list[str]) -> int:
    return sum(not word.startswith("[") for sentence in sentences for word in sentence.split())


def _citation(n: int, source: Source, named: list[Ranked]) -> Citation:
    about = _listed([one.diagnosis.name for one in named if one.diagnosis.sources[0] is source])
    return Citation(
        n=n,
        document_id=f"differential:{source.id}",
        chunk_id=f"differential:{source.id}",
        title=source.text,
        source=f"{source.body}, doi:{source.doi}" if source.doi else source.body,
        year=source.year,
        version=library.table().version,
        snippet=f"Informed what the table says of: {about}."[:500],
        starter=True,
    )


def _listed(parts: list[str] | tuple[str, ...]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
