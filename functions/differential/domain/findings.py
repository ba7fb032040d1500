"""Which findings a text affirms, denies or leaves open.

A negator covers what follows it and what is joined by "or"; "denies" also what is joined by "and" or a comma. After
"no fever, cough" the cough can be meant either way: it stays open and is told. What relatives have is not counted.
"""

from collections.abc import Iterable

from functions.differential.domain.measured import measured
from functions.differential.domain.model import Findings, Table
from functions.differential.domain.words import STOPS, Hit, Lexicon, tokens

_NEGATORS = frozenset("no not without never negative neither nor non absent lack cannot isnt wasnt hasnt".split())
_DENIERS = frozenset("denies denied deny denying".split())
# `tokens` cuts plural endings: "presents" is read as "present", "has" as "has".
_AFFIRMERS = frozenset(
    "with but has have had having plus although though however present presented presenting report reported complain "
    "complaining developed develop now then also show showing is was are were note noted since positive".split()
)
_NEUTRAL = frozenset(
    "history recent recently known previous prior past evidence sign any new other significant current obvious further "
    "associated symptom feature known to be in at on for either severe mild".split()
)
_DOUBT = frozenset("possible possibly suspected probable maybe perhap questionable query".split())
_RELATIVES = frozenset("mother father brother sister parent sibling son daughter husband wife family".split())
_DENIED_AFTER = frozenset("absent negative denied none excluded".split())
_STRANGE = 2  # unknown words a negator reaches over
FAMILY = "family history"


class Reader:
    """Reads texts against one table."""

    def __init__(self, table: Table) -> None:
        self._complaints = table.presentations.keys()
        self._combinations = table.combinations
        wordings = [(name, word) for name, words in table.features.items() for word in (name, *words)]
        wordings += [(one.name, word) for one in table.presentations.values() for word in (one.name, *one.words)]
        self._lexicon = Lexicon(wordings)

    def read(self, text: str, *, adult: bool = True) -> Findings:
        """`adult`: whether pulse and breathing may be judged by the limits of adults."""
        words = tokens(text)
        hits = self._told_apart(self._lexicon.find(words), words)
        marks: dict[str, set[bool | None]] = {}
        covered = {place for hit in hits for place in range(hit.start, hit.end)}
        for hit in hits:
            holding = [one for one in hits if one.start <= hit.start and hit.end <= one.end]
            around = max(holding, key=lambda one: one.end - one.start)
            if not hit.name.startswith(FAMILY) and _others(words, around):
                continue
            marks.setdefault(hit.name, set()).add(_polarity(words, around, covered))
        for name, found in measured(text, adult=adult):
            marks.setdefault(name, set()).add(found)
        return combined(decided(marks), self._combinations)

    def _told_apart(self, hits: list[Hit], words: list[str]) -> list[Hit]:
        """Without complaints inside longer ones ("vomiting" in "vomiting blood") or in a history of them, and without
        what a family had."""

        def inside(hit: Hit, others: list[Hit]) -> bool:
            length = hit.end - hit.start
            return any(
                one.start <= hit.start and hit.end <= one.end and one.end - one.start > length and one.name != hit.name
                for one in others
            )

        families = [hit for hit in hits if hit.name.startswith(FAMILY)]
        longer = [hit for hit in hits if hit.name in self._complaints or words[hit.start] == "history"]
        return [
            hit
            for hit in hits
            if not inside(hit, families) and not (hit.name in self._complaints and inside(hit, longer))
        ]


def decided(marks: dict[str, set[bool | None]]) -> Findings:
    """One verdict a finding: an affirmed mention wins over a denied one, a denied one over an open one."""
    present = frozenset(name for name, found in marks.items() if True in found)
    absent = frozenset(name for name, found in marks.items() if False in found) - present
    return Findings(present, absent, frozenset(marks) - present - absent)


def combined(findings: Findings, combinations: dict[str, frozenset[str]]) -> Findings:
    """With the findings that are there because all of their parts are."""
    more = {name for name, parts in combinations.items() if parts <= findings.present}
    return Findings(findings.present | more, findings.absent - more, findings.unclear - more)


def _others(words: list[str], hit: Hit) -> bool:
    """Whether it is a relative's: "mother had diabetes", "diabetes in his father"."""
    before = words[max(0, hit.start - 3) : hit.start]
    cut = [place for place, word in enumerate(before) if word in STOPS or word == ","]
    behind = words[hit.end : hit.end + 2]
    theirs = len(behind) == 2 and behind[0] == "in" and behind[1] in _RELATIVES
    return theirs or bool(_RELATIVES & set(before[cut[-1] + 1 if cut else 0 :]))


def _polarity(words: list[str], hit: Hit, covered: Iterable[int]) -> bool | None:
    after = [word for word in words[hit.end : hit.end + 3] if word not in {"is", "was", "are", ":"}]
    if after and (after[0] in _DENIED_AFTER or after[:2] == ["ruled", "out"] or after[:2] == ["not", "present"]):
        return False
    if words[hit.end : hit.end + 2] == [":", "no"]:
        return False
    return _before(words, hit, set(covered))


def _before(words: list[str], hit: Hit, covered: set[int]) -> bool | None:
    """Walk back to the nearest word that decides; a comma or "and" on the way makes a plain negator doubtful."""
    strange, joined = 0, False
    for place in range(hit.start - 1, -1, -1):
        word = words[place]
        if word in STOPS:
            return True
        if place in covered:
            continue
        if word in _DENIERS:
            return False
        if word in _NEGATORS:
            return _denied(words, hit, joined, strange)
        if word in _AFFIRMERS:
            return not (place and words[place - 1] in _NEGATORS)
        if word in _DOUBT and not joined:
            return None
        joined = joined or word in {",", "and"}
        strange += word not in _NEUTRAL and word not in {",", "and", "or", "("}
    return True


def _denied(words: list[str], hit: Hit, joined: bool, strange: int) -> bool | None:
    if strange > _STRANGE:
        return None if joined else True
    return None if joined and not _ends_with_or(words, hit) else False


def _ends_with_or(words: list[str], hit: Hit) -> bool:
    """Whether the list that the finding stands in is closed by "or": "no fever, chills or cough"."""
    if hit.start and words[hit.start - 1] in {"or", "nor"}:
        return True
    for word in words[hit.end : hit.end + 12]:
        if word in STOPS or word in _AFFIRMERS or word in _NEGATORS:
            return False
        if word in {"or", "nor"}:
            return True
    return False
