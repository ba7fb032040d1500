"""What is asked of a topic, and what a passage tells of it: symptoms, causes, treatment and so on.

A topic's passages share its title and its words, so neither ranking tells the one on treatment from the one on
causes. How a passage begins does: with its heading, or with a sentence such as "This condition is inherited in …".
"""

import re
from collections.abc import Mapping

from voiceassist.core.text import folded, sentences

# Openings are read this far; what a passage is on, it says at once.
OPENING = 500
# What a heading, and the first, second and third sentence, count.
HEADING, PLACES = 4.0, (3.0, 2.0, 1.0)

_ASKED: Mapping[str, str] = {
    "symptoms": r"symptom|\bsigns?\b|present with|look like|feel like|manifest|clinical features?",
    "genetics": r"genetic changes?|\bgenes?\b|mutations?|chromosom",
    "inheritance": r"inherit|heredit|runs? in (?:the |my |our )?famil|pass(?:ed|ing)? (?:it |this )?(?:on|down)"
    r"|\bgenetic(?! change| cause|s)\b",
    "frequency": r"how (?:many|common|rare|often|frequent)|prevalen|inciden|frequency of",
    "diagnosis": r"diagnos|detect|\btests?\b|find out (?:if|whether)|screen|exam|criteria|work-?up",
    "treatment": r"treat|therap|manag|\bcures?\b|medicin|medicat|\bdrugs?\b|surger|remed|relie[fv]"
    r"|what (?:to do|can i do)",
    "prevention": r"prevent|avoid|protect|lower (?:my|the|your) risk|reduce (?:my|the|your) risk|prophyla",
    "outlook": r"outlook|prognos|life expectancy|surviv|recover|curable|long.term|go away|come back",
    "risk": r"at risk|risk factors?|who gets|suscepti|more likely",
    "research": r"research|clinical trials?|\bstud(?:y|ies)\b",
    "complications": r"complicat|lead to|consequence|side effects?|adverse",
    "causes": r"\bcaus|\bwhy\b|reason|due to|trigger|come from",
}  # fmt: skip
_TOLD: Mapping[str, str] = {
    "symptoms": r"symptom|\bsigns?\b|features? (?:of|include)|manifest|characterized by",
    "genetics": r"mutations?|\bgenes?\b|chromosom|genetic changes?",
    "inheritance": r"inherit|autosomal|x-linked|sporadic|cop(?:y|ies) of the (?:altered |mutated )?gene"
    r"|runs? in famil",
    "frequency": r"prevalen|inciden|(?:is|are) (?:a |an )?(?:very |extremely |relatively )?(?:rare|common|uncommon)|"
    r"\b1 in [\d,]+|affects? (?:about|an estimated|approximately|\d)|worldwide|frequency"
    r"|(?:cases|families|people|individuals) (?:have|has) been",
    "diagnosis": r"diagnos|\btest(?:s|ing|ed)?\b|detect|screen|criteria|exam",
    "treatment": r"treat|therap|manag|\bcure|medicin|medicat|\bdrugs?\b|surger|surgical",
    "prevention": r"prevent|avoid|protect|vaccin|lower (?:the|your) risk|reduce (?:the|your) risk|prophyla",
    "outlook": r"outlook|prognos|life expectancy|surviv|recover|long.term|get better",
    "risk": r"\brisk|more likely|more common (?:in|among)",
    "research": r"research|clinical trials?|\bstud(?:y|ies)\b|\bnih\b|institutes?\b",
    "complications": r"complicat|lead to|consequence|side effects?|adverse",
    "causes": r"\bcaus|reason|due to|trigger|result(?:s|ing)? from",
}
_DEFINES = re.compile(r"\b(?:is|are|was|refers? to|means?|occurs?|also (?:known|called)|summary)\b")
_ASKS_MEANING = re.compile(
    r"^\W*(?:what(?: is|'s| are)|define|explain|who is)\b|information|tell me about|know about|mean"
)

_ASKED_RE = {name: re.compile(pattern) for name, pattern in _ASKED.items()}
_TOLD_RE = {name: re.compile(pattern) for name, pattern in _TOLD.items()}
DEFINITION = "definition"


def asked(question: str) -> frozenset[str]:
    """The aspects a question names; of one that names none but asks what something is, its definition."""
    text = folded(question)
    named = frozenset(name for name, pattern in _ASKED_RE.items() if pattern.search(text))
    if named:
        return named
    return frozenset({DEFINITION}) if _ASKS_MEANING.search(text) else frozenset()


def told(heading: str, text: str) -> Mapping[str, float]:
    """How much a passage is on each aspect, 1 for the one it is most on."""
    counted = dict.fromkeys((*_TOLD, DEFINITION), 0.0)
    parts = [(HEADING, heading), *zip(PLACES, sentences(text[:OPENING]), strict=False)]
    for place, (weight, part) in enumerate(parts):
        said = folded(part)
        for name, pattern in _TOLD_RE.items():
            if pattern.search(said):
                counted[name] += weight
        if place == 1 and _DEFINES.search(said):
            counted[DEFINITION] += weight
    most = max(counted.values())
    return {name: value / most for name, value in counted.items() if value} if most else {}


def fit(wanted: frozenset[str], heading: str, text: str) -> float:
    """How well a passage tells what is asked, 0 to 1."""
    if not wanted:
        return 0.0
    passage = told(heading, text)
    return max(passage.get(name, 0.0) for name in wanted)
