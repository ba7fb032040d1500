"""The name of a drug that was misheard or mistyped: where it stands, and which known names it may be. Pure.

What is written exactly as a known name is taken as it is. A word that no one knows and that is near a known name is
doubted, and so is whatever stands where a dose has its drug ("dose of risk baridone"): then the words need not be
unknown. Nothing is ever put in its place here; that is for the speaker to confirm.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from realtime.dialogue.clarify.nearness import Sounds, sounds
from voiceassist.core.text import STOPWORDS, folded, singular

SHOWN = 4
LONGEST = 3  # words a name is heard as: "in tech avir"
LONGEST_IN_SLOT = 5  # "tie a gabine", "rop of a cane"
LONGEST_READ = 60  # words that are looked at for unknown ones
SHORTEST = 5  # letters; of shorter words too many are near one another
# Measured on synthetic speech in two voices and on ordinary questions (docs/reference/dialogue.md).
NEAR = 0.13  # anywhere in a sentence, of a word that nobody knows
NEAR_SHORT = 0.11  # of less than LONG sounds, and to a brand
LONG = 8
NEAR_IN_SLOT = 0.34  # where a dose has its drug, with an unknown word in it
NEAR_OF_WORDS = 0.2  # there too, all of it known words
NEAR_LONGER = 0.1  # "s citalopram", of which only a part is a name
MARGIN = 0.15  # what is not further behind the nearest is offered as well

_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NO_DRUG = frozenset(
    "the a an this that these those his her their my our of for in on at to with and or if is are was be per by from "
    "usual maximum max minimum starting initial loading maintenance normal standard right correct recommended daily "
    "renal rinal retinal kidney what which how much renally adjusted adjust high low single first second next lower "
    "higher oral iv intravenous give start prescribe patient patients man woman child adult drug dose doses dosing "
    "dosage calculate compute please need know want tell me radiation oxygen vaccine contrast antibiotics medication "
    "creatinine clearance egfr crcl weight age given when would should could can do does i we you he she it".split()
)
_SLOT = re.compile(
    r"\b(?:dos(?:e|es|ing|age)|mg|milligrams?|mcg|micrograms?) (?:adjustment )?(?:of|for) ", re.IGNORECASE
)
_BEFORE = re.compile(r"\bdos(?:e|es|ing|age)\b", re.IGNORECASE)
_EPONYM = (" syndrome", " disease", " sign", " procedure", "'s ")
_AMOUNT = re.compile(r"\b\d+(?:\.\d+)? ?(?:mg|milligrams?|mcg|micrograms?|units?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Doubt:
    """`heard` is said[start:end], verbatim; `near` are the names it may be, the nearest first.

    `of_dose`: it stands where a dose has its drug. `kind`: "drug", or "word" for one that has an opposite (rivals.py).
    """

    heard: str
    start: int
    end: int
    near: tuple[str, ...]
    of_dose: bool = False
    kind: str = "drug"


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Drugs:
    """`names` as they are shown; `words` are lower-case words that are no misspelling of a drug."""

    names: tuple[str, ...] = ()
    words: Container[str] = frozenset()
    _exact: dict[str, str] = field(init=False, repr=False)
    _compared: tuple[str, ...] = field(init=False, repr=False)
    _sounds: Sounds = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_exact", {_plain(name): name for name in reversed(self.names)})
        # Of two spellings of one sound (aciclovir, acyclovir) the first is offered.
        first = {sounds(name): name for name in reversed(self.names) if len(name) >= SHORTEST}
        object.__setattr__(self, "_compared", tuple(first.values()))
        object.__setattr__(self, "_sounds", Sounds(self._compared))

    def exactly(self, said: str) -> str | None:
        """The name that `said` is, whatever its case and hyphens."""
        return self._exact.get(_plain(said))

    def near(self, heard: str, limit: float) -> tuple[tuple[float, str], ...]:
        """The names within `limit` of what was heard, the nearest first."""
        found = zip(self._sounds.distances(heard), self._compared, strict=True)
        return tuple(sorted((one for one in found if one[0] <= limit), key=lambda one: (one[0], one[1].lower())))

    def knows(self, word: str) -> bool:
        """Whether a word is no misspelling: a drug's own, an everyday or clinical one, a number."""
        plain = folded(word).replace("’", "'")
        if any(form in self.words or _plain(form) in self._exact for form in _forms(plain)):
            return True
        parts = [part for part in plain.split("-") if part.isalpha()]
        if len(parts) < 2:
            return any(map(str.isdigit, plain))
        return all(map(self.knows, parts)) or any(_plain(part) in self._exact for part in parts)  # N-acetylcysteine


