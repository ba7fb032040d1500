"""The topic of a question that says nothing else: "what are the treatments for kidney disease?" is kidney disease.

Where more is said than the topic and words of asking (a drug, a value, a pregnancy), the question is specific enough.
"""

import re
from dataclasses import dataclass

from voiceassist.core.text import STOPWORDS, folded, singular

# A name of more words than this is that of one kind already.
LONGEST = 4


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of asking, of persons, and of the kind of question: alone they do not narrow the topic.
_ASKING = STOPWORDS | _set(
    "ask question answer explain describe know need want like say mean help look find show list search google query "
    "hey hi hello okay ok assistant thank would patient person people man men woman women someone somebody he she "
    "old new current latest best good better main common usual usually typical general overview summary information "
    "info detail thing case way kind option step next line first guideline recommendation recommended recommend advice "
    "advise evidence latest approach affected people many much long often caused cause causing result etiology "
    "aetiology reason treat treated treating treatment therapy therapie manage managed managing management medication "
    "medicine drug regimen care cure handle work workup up diagnose diagnosed diagnosing diagnosis diagnostic test "
    "testing investigate investigation investigated detect detected assess assessment evaluate evaluation exam sign "
    "symptom present presentation feature finding outlook prognosis outcome survival mortality course complication "
    "complicated risk factor prevent prevented prevention prevalence incidence genetic inherited inheritance change "
    "related screening screen monitor monitoring follow followup definition define dose dosing suspected suspect known "
    "having suffering suffer happen happens used use start begin let us lets see teach discuss talk review update "
    "updated done have got"
)
# An age or "in adults" narrows no topic; "adult" before a name may be part of it.
_AGE = re.compile(
    r"\b\d{1,3}[ -]?(?:year|yr|month|week|day)s?[ -]?olds?\b|\badults? (?=patients?\b|with\b|m[ae]n\b|wom[ae]n\b)"
    r"|\b(?:in|for|of) (?:adults|an adult)\b"
)
_TOKEN = re.compile(r"[^\W_]+(?:[-'’.,/][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Topic:
    """`phrase` is verbatim; `before` and `after` are the rest of the question, so that a name can take its place."""

    phrase: str
    before: str
    after: str

    def replaced(self, name: str) -> str:
        return f"{self.before}{name}{self.after}"


def topic_of(question: str) -> Topic | None:
    """The bare topic; None where there is none, or where it is a name of more than LONGEST words."""
    shown = _AGE.sub(lambda found: " " * len(found[0]), question.lower())
    tokens = list(_TOKEN.finditer(shown if len(shown) == len(question) else question))
    while tokens and _asks(tokens[0][0]):
        tokens.pop(0)
    while tokens and _asks(tokens[-1][0]) and tokens[-1][0].lower() != "a":  # hepatitis A
        tokens.pop()
    if not 0 < len(tokens) <= LONGEST:
        return None
    start, end = tokens[0].start(), tokens[-1].end()
    phrase = question[start:end]
    if phrase.endswith(("'s", "’s")):
        end -= 2
    return Topic(question[start:end], question[:start], question[end:])


def _asks(word: str) -> bool:
    plain = folded(word)
    bare = plain.removesuffix("'s").removesuffix("’s")
    return bool({plain, bare, singular(bare)} & _ASKING)
