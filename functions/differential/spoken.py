"""A differential in words to be heard: what to exclude first, what fits best, the next tests; at most sixty words."""

import re

from functions.differential import library, schema
from functions.differential.domain.model import Diagnosis, Source
from functions.differential.domain.ranking import Ranked
from functions.differential.domain.statements import listed
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
_EXPLAIN = re.compile(r"\b(?:explain(?:ed|s)?|explanation|why)\b", re.IGNORECASE)
WHO = "How old is the patient, and is it a man or a woman?"


def case_of(question: Question) -> Case:
    return understood(schema.DifferentialRequest(text=question.question))


def wants_explanation(question: Question) -> bool:
    return _EXPLAIN.search(question.question) is not None


def answered(question: Question, case: Case, explanation: schema.Explanation | None = None) -> Spoken:
    """The answer, with an explanation before the next tests, or the question for age, sex or onset."""
    if not case.complaints:
        told = case.findings.present or case.findings.unclear
        text = UNKNOWN.format(count=len(library.table().presentations))
        return Spoken(text=text if told or len(question.question.split()) > 3 else NOTHING, notice=schema.UNREVIEWED)
    if case.waits:
        return _asked(case)
    return _ranked(case, explanation)


def _asked(case: Case) -> Spoken:
    if "age" in case.missing and "sex" in case.missing:
        return Spoken(text=WHO, asks="age and sex")
    return Spoken(text=QUESTIONS[case.missing[0]], asks=case.missing[0])


def _ranked(case: Case, explanation: schema.Explanation | None) -> Spoken:
    first = _first(case.ranking)
    best = min(case.ranking, key=lambda one: one.fit) if case.ranking else None
    named = [*first, *([best] if best and best not in first else [])]
    sources = list({one.diagnosis.sources[0].id: one.diagnosis.sources[0] for one in named}.values())
    numbers = {source.id: n for n, source in enumerate(sources, 1)}
    diagnoses = [one.diagnosis for one in named]
    marked = {one.id: f"{one.name} [{numbers[one.sources[0].id]}]" for one in diagnoses}
    must = [_excluded(first, marked), _best(best, first, marked), _unused(case)]
    told = explanation.sentences if explanation else ()
    more = [
        f"Red flags: {listed(case.flags[0][:FEATURES])}." if case.flags[0] else "",
        *(_marked(one, numbers, diagnoses) for one in told),
        f"Next: {'; '.join(named[0].diagnosis.tests[:2])}." if named else "",
        f"Not clear: {listed(sorted(case.findings.unclear)[:FEATURES])}." if case.findings.unclear else "",
    ]
    text = _within([one for one in must if one], [one for one in more if one])
    return Spoken(
        text=text or "Nothing in my table fits this patient.",
        citations=tuple(_citation(n, source, named) for n, source in enumerate(sources, 1)),
        notice=f"{explanation.notice if explanation else ''} {schema.UNREVIEWED}".strip(),
    )


def _marked(one: schema.Explained, numbers: dict[str, int], diagnoses: list[Diagnosis]) -> str:
    """An explaining sentence with the number of its source; nothing where its diagnosis is not among those named."""
    about = next((diagnosis for diagnosis in diagnoses if diagnosis.id == one.candidate), None)
    return f"{one.text.rstrip('. ')} [{numbers[about.sources[0].id]}]." if about else ""


def _first(ranking: tuple[Ranked, ...]) -> list[Ranked]:
    """The emergencies that are compatible, best fit first; without one, what is urgent."""
    compatible = [one for one in ranking if one.compatible]
    emergencies = [one for one in compatible if one.diagnosis.urgency == "emergency"]
    return (emergencies or [one for one in compatible if one.diagnosis.urgency == "urgent"])[:NAMED]


def _excluded(first: list[Ranked], marked: dict[str, str]) -> str:
    """Never that there is no emergency: only that none stands out."""
    names = listed([marked[one.diagnosis.id] for one in first])
    if first and first[0].diagnosis.urgency == "emergency":
        return f"Exclude first: {names}."
    return f"No emergency stands out. Most urgent: {names}." if first else "No emergency stands out."


def _best(best: Ranked | None, first: list[Ranked], marked: dict[str, str]) -> str:
    if best is None or (best in first and not best.matching):
        return ""
    because = f", for {listed(best.matching[:FEATURES])}" if best.matching else ""
    name = best.diagnosis.name if best in first else marked[best.diagnosis.id]
    return f"Best fit: {name}{because}."


def _unused(case: Case) -> str:
    return f"Not known and not used: {listed(case.missing)}." if case.missing else ""


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
    about = listed([one.diagnosis.name for one in named if one.diagnosis.sources[0] is source])
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
