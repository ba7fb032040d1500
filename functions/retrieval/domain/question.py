"""What a question is about: its terms, and the kind of section that answers it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from functions.retrieval.domain.lexicon import Alternatives, alternatives
from voiceassist.core.text import folded, inflected, shared_start, terms

Wanted = Literal["time", "dose", "number", ""]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of asking, of persons and of degree: they say nothing about the topic.
_ASKING = _set(
    "ask question answer tell explain describe know need want like think say mean help look find show list give "
    "patient people person man men woman women male female boy girl child adult year old age aged day week month hour "
    "good best better high higher low lower new next first second third one two three many much long often usual "
    "line usually normal indicated indication common main current recommended recommend recommendation advice advise "
    "guideline "
    "case someone somebody anybody thing way kind type use used using happen start begin starting make take put work "
    "doctor clinician nurse hospital please thank okay ok hey hello "
    "must needed done given right now during per large enough quickly fast soon right preferred prefer drug "
    "added add before initial maximum minimum max min range level amount number value count still ever "
    "which without versus vs instead available choice option appropriate ok safe useful necessary allowed "
    "suspected known possible likely refractory recurrent persistent newly certain different"
)
# Words of medicine that name no topic: a question is not answered because a passage has them.
_GENERAL = _set(
    "disease syndrome disorder condition illness problem crisis attack acute chronic severe mild moderate failure "
    "child children elderly pregnancy infection patient effect side function blood pressure clinical medical health"
)

# Kinds of question: words that reveal them, and words of the headings that answer them.
_KINDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "treatment": (
        _set(
            "treat treated treatment therapy manage managed management medication medicine drug drugs prescribe "
            "anticoagulate anticoagulation anticoagulant antibiotic regimen cure control"
        ),
        _set(
            "treatment therapy management anticoagulation antibiotic drug rate rhythm control acute stable first "
            "prevention outpatient inpatient maintenance"
        ),
    ),
    "dose": (
        _set("dose dosing dosage mg milligram adjust adjustment reduce infusion loading maximum"),
        _set(
            "dose dosing treatment anticoagulation kidney renal safety drug apixaban rivaroxaban dabigatran edoxaban "
            "enoxaparin warfarin maintenance"
        ),
    ),
    "diagnosis": (
        _set(
            "diagnose diagnosed diagnosis diagnostic test detect sign symptom workup criteria criterion present "
            "presentation confirm investigate investigation"
        ),
        _set("diagnosis assessment recognition definition screening criteria presentation sign"),
    ),
    "definition": (
        _set("define defined definition stage staging classify classification category grade"),
        _set("definition stage classification severity category diagnosis"),
    ),
    "target": (_set("target goal threshold cutoff"), _set("target goal threshold limit stage")),
    "monitoring": (
        _set("monitor monitoring follow followup check recheck review repeat"),
        _set("monitoring follow target observation"),
    ),
    "duration": (_set("duration stop continue"), _set("duration")),
    "risk": (
        _set("risk prognosis outcome mortality stratify stratification score"),
        _set("risk prognosis severity stratification"),
    ),
    "prevention": (
        _set("prevent prevention prophylaxis"),
        _set("prevention prophylaxis lifestyle vaccination"),
    ),
}
_KIND_WORDS = frozenset().union(*(revealing for revealing, _ in _KINDS.values()))
SHORTEST_SLIP = 8


@dataclass(frozen=True, slots=True)
class Question:
    """`topic` are the terms that evidence must hold; `headings` the words of sections that would answer.

    `spoken` are the question's own words that may stand in a heading. `specific` are the terms of the topic that name
    it; `also` other ways to write a term. `wants` is the kind of quantity asked for, if one is.
    """

    text: str
    terms: tuple[str, ...]
    topic: tuple[str, ...]
    headings: frozenset[str]
    spoken: frozenset[str]
    specific: tuple[str, ...] = ()
    also: Mapping[str, Alternatives] = field(default_factory=dict)
    wants: Wanted = ""


def understood(text: str) -> Question:
    found = tuple(dict.fromkeys(terms(text)))
    spoken = set(found)
    headings: set[str] = set()
    for revealing, answering in _KINDS.values():
        if revealing & spoken:
            headings |= answering
    also = alternatives(found)
    topic = tuple(term for term in found if is_topic(term))
    return Question(
        text,
        found,
        topic,
        frozenset(headings),
        frozenset(spoken - _ASKING) | {term for ways in also.values() for way in ways if len(way) == 1 for term in way},
        tuple(term for term in topic if term not in _GENERAL) or topic,
        also,
        _wanted(text),
    )


# What kind of quantity answers, by how it is asked for; the first that fits counts.
_WANTED: tuple[tuple[re.Pattern[str], Wanted], ...] = (
    (
        re.compile(
            r"\b(?:how (?:long|often|soon|fast|quickly|early|late|many (?:days|weeks|months|hours|minutes))|"
            r"when|within|duration|window|timing|interval)\b"
        ),
        "time",
    ),
    (
        re.compile(r"\b(?:dose|dosing|dosage|how much|loading|load|bolus|infusion rate|rate of|starting)\b"),
        "dose",
    ),
    (
        re.compile(
            r"\b(?:target|goal|threshold|cut-?\s?off|limit|levels?|score|at (?:what|which)|"
            r"how (?:high|low|many|deep)|percentage|count|range|criteri\w+|stage|maximum|minimum|define[sd]?)\b"
        ),
        "number",
    ),
)


def _wanted(text: str) -> Wanted:
    asked = folded(text)
    return next((kind for pattern, kind in _WANTED if pattern.search(asked)), "")


_FIGURES = re.compile(r"[\d.,]+\Z")
# Members of a series: stage 3 is another thing than stage 2.
_MEMBER = re.compile(r"\b(stage|grade|type|class|group|step|phase|category) (\d|[a-e]|i{1,3}|iv|v)(?=[a-e]?\b)")


def members(text: str) -> frozenset[tuple[str, str]]:
    """`("stage", "3")` for stage 3."""
    return frozenset(_MEMBER.findall(folded(text)))


def is_topic(term: str) -> bool:
    return (
        term not in _ASKING
        and term not in _KIND_WORDS
        and not term.isnumeric()
        and not _FIGURES.match(term)
        and len(term) > 1
    )


def missing(question: Question, vocabulary: Collection[str], asked: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Terms (those that name the topic, or `asked`) that no evidence holds under any name, ending or slip."""
    wanted = question.specific if asked is None else asked
    return tuple(term for term in wanted if not held(question, term, vocabulary))


def held(question: Question, term: str, vocabulary: Collection[str]) -> bool:
    """A term of the question is among words of a text, under its own or another name."""
    if term in vocabulary or any(other <= set(vocabulary) for other in question.also.get(term, ())):
        return True
    return any(_meets(term, word) for word in vocabulary)


def _meets(term: str, word: str) -> bool:
    """The same word, inflected or with one slip; never by likeness alone, for drugs of other action sound alike."""
    return term == word or inflected(term, word) or _one_slip(term, word)


def _one_slip(one: str, other: str) -> bool:
    """One letter too many, too few or wrong in a long word; nitrite is no slip of nitrate."""
    if min(len(one), len(other)) < SHORTEST_SLIP or abs(len(one) - len(other)) > 1:
        return False
    start = shared_start(one, other)
    rest, its = one[start:], other[start:]
    return rest[1:] == its[1:] or rest[1:] == its or rest == its[1:]
