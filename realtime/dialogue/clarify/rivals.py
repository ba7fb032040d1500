"""Words that sound like others that would change the answer: dopamine and dobutamine, hypertension and hypotension.

The recogniser writes one of them and does not tell how near the other was. So it is asked to weigh both by the sound
(`Recognizer.margins`), and where the other is nearly as likely the speaker is asked (SPEC P4.16). Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from realtime.dialogue.clarify.drugs import Doubt, Drugs, places

# Natural logarithms of likelihood, measured on synthetic speech (docs/reference/dialogue.md). The name of a drug that
# was said is ahead of every other by 5.6 and more; of opposites the one that was said is often ahead by 4 only.
CLOSE = 5.0
CLOSE_OPPOSITE = 2.9
NEAR = 0.4  # in sounds (nearness.py); dopamine and dobutamine are .3
EACH = 2  # names that are weighed for one that was heard
MOST = 6  # of a turn: weighing one takes about a hundredth of a second
_OPPOSITE = re.compile(r"\b(hypo|hyper)([a-z]{4,})\b", re.IGNORECASE)
_TURNED = {"hypo": "hyper", "hyper": "hypo"}


@dataclass(frozen=True, slots=True)
class Rival:
    """`said` is the whole turn with the other word in its place, as good as what was heard if it is less likely by no
    more than `close`.
    """

    doubt: Doubt
    said: str
    close: float


def rivals(said: str, drugs: Drugs) -> list[Rival]:
    """What is to be weighed against the words of a turn, as they were heard."""
    return [*_names(said, drugs), *_opposites(said, drugs)][:MOST]


def closest(weighed: Sequence[Rival], margins: Sequence[float]) -> Doubt | None:
    """What has to be asked about; `margins`: by how much each is likelier than what was heard."""
    close = [(margin, one.doubt) for one, margin in zip(weighed, margins, strict=True) if margin > -one.close]
    if not close:
        return None
    first = max(close, key=lambda one: one[0])[1]
    others = [doubt.near[1] for _, doubt in close if doubt.start == first.start]
    return replace(first, near=(first.near[0], *others))


def _names(said: str, drugs: Drugs) -> Iterator[Rival]:
    for start, end, name in places(said, drugs):
        near = [other for _, other in drugs.near(name, NEAR) if other.lower() != name.lower()]
        for other in near[:EACH]:
            doubt = Doubt(said[start:end], start, end, (name, other), of_dose=True)
            yield Rival(doubt, f"{said[:start]}{other}{said[end:]}", CLOSE)


def _opposites(said: str, drugs: Drugs) -> Iterator[Rival]:
    for found in _OPPOSITE.finditer(said):
        heard = found[0].lower()
        other = _TURNED[found[1].lower()] + found[2].lower()
        if drugs.knows(heard) and drugs.knows(other):
            doubt = Doubt(found[0], found.start(), found.end(), (heard, other), kind="word")
            yield Rival(doubt, f"{said[: found.start()]}{other}{said[found.end() :]}", CLOSE_OPPOSITE)
