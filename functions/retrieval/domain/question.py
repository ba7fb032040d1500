"""What a question is about: its terms, and the kind of section that answers it."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from voiceassist.core.text import terms


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of asking, of persons and of degree: they say nothing about the topic.
_ASKING = _set(
    "ask question answer tell explain describe know need want like think say mean help look find show list give "
    "patient people person man men woman women male female boy girl child adult year old age aged day week month hour "
    "good best better high higher low lower new next first second third one two three many much long often usual "
    "line usually normal indicated indication common main current recommended recommend recommendation advice advise "
    "guideline "
    "case someone somebody anybody thing way kind type use used using happen start begin make take put work "
    "doctor clinician nurse hospital please thank okay ok hey hello"
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
_SIMILAR = 0.8


@dataclass(frozen=True, slots=True)
class Question:
    """`topic` are the terms that evidence must hold; `headings` the words of sections that would answer.

    `spoken` are the question's own words that may stand in a heading.
    """

    text: str
    terms: tuple[str, ...]
    topic: tuple[str, ...]
    headings: frozenset[str]
    spoken: frozenset[str]


def understood(text: str) -> Question:
    found = tuple(dict.fromkeys(terms(text)))
    spoken = set(found)
    headings: set[str] = set()
    for revealing, answering in _KINDS.values():
        if revealing & spoken:
            headings |= answering
    topic = tuple(term for term in found if _is_topic(term))
    return Question(text, found, topic, frozenset(headings), frozenset(spoken - _ASKING))


def _is_topic(term: str) -> bool:
    return term not in _ASKING and term not in _KIND_WORDS and not term[0].isdigit() and len(term) > 1


def missing(question: Question, vocabulary: frozenset[str]) -> tuple[str, ...]:
    """Topic terms that no evidence holds, not even under another ending or a slip of the tongue."""
    return tuple(term for term in question.topic if not any(_meets(term, word) for word in vocabulary))


def _meets(term: str, word: str) -> bool:
    if term == word:
        return True
    if len(term) < 5 or len(word) < 5 or term[:2] != word[:2]:
        return False
    if term[:6] == word[:6] and abs(len(term) - len(word)) <= 4:  # anticoagulate, anticoagulation
        return True
    return SequenceMatcher(None, term, word).ratio() >= _SIMILAR
