"""A note out of what is there: facts of the case, results of calculators, and cited sentences of answers, word by word.

Nothing is written anew: each sentence has its origin, and a sentence of an answer without a source stays out, as does
what was not heard. What the note says is the clinician's once it is signed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from itertools import count

from functions.conversations import note_schema as schema
from voiceassist.contracts.answers import Citation
from voiceassist.contracts.calculations import CalculatorResult
from voiceassist.core.text import sentences
from voiceassist.runtime.cases import Fact
from voiceassist.runtime.memory import Kept

SECTIONS: dict[schema.Format, tuple[schema.SectionName, ...]] = {
    "ap": ("assessment", "plan"),
    "soap": ("subjective", "objective", "assessment", "plan"),
}
MEASURED = frozenset({"lab", "vital"})
# Of an assessment alone: who the patient is and what is the matter; a SOAP note has all facts in their sections.
SHORT = frozenset({"person", "problem"})
_MARKER = re.compile(r"\[(\d{1,3})\]")
_PLAN = re.compile(
    r"\b(?:recommend\w*|should|give|given|start\w*|initiat\w*|treat\w*|administer\w*|dos(?:e|es|ed|ing)|mg|mcg|units?"
    r"|monitor\w*|avoid\w*|consider\w*|reduc\w*|stop\w*|discontinu\w*|continu\w*|repeat\w*|refer\w*|indicated"
    r"|contraindicated|first[- ]line|therap\w+|prophyla\w+|anticoagulation)\b",
    re.IGNORECASE,
)


def drafted(form: schema.Format, title: str, facts: Sequence[Fact], items: Sequence[Kept]) -> schema.Content | None:
    """None where there is nothing that a note could be made of."""
    sources = _Sources()
    found: dict[schema.SectionName, list[schema.Sentence]] = {name: [] for name in SECTIONS[form]}
    for fact in facts:
        section = _section_of(fact, form)
        if section:
            found[section].append(_of_fact(fact))
    found["assessment"] += _results(items)
    for sentence in _cited(items, sources):
        found["plan" if _PLAN.search(sentence.text) else "assessment"].append(sentence)
    sections = tuple(schema.Section(name=name, sentences=_numbered(name, told)) for name, told in found.items())
    if not any(section.sentences for section in sections):
        return None
    return schema.Content(title=title, format=form, sections=sections, sources=tuple(sources.listed))


def edited(content: schema.Content, wanted: Sequence[schema.EditedSection]) -> schema.Content:
    """The note as its author has it now: unchanged sentences keep their origin, others say that they were changed."""
    before = {one.id: one for section in content.sections for one in section.sentences}
    sections = []
    for name in SECTIONS[content.format]:
        told = [one for section in wanted if section.name == name for one in section.sentences]
        sections.append(schema.Section(name=name, sentences=tuple(_kept(before, told))))
    return content.model_copy(update={"sections": tuple(_unique(sections))})


def _kept(before: dict[str, schema.Sentence], told: Iterable[schema.EditedSentence]) -> Iterator[schema.Sentence]:
    for one in told:
        known = before.get(one.id or "")
        if known is None:
            yield schema.Sentence(id="", text=one.text, origin=schema.Origin(kind="author"))
        elif known.text == one.text:
            yield known
        else:
            yield known.model_copy(update={"text": one.text, "edited": known.origin.kind != "author"})


def _unique(sections: Iterable[schema.Section]) -> Iterator[schema.Section]:
    """New sentences, and those that stand twice, get an id of their own."""
    sections = tuple(sections)
    known = {one.id for section in sections for one in section.sentences}
    fresh = (f"n{number}" for number in count(1) if f"n{number}" not in known)
    used: set[str] = set()
    for section in sections:
        named = []
        for one in section.sentences:
            own = one if one.id and one.id not in used else one.model_copy(update={"id": next(fresh)})
            used.add(own.id)
            named.append(own)
        yield section.model_copy(update={"sentences": tuple(named)})


def _section_of(fact: Fact, form: schema.Format) -> schema.SectionName | None:
    if form == "ap":
        return "assessment" if fact.kind in SHORT else None
    return "objective" if fact.kind in MEASURED else "subjective"


def _of_fact(fact: Fact) -> schema.Sentence:
    words = f"{fact.text[:1].upper()}{fact.text[1:]}".rstrip(".")
    day = f" ({fact.since.astimezone(UTC):%Y-%m-%d})" if fact.kind in MEASURED else ""
    label = {"medication": "Medication: ", "allergy": "Allergy: "}.get(fact.kind, "")
    origin = schema.Origin(kind="fact", id=str(fact.id), at=fact.since)
    return schema.Sentence(id="", text=f"{label}{words}{day}.", origin=origin)


def _results(items: Sequence[Kept]) -> list[schema.Sentence]:
    """Of each calculator the last result, with what went into it."""
    found: dict[str, schema.Sentence] = {}
    for item in items:
        told = item.facts.get("calculator.result", {}).get("result")
        if told is None:
            continue
        result = CalculatorResult.model_validate(told)
        inputs = ", ".join(
            f"{one.label} {_plain(one.value)}{f' {one.unit}' if one.unit else ''}{' (assumed)' if one.assumed else ''}"
            for one in result.inputs
        )
        words = f"{result.text.strip()} Inputs: {inputs}." if inputs else result.text.strip()
        found.pop(result.calculator_id, None)
        origin = schema.Origin(kind="calculator", id=item.item_id)
        found[result.calculator_id] = schema.Sentence(id="", text=words, origin=origin)
    return list(found.values())


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cited(items: Sequence[Kept], sources: "_Sources") -> Iterator[schema.Sentence]:
    """The sentences of answers that name a source, each once, as far as they were heard."""
    told: set[str] = set()
    for item in items:
        if item.role != "assistant":
            continue
        listed = item.facts.get("citation.list", {}).get("citations", ())
        known = {one.n: one for one in map(Citation.model_validate, listed)}
        for words in heard(item):
            numbers = [int(one) for one in _MARKER.findall(words)]
            plain = " ".join(_MARKER.sub("", words).split())
            if not numbers or not all(one in known for one in numbers) or plain in told:
                continue
            told.add(plain)
            own = tuple(dict.fromkeys(sources.number(known[one]) for one in numbers))
            text = words
            for one in numbers:
                text = text.replace(f"[{one}]", f"[#{sources.number(known[one])}]")
            text = text.replace("[#", "[")
            origin = schema.Origin(kind="answer", id=item.item_id)
            yield schema.Sentence(id="", text=text.strip(), origin=origin, citations=own)


def heard(item: Kept) -> list[str]:
    """The sentences of an item; without the last one where the answer was stopped in it."""
    whole = sentences(item.text)
    if item.interrupted and whole and not whole[-1].rstrip().endswith((".", "!", "?", "]")):
        return whole[:-1]
    return whole


def _numbered(name: schema.SectionName, told: Iterable[schema.Sentence]) -> tuple[schema.Sentence, ...]:
    some = list(told)[: schema.MOST_SENTENCES]
    return tuple(one.model_copy(update={"id": f"{name[0]}{number}"}) for number, one in enumerate(some, 1))


class _Sources:
    """The sources of the note, numbered as they come."""

    def __init__(self) -> None:
        self.listed: list[Citation] = []
        self._numbers: dict[tuple[str, str], int] = {}

    def number(self, citation: Citation) -> int:
        key = (citation.document_id, citation.chunk_id)
        if key not in self._numbers:
            self._numbers[key] = len(self.listed) + 1
            self.listed.append(citation.model_copy(update={"n": self._numbers[key]}))
        return self._numbers[key]