def named(said: str, drugs: Drugs) -> tuple[str, ...]:
    """The known names that stand in `said`, in order."""
    return tuple(name for _, _, name in places(said, drugs))


def places(said: str, drugs: Drugs) -> list[tuple[int, int, str]]:
    """Where known names stand in `said`: first character, end, the name."""
    return _exact(_words(said), drugs)


def joined(said: str, drugs: Drugs) -> str:
    """`said` with the known names that stand in it in pieces written as one ("metho trexate"); no letter changes."""
    for start, end, name in reversed(places(said, drugs)):
        heard = said[start:end]
        if " " in heard and " " not in name:
            said = f"{said[:start]}{name}{said[end:]}"
    return said


def doubt(said: str, drugs: Drugs, *, whole: bool = False) -> Doubt | None:
    """What of `said` is near a known name and none itself; `whole`: all of it answers "which drug?"."""
    if not drugs.names:
        return None
    words = _words(said)
    exact = _exact(words, drugs)
    if longer := _longer(said, words, exact, drugs):
        return longer
    free = [word for word in words if not any(start <= word.start < end for start, end, _ in exact)]
    slots = [free] if whole else list(_slots(said, free))
    best: tuple[float, Doubt] | None = None
    for window, limit in (
        *((run, _limit(run, drugs)) for slot in slots for run in _runs(slot)),
        *((run, NEAR_IN_SLOT) for slot in _amounts(said, free) for run in _runs(slot) if not _known(run, drugs)),
        *((run, NEAR) for run in _unknown(free, said, drugs)),
    ):
        found = _near(said, window, drugs, limit)
        if found and (best is None or found[0] < best[0]):
            best = found
    return best[1] if best else None


def _longer(said: str, words: Sequence[_Word], exact: Sequence[tuple[int, int, str]], drugs: Drugs) -> Doubt | None:
    """A name that is the end of another one, behind a word that makes it sound like that one."""
    for start, end, name in exact:
        before = [word for word in words if word.end <= start and not said[word.end : start].strip(" -")][-1:]
        if not before or before[0].text.lower() in _NO_DRUG | STOPWORDS:
            continue
        heard = said[before[0].start : end]
        near = [longer for _, longer in drugs.near(heard, NEAR_LONGER) if len(longer) > len(name)]
        if near:
            return Doubt(heard, before[0].start, end, (*near[: SHOWN - 1], name), of_dose=True)
    return None


def _near(said: str, window: Sequence[_Word], drugs: Drugs, limit: float) -> tuple[float, Doubt] | None:
    start, end = window[0].start, window[-1].end
    heard = said[start:end]
    if sum(map(str.isalpha, heard)) < SHORTEST:
        return None
    near = drugs.near(heard, limit)
    if limit == NEAR_OF_WORDS:
        near = tuple((far, name) for far, name in near if name.islower() and window[0].text.lower() not in _NO_DRUG)
    if limit == NEAR:  # no dose tells that a drug is meant
        long = len(sounds(heard)) >= LONG
        near = tuple((far, name) for far, name in near if far <= NEAR_SHORT or (long and name.islower()))
    if not near:
        return None
    offered = drugs.near(heard, near[0][0] + MARGIN)[:SHOWN]
    return near[0][0], Doubt(heard, start, end, tuple(name for _, name in offered), of_dose=limit != NEAR)


def _limit(window: Sequence[_Word], drugs: Drugs) -> float:
    return NEAR_OF_WORDS if _known(window, drugs) else NEAR_IN_SLOT


