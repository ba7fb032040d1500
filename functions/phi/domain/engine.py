"""The engine: layers that propose, a veto that disposes, and one list of findings without overlaps.

Order (a span that any layer finds is found): fields, patterns, context and lists, speech, CRF, transformer; then the same
names again elsewhere in the text, and what is known of the session's patient. The veto of medical words is part of the
layers that have no better evidence than a list.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from functions.phi.domain import (
    addresses,
    ages,
    crf,
    fields,
    names,
    pieces,
    places,
    propagation,
    readings,
    speech,
    stretches,
    veto,
)
from functions.phi.domain import known as known_identifiers
from functions.phi.domain.document import Document
from functions.phi.domain.lists import Lists
from functions.phi.domain.model import Entity, merged
from functions.phi.domain.readings import Reading
from functions.phi.domain.scan import Scanner
from functions.phi.domain.templates import Templates
from functions.phi.domain.tokens import Tokens

__all__ = ["Engine", "Entity", "Lists", "Tagger", "Tokens"]
# A tagger sees what the rules found: (text, tokens, findings of the rules, lists) -> more findings. One labelled OUTSIDE
# takes a weak finding of the same place away.
Tagger = Callable[[str, Tokens, Sequence[Entity], Lists], Iterable[Entity]]
RECOGNISERS: tuple[Callable[[Document], Iterable[Entity]], ...] = (names.find, places.find, addresses.find, speech.find)
LOG = "log"
DATABASE = ".hs"  # beside the lists: the patterns compiled for Hyperscan


class Engine:
    def __init__(self, lists: Lists, *, scanner: Scanner | None = None, taggers: Sequence[Tagger] = ()) -> None:
        self.lists = lists
        self._scanner = scanner or Scanner()
        self._taggers = tuple(taggers)
        self._templates = Templates(lambda text: self._found(text, (), LOG))

    @classmethod
    def load(cls, lists: Path, *, more: Sequence[Tagger] = ()) -> "Engine":
        """With the CRF, and `more` taggers behind it.

        Raises ListsError where the file of lists is absent or damaged: there is no smaller engine.
        """
        scanner = Scanner(database=lists.with_suffix(DATABASE))
        return cls(Lists.open(lists), scanner=scanner, taggers=(*default_taggers(), *more))

    def find(self, text: str, *, known: Sequence[str] = (), kind: str | None = None) -> tuple[Entity, ...]:
        """What identifies somebody in `text`, in its order and without overlaps.

        `known`: identifiers of the session's patient (name, record number, date of birth, telephone, address), found
        in every form. `kind`: note, query, asr (speech) or log where the caller knows it; None: judged by the text.
        Time and memory grow with the length of the text and no faster. Log lines are looked at by their templates.
        """
        if kind == LOG and not known:
            return self._templates.find(text)
        return self._found(text, known, kind)

    def _found(self, text: str, known: Sequence[str], kind: str | None) -> tuple[Entity, ...]:
        reading = readings.plain(text)
        found = located(reading, self._read(reading.text, known, kind))
        for layer in readings.unescaped(reading):
            found += located(layer, self._read(layer.text, known, kind))
        for start, end, said in readings.packed(reading.text):
            inner = self._read(readings.plain(said).text, known, kind)
            if inner:
                begin, last = reading.back(start, end)
                found.append(Entity(begin, last, inner[0].label, inner[0].score, inner[0].source))
        return merged(found)

    def _read(self, text: str, known: Sequence[str], kind: str | None) -> list[Entity]:
        """Every layer over one reading; findings may overlap."""
        if len(text) > pieces.LONG:
            return self._read_long(text, known, kind)
        document = self._document(text, kind)
        found, bearers = self._read_once(document, known)
        return found + again(document, bearers) if bearers else found

    def _read_long(self, text: str, known: Sequence[str], kind: str | None) -> list[Entity]:
        """Piece by piece; the names of each are looked for in all of them."""
        bearers: set[str] = set()

        def read(piece: str) -> list[Entity]:
            found, borne = self._read_once(self._document(piece, kind), known)
            bearers.update(borne)
            return found

        every = list(pieces.cut(text))
        first, second = pieces.once(read), pieces.once(lambda piece: again(self._document(piece, kind), bearers))
        found = [entity for piece in every for entity in piece.located(first(piece.text))]
        if bearers:
            found += [entity for piece in every for entity in piece.located(second(piece.text))]
        return found

    def _read_once(self, document: Document, known: Sequence[str]) -> tuple[list[Entity], set[str]]:
        """What is found, and the words by which the persons found are called elsewhere."""
        text = document.text
        found = self._scanner.find(text)
        found += fields.find(text, self.lists)
        for recogniser in RECOGNISERS:
            found += recogniser(document)
        for tagger in self._taggers:
            rules = tuple(found)
            said = tuple(tagger(text, document.tokens, rules, self.lists))
            if not said:
                continue
            doubted = {(one.start, one.end) for one in said if one.label == crf.OUTSIDE}
            found = [one for one in found if not crf.weak(one) or (one.start, one.end) not in doubted]
            found += veto.kept(document, [one for one in said if one.label != crf.OUTSIDE], rules)
        found = [stretches.whole(text, one) for one in found]
        found += ages.behind_names(text, found)
        borne = propagation.borne_in(document, found)
        found += tuple(propagation.suffixed(text, found))
        if known:
            found += known_identifiers.find(known, document.tokens)
        return found, borne

    def _document(self, text: str, kind: str | None) -> Document:
        return Document(text, self.lists, speech={"asr": True, None: None}.get(kind, False))


def again(document: Document, bearers: set[str]) -> list[Entity]:
    found = list(propagation.propagated(document, bearers))
    return found + list(propagation.suffixed(document.text, found))


def located(reading: Reading, found: list[Entity]) -> list[Entity]:
    """The same findings at their places in the original."""
    if reading.places is None:
        return found
    return [Entity(*reading.back(one.start, one.end), one.label, one.score, one.source) for one in found]


def default_taggers() -> tuple[Tagger, ...]:
    return (crf.find,)
