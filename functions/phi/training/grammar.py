"""Templates: text with `<slot>`, `<@pool>` and `[[this|or that]]`, expanded to a text and its marked spans."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeVar

from functions.phi.training import spoken

T = TypeVar("T")
HELD_OUT = 6  # one in so many templates, and one in so many names, is kept for the held-out split
IGNORED = (
    "~"  # the label of what is neither an identifier nor a fault to redact: states, bare years, titles, a log's time
)
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text; `label` is empty where it is no identifier."""

    text: str
    label: str = ""


@dataclass(slots=True)
class Text:
    """A generated document: `spans` are (start, end, label) in code points; `ignored` is neither rewarded nor punished."""

    genre: str
    text: str
    spans: list[tuple[int, int, str]]
    ignored: list[tuple[int, int]] = field(default_factory=list)


def held_out(word: str) -> bool:
    """Whether a template or name belongs to the held-out split: by its own digest, so the same in every build."""
    return hashlib.sha256(word.casefold().encode()).digest()[0] % HELD_OUT == 0


def of_split(words: Sequence[str], *, held: bool | None) -> list[str]:
    """The words of a split; None: all of them."""
    if held is None:
        return list(words)
    return [word for word in words if held_out(word) == held] or list(words)


def apart(lines: list[str], *, held: bool | None) -> list[str]:
    """Every sixth template of a pool is held out; of small pools, which are parts of others, none is."""
    if held is None or len(lines) < HELD_OUT:
        return lines
    return [line for at, line in enumerate(lines) if (at % HELD_OUT == HELD_OUT - 1) == held]


@dataclass(slots=True)
class Case:
    """One document in the making. `held` is its split, None for all; `said` asks for speech; `memory` keeps its people, so that they come again."""

    rng: Random
    held: bool | None = False
    said: bool = False
    memory: dict[str, object] = field(default_factory=dict)

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self.rng.random() * len(options))]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def number(self, least: int, most: int) -> int:
        return self.rng.randint(least, most)


Slot = Callable[[Case], list[Piece]]


def pools(path: Path) -> dict[str, list[str]]:
    """Templates of one file by pool: a line `== name` begins one, `\\n` in a template is a line's end."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            name = line[3:].strip()
        elif line.strip() and not line.startswith("//"):
            found.setdefault(name, []).append(line.replace("\\n", "\n").replace("\\t", "\t").replace("\\s", " "))
    return found


@cache
def word_lists() -> dict[str, list[str]]:
    found = pools(Path(__file__).parent / "words.txt")
    return {name: [word for line in lines for word in line.split("|")] for name, lines in found.items()}


def words(name: str) -> list[str]:
    return word_lists()[name]


class Grammar:
    """All pools and slots; `expand` makes the pieces of a template."""

    def __init__(self, slots: dict[str, Slot], sources: Sequence[Path]) -> None:
        self.slots = slots
        every: dict[str, list[str]] = {}
        for path in sources:
            for name, lines in pools(path).items():
                every.setdefault(name, []).extend(lines)
        self.pools = {
            held: {name: apart(lines, held=held) for name, lines in every.items()} for held in (False, True, None)
        }

    def from_pool(self, case: Case, name: str) -> list[Piece]:
        return self.expand(case, case.pick(self.pools[case.held][name]))

    def part(self, case: Case, name: str, outer: str) -> list[Piece]:
        """A pool inside a template: speech stays speech in a log, and a log keeps quotes and line ends as JSON does."""
        says = name.startswith("speech.") and not case.said
        case.said = case.said or says
        pieces = self.from_pool(case, name)
        if says:
            case.said = False
            return as_said(pieces)
        if outer.startswith('{"') and not name.startswith("log."):
            return [Piece(p.text.replace("\n", "\\n").replace('"', '\\"'), p.label) for p in pieces]
        return pieces

    def expand(self, case: Case, template: str) -> list[Piece]:
        out: list[Piece] = []
        at = 0
        while at < len(template):
            if template.startswith("[[", at):
                end = closing(template, at)
                out += self.expand(case, case.pick(options(template[at + 2 : end])))
                at = end + 2
            elif template[at] == "<" and (end := template.find(">", at)) > 0 and self.known(template[at + 1 : end]):
                name = template[at + 1 : end]
                out += self.part(case, name[1:], template) if name[0] == "@" else self.slots[name](case)
                at = end + 1
            else:
                stops = [p for p in (template.find("[[", at + 1), template.find("<", at + 1)) if p > 0]
                end = min(stops, default=len(template))
                out.append(Piece(in_ranges(case, template[at:end])))
                at = end
        return out

    def known(self, name: str) -> bool:
        if name[:1] == "@":
            return name[1:] in self.pools[False]
        return name in self.slots


RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


def in_ranges(case: Case, text: str) -> str:
    """`{2..9}` as one of these numbers."""
    return RANGE.sub(lambda match: str(case.number(int(match[1]), int(match[2]))), text)


def closing(template: str, at: int) -> int:
    depth = 0
    while at < len(template):
        if template.startswith("[[", at):
            depth += 1
            at += 2
        elif template.startswith("]]", at):
            depth -= 1
            if depth == 0:
                return at
            at += 2
        else:
            at += 1
    raise ValueError("a choice is not closed")


def options(inside: str) -> list[str]:
    found, depth, start, at = [], 0, 0, 0
    while at < len(inside):
        if inside.startswith(("[[", "]]"), at):
            depth += 1 if inside[at] == "[" else -1
            at += 2
            continue
        if inside[at] == "|" and depth == 0:
            found.append(inside[start:at])
            start = at + 1
        at += 1
    return [*found, inside[start:]]


def joined(pieces: Sequence[Piece], genre: str) -> Text:
    """The pieces as one text. Neighbouring pieces of one label stay two spans."""
    parts: list[str] = []
    spans: list[tuple[int, int, str]] = []
    ignored: list[tuple[int, int]] = []
    length = 0
    for piece in pieces:
        if piece.label == IGNORED:
            ignored.append((length, length + len(piece.text)))
        elif piece.label and piece.text:
            spans.append((length, length + len(piece.text), piece.label))
        parts.append(piece.text)
        length += len(piece.text)
    return Text(genre, "".join(parts), spans, ignored)


def as_said(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces as speech: what stands between identifiers is said plainly (identifiers are said by their slots)."""
    out: list[Piece] = []
    for piece in pieces:
        text = piece.text if piece.label else spoken.plain(piece.text)
        if not text:
            continue
        if out:
            out.append(Piece(" "))
        out.append(Piece(text, piece.label))
    return out
