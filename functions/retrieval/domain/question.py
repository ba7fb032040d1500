"""What a question is about: its terms, and the kind of section that answers it."""

from dataclasses import dataclass

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
SHORTEST_STEM = 5
SHORTEST_SLIP = 8
_ENDINGS = _set("e ed er es ing ion ions ive al ally ant ants ate ated ating ation ment ments ly y") | {""}


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
    """The same word, inflected or with one slip; never by likeness alone, for drugs of other action sound alike."""
    return term == word or _inflected(term, word) or _one_slip(term, word)


def _inflected(one: str, other: str) -> bool:
    shared = _shared(one, other)
    return any(one[cut:] in _ENDINGS and other[cut:] in _ENDINGS for cut in range(SHORTEST_STEM, shared + 1))


def _one_slip(one: str, other: str) -> bool:
    """One letter too many, too few or wrong in a long word; nitrite is no slip of nitrate."""
    if min(len(one), len(other)) < SHORTEST_SLIP or abs(len(one) - len(other)) > 1:
        return False
    start = _shared(one, other)
    rest, its = one[start:], other[start:]
    return rest[1:] == its[1:] or rest[1:] == its or rest == its[1:]


def _shared(one: str, other: str) -> int:
    """How many letters both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