def _known(window: Sequence[_Word], drugs: Drugs) -> bool:
    return all(drugs.knows(word.text) for word in window)


def _words(said: str) -> list[_Word]:
    return [_Word(found[0], *found.span()) for found in _TOKEN.finditer(said)]


def _exact(words: Sequence[_Word], drugs: Drugs) -> list[tuple[int, int, str]]:
    """Known names, the longest first, with their places; a name in pieces counts where all its letters are there."""
    found: list[tuple[int, int, str]] = []
    for length in range(LONGEST, 0, -1):
        for place in range(len(words) - length + 1):
            window = words[place : place + length]
            parts = [word.text for word in window]
            name = drugs.exactly(" ".join(parts)) or (drugs.exactly("".join(parts)) if len(parts) > 1 else None)
            name = name or (drugs.exactly(singular(folded(parts[0]))) if length == 1 else None)
            free = all(window[-1].end <= start or window[0].start >= end for start, end, _ in found)
            if name and free:
                found.append((window[0].start, window[-1].end, name))
    return sorted(found)


def _slots(said: str, free: Sequence[_Word]) -> Iterator[list[_Word]]:
    """The words where a dose has its drug: behind "dose of", and in front of "dose"."""
    for found in _SLOT.finditer(said):
        yield _from(free, found.end(), said)
    for found in _BEFORE.finditer(said):
        yield _until(free, found.start(), said)


def _amounts(said: str, free: Sequence[_Word]) -> Iterator[list[_Word]]:
    """The words in front of an amount: "start X 5 mg"."""
    for found in _AMOUNT.finditer(said):
        yield _until(free, found.start(), said)


def _from(free: Sequence[_Word], position: int, said: str) -> list[_Word]:
    slot: list[_Word] = []
    for word in free:
        if word.start < position:
            continue
        if said[position : word.start].strip(" ") or (slot and _ends(word)) or len(slot) == LONGEST_IN_SLOT:
            break
        slot.append(word)
        position = word.end
    return slot


def _until(free: Sequence[_Word], position: int, said: str) -> list[_Word]:
    slot: list[_Word] = []
    for word in reversed(free):
        if word.end > position:
            continue
        if said[word.end : position].strip(" ") or word.text.lower() in _NO_DRUG or len(slot) == LONGEST_IN_SLOT:
            break
        slot.insert(0, word)
        position = word.start
    return slot


def _ends(word: _Word) -> bool:
    return word.text.lower() in {"for", "in", "with", "at", "from", "when", "creatinine", "clearance", "egfr", "crcl"}


def _runs(slot: Sequence[_Word]) -> Iterator[Sequence[_Word]]:
    """Every row of neighbouring words with a telling one at its end; "an oxaparin", but not "with oxaparin"."""
    for start in range(len(slot)):
        for end in range(start + 1, len(slot) + 1):
            run = slot[start:end]
            first, last = run[0].text.lower(), run[-1].text.lower()
            if last not in _NO_DRUG and (first not in _NO_DRUG or len(first) < SHORTEST - 2):
                yield run


def _unknown(free: Sequence[_Word], said: str, drugs: Drugs) -> Iterator[Sequence[_Word]]:
    """Rows of words around one that nobody knows; a mark between two words parts them."""
    strange = {word.start for word in free[:LONGEST_READ] if len(word.text) > 2 and not drugs.knows(word.text)}
    for start in range(len(free)):
        for end in range(start + 1, min(len(free), start + LONGEST) + 1):
            run = free[start:end]
            if any(said[one.end : other.start].strip(" ") for one, other in pairwise(run)):
                break
            leads = run[0].text.lower() not in _NO_DRUG or len(run[0].text) < 3  # "an oxaparin", not "with oxaparin"
            named_for = said[run[-1].end :].lower().startswith(_EPONYM)
            if leads and not named_for and any(word.start in strange for word in run):
                yield run


def _forms(plain: str) -> tuple[str, ...]:
    bare = plain.removesuffix("'s")
    return (plain, bare, singular(bare), *(bare.removesuffix(end) for end in ("s", "es", "ed", "ing", "ly")))


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", " ", folded(name)).strip()
