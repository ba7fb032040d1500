"""The phase documents and CURRENT_PHASE.md, read and judged; pure functions of their text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from voiceassist.cli import evidence
from voiceassist.cli.evidence import Evidence, House

# How many requirements each phase has: P0.1 to P0.9, P1.1 to P1.10, …
COUNTS = (9, 10, 16, 12, 22, 20, 13, 12, 11, 7, 8, 13, 9, 9, 12)
SECTIONS = (
    "## Section A: Compose implementation (primary)",
    "## Section B: Kubernetes migration notes (reference)",
)
STATUSES = ("Not Started", "In Progress", "Blocked", "Complete")
MAX_LINES = 80

_TITLE = re.compile(r"^# Phase (\d+): (.+)$", re.MULTILINE)
_BOX = re.compile(r"^- \[([ x])\] \*{0,2}(P(\d+)\.\d+)\*{0,2} ")
_HEADER = re.compile(
    r"# Current Development Phase\n\n"
    r"\*\*Current Phase:\*\* Phase (?P<number>\d+)\n"
    r"\*\*Status:\*\* (?P<status>[A-Za-z ]+)\n"
    r"\*\*Started:\*\* (?P<started>\d{4}-\d\d-\d\d)\n"
    r"\*\*Last Updated:\*\* (?P<updated>\d{4}-\d\d-\d\d)\n"
)


@dataclass(frozen=True, slots=True)
class Box:
    """One requirement with its tick and the evidence on its line."""

    id: str
    ticked: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase document; `mentions` holds every reference in it, ticked or not."""

    number: int
    title: str
    boxes: tuple[Box, ...]
    sections: tuple[str, ...]
    mentions: Evidence

    @property
    def ticked(self) -> int:
        return sum(box.ticked for box in self.boxes)

    @property
    def complete(self) -> bool:
        return self.ticked == COUNTS[self.number]


def boxes(text: str) -> tuple[Box, ...]:
    found = ((_BOX.match(line), line) for line in text.splitlines())
    return tuple(Box(match[2], match[1] == "x", evidence.of_line(line)) for match, line in found if match)


def parse(number: int, text: str) -> Phase:
    """A phase document; one without a title of its number has an empty title."""
    title = _TITLE.search(text)
    return Phase(
        number=number,
        title=title[2] if title and int(title[1]) == number else "",
        boxes=boxes(text),
        sections=tuple(line for line in text.splitlines() if line in SECTIONS),
        mentions=evidence.mentioned(text),
    )


def read(root: Path) -> dict[int, Phase]:
    """The phase documents that exist, by number."""
    found = {}
    for number in range(len(COUNTS)):
        for path in sorted((root / "docs/phases").glob(f"PHASE_{number:02d}_*.md")):
            found[number] = parse(number, path.read_text())
    return found


def faults(phases: dict[int, Phase], house: House, only: int | None = None) -> Iterator[str]:
    """A sentence for everything wrong in the phase documents."""
    for number in range(len(COUNTS)) if only is None else [only]:
        if number not in phases:
            yield f"phase {number}: the document docs/phases/PHASE_{number:02d}_….md is missing"
        else:
            yield from (f"phase {number}: {fault}" for fault in _faults(phases[number], house))


def _faults(phase: Phase, house: House) -> Iterator[str]:
    if not phase.title:
        yield f"the title is not `# Phase {phase.number}: …`"
    for section in SECTIONS:
        if section not in phase.sections:
            yield f"the section `{section}` is missing"
    yield from _named(phase)
    for box in phase.boxes:
        if box.ticked and not box.evidence:
            yield f"{box.id} is ticked without evidence on its line"
    yield from house.dead(phase.mentions)


def _named(phase: Phase) -> Iterator[str]:
    named = [box.id for box in phase.boxes]
    wanted = [f"P{phase.number}.{one}" for one in range(1, COUNTS[phase.number] + 1)]
    yield from (f"{one} is not named" for one in wanted if one not in named)
    yield from (f"{one} is no requirement of this phase" for one in sorted(set(named) - set(wanted)))
    yield from (f"{one} is named twice" for one in sorted({one for one in named if named.count(one) > 1}))


def current_faults(text: str, phases: dict[int, Phase], house: House) -> Iterator[str]:
    """A sentence for everything wrong in CURRENT_PHASE.md."""
    yield from (f"CURRENT_PHASE.md: {fault}" for fault in _current(text, phases, house))


def _current(text: str, phases: dict[int, Phase], house: House) -> Iterator[str]:
    if len(text.splitlines()) > MAX_LINES:
        yield f"it has more than {MAX_LINES} lines"
    header = _HEADER.match(text)
    if header is None:
        yield "it does not begin with phase, status and the two dates"
        return
    if header["status"] not in STATUSES:
        yield f"the status is none of {', '.join(STATUSES)}"
    phase = phases.get(int(header["number"]))
    if phase is None:
        yield f"there is no phase {header['number']}"
        return
    yield from _headings(text, phase)
    yield from _standing(header["status"], phase, phases)
    yield from _objectives(boxes(text), phase)
    yield from house.dead(evidence.mentioned(text))


def _headings(text: str, phase: Phase) -> Iterator[str]:
    wanted = [
        f"## Phase {phase.number}: {phase.title}",
        "### Objectives",
        "### Progress Notes",
        "### Next Steps",
        "## Completed Tasks",
        "## Blockers/Issues",
    ]
    if [line for line in text.splitlines() if line.startswith("##")] != wanted:
        yield f"its headings are not: {', '.join(wanted)}"


def _standing(status: str, phase: Phase, phases: dict[int, Phase]) -> Iterator[str]:
    open_ones = [number for number, one in sorted(phases.items()) if not one.complete]
    if open_ones and phase.number != open_ones[0]:
        yield f"the first phase that is not complete is phase {open_ones[0]}"
    if (status == "Complete") != phase.complete:
        yield "the status does not agree with the boxes of the phase"


def _objectives(shown: Sequence[Box], phase: Phase) -> Iterator[str]:
    ticks = {box.id: box.ticked for box in shown}
    for box in phase.boxes:
        if box.id not in ticks:
            yield f"the objective {box.id} is missing"
        elif ticks[box.id] != box.ticked:
            yield f"{box.id} is ticked here or there, not in both"
    for box in shown:
        if box.ticked and not box.evidence:
            yield f"{box.id} is ticked without evidence on its line"
        if not box.id.startswith(f"P{phase.number}."):
            yield f"{box.id} is no objective of this phase"
