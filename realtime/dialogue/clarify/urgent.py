"""Wording of an emergency: whoever says it is answered at once and asked nothing (P4.13).

Too wide rather than too narrow: an answer that might have been more exact costs less than a question at a bedside.
"""

import re

from voiceassist.core.text import folded

_SIGNS = (
    r"(?:cardiac|respiratory|circulatory) (?:arrest|collapse)|arrest(?:ed|ing)\b|code blue|no pulse|pulseless|asystole",
    r"(?:not|stopp?ed|stops|isn ?t|hardly|barely|cannot|can ?t|unable to) breath(?:e|ing)|apno?eic|gasping|choking",
    r"airway (?:obstruct\w*|swelling|compromise)|stridor|(?:turning|gone|going) blue|cyanotic|desaturating",
    r"unconscious|unresponsive|not responding|won ?t wake|collaps(?:ed|ing)|crashing|peri ?arrest",
    r"(?:(?:s?he|who|patient|pt|man|woman|child|baby) is|still|keeps|started) (?:seizing|fitting|convulsing|bleeding)",
    r"status epilepticus|anaphyla\w+|severe allergic reaction",
    r"septic shock|in shock|ha?emorrhagic shock|cardiogenic shock",
    r"(?:massive|severe|uncontroll\w+|heavy|profuse) (?:\w+ )?(?:bleed\w*|ha?emorrhage)|exsanguinat\w*",
    r"bleeding (?:out|to death)|vomiting blood|coughing (?:up )?blood",
    r"(?:acute|crushing|sudden|severe) chest pain|chest pain (?:right )?now|stemi|heart attack (?:right )?now",
    r"(?:acute|new|sudden) (?:stroke|hemiplegia|hemiparesis|facial droop|weakness|paralysis|loss of (?:vision|speech))",
    r"face (?:is )?droop\w*|(?:worst|thunderclap) headache",
    r"overdos(?:e|ed|ing)|poisoned|swallowed (?:bleach|pills|poison)|suicid\w+",
    r"kill(?:ing)? (?:himself|herself|myself|themselves)",
    r"emergency|emergent(?:ly)?|urgent(?:ly)?|life ?threatening|dying|right now|immediately|call (?:911|112|999)",
    r"tension pneumothorax|tamponade|aortic dissection|ruptured|cauda equina|thyroid storm|myxo?edema coma",
    r"addisonian crisis|adrenal crisis|eclamp(?:sia|tic)|cord prolapse|meningococc\w+",
)
_URGENT = re.compile(rf"\b(?:{'|'.join(_SIGNS)})")
# "No cardiac arrest", "history of anaphylaxis": said of it, but not that it happens.
_NOT_NOW = re.compile(
    r"\b(?:no|without|denies|denied|negative for|absence of|not in|never had|had no|histor(?:y|ies) of|previous|prior"
    r"|risk of|prevent(?:ing|ion of)?)(?: (?:an?|any|the|signs of|known|recent|previous|prior)){0,2} $"
    r"|\btimi(?: risk)?(?: (?:score|index))?(?: (?:for|in|of))? $"  # a score of that name
)
# "Cardiac arrest at admission: no".
_DENIED = re.compile(
    r"^(?: (?:at|on|in|during) \w+)?(?: is| was)? (?:no|none|not present|absent|negative|false|denied)$"
)
_MARKS = re.compile(r"[^a-z0-9]+")
_CLAUSES = re.compile(r"[,;.!?]+\s|\s[-\u2013\u2014]\s")


def signs(said: str) -> list[str]:
    """The words that tell of an emergency, as compared: lower case, marks as blanks."""
    return [sign for clause in _CLAUSES.split(said) for sign in _signs_of(_plain(clause))]


def _signs_of(plain: str) -> list[str]:
    return [
        found[0]
        for found in _URGENT.finditer(plain)
        if not _NOT_NOW.search(plain[: found.start()]) and not _DENIED.match(plain[found.end() :].rstrip())
    ]


def is_urgent(said: str) -> bool:
    return bool(signs(said))


def repeats(said: str, question: str) -> bool:
    """Whether `said` only speaks of what our own `question` named ("was there a cardiac arrest?")."""
    asked = _plain(question)
    return all(sign in asked for sign in signs(said))


def _plain(text: str) -> str:
    return _MARKS.sub(" ", folded(text))
