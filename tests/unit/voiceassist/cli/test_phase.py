"""Phase documents: what is read out of them, and that every planted fault is found."""

import pytest

from voiceassist.cli import evidence, phases
from voiceassist.cli.evidence import Evidence, House

HOUSE = House(
    tests=frozenset({"tests/unit/test_a.py::test_one", "tests/unit/test_a.py::TestGroup::test_two"}),
    targets=frozenset({"check"}),
    commands=frozenset({"doctor"}),
    scripts=frozenset({"test"}),
)
SECTIONS = "\n\n".join(phases.SECTIONS)
EVIDENCE = "  (tests/unit/test_a.py::test_one, `make check` -> green)"


def document(*lines: str, title: str = "# Phase 9: Building", sections: str = SECTIONS) -> phases.Phase:
    wanted = [f"- [ ] **P9.{one}** (O) Something (P1.{one})." for one in range(1, phases.COUNTS[9] + 1)]
    numbers = {line.split("P9.")[1].split("*")[0]: line for line in lines}
    kept = [numbers.pop(one.split("P9.")[1].split("*")[0], one) for one in wanted]
    return phases.parse(9, "\n".join([title, "", *kept, *numbers.values(), "", sections, ""]))


def faults(phase: phases.Phase) -> list[str]:
    return list(phases.faults({9: phase}, HOUSE, only=9))


def test_a_line_is_read_with_its_tick_and_its_evidence():
    (box,) = phases.boxes(f"- [x] **P9.2** (O,D) Text, see `make up` (P1.1).{EVIDENCE}\n  - so far: nothing\n")
    assert box == phases.Box("P9.2", True, Evidence(("tests/unit/test_a.py::test_one",), ("make check",)))


@pytest.mark.parametrize(
    "line",
    [
        "Text that ends in parentheses (tests/unit/test_a.py::test_one)",  # one blank: part of the sentence
        "Text  (tests/unit/test_a.py)",  # a file is no test
        "Text  (`make check`)",  # a command without its outcome
        "Text",
    ],
)
def test_what_is_no_evidence(line):
    assert not evidence.of_line(line)


def test_parameters_choose_a_case_of_a_test_that_exists():
    assert evidence.of_line("Text  (tests/unit/test_a.py::TestGroup::test_two[a-1])").tests == (
        "tests/unit/test_a.py::TestGroup::test_two",
    )


def test_a_sound_document_passes():
    assert faults(document()) == []
    assert faults(document(f"- [x] **P9.1** (O) Text.{EVIDENCE}")) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("- [x] **P9.1** (O) Text.", "P9.1 is ticked without evidence"),
        ("- [x] **P9.1** (O) Text.  (tests/unit/test_a.py::test_gone)", "test_gone does not exist"),
        ("- [ ] **P9.1** (O) Text.  (tests/unit/test_a.py::test_gone)", "test_gone does not exist"),
        ("- [ ] **P9.1** (O) Text.\n  - so far: tests/unit/test_a.py::test_gone", "test_gone does not exist"),
        ("- [x] **P9.1** (O) Text.  (`make gone` -> green)", "`make gone` does not exist"),
        ("- [x] **P9.1** (O) Text.  (`voiceassist gone` -> green)", "`voiceassist gone` does not exist"),
        ("- [x] **P9.1** (O) Text.  (`npm --prefix frontend run gone` -> green)", "run gone` does not exist"),
        ("- [x] **P9.1** (O) Text.  (`true` -> green)", "`true` does not exist"),
        ("- [ ] **P9.99** (O) Text.", "P9.99 is no requirement of this phase"),
        ("- [ ] **P9.1** (O) Text.\n- [ ] **P9.1** (O) Again.", "P9.1 is named twice"),
    ],
)
def test_a_planted_fault_of_a_line_is_found(line, found):
    assert any(found in fault for fault in faults(document(line)))


def test_a_planted_fault_of_a_document_is_found():
    unnamed = phases.parse(9, f"# Phase 9: Building\n\n- P9.1 without a box\n\n{SECTIONS}\n")
    assert faults(unnamed) == [f"phase 9: P9.{one} is not named" for one in range(1, phases.COUNTS[9] + 1)]
    assert any("the title" in fault for fault in faults(document(title="# Phase 8: Building")))
    assert any("Section B" in fault for fault in faults(document(sections=phases.SECTIONS[0])))
    assert any("is missing" in fault for fault in phases.faults({}, HOUSE, only=3))
    assert len(list(phases.faults({}, HOUSE))) == len(phases.COUNTS)


CURRENT = """# Current Development Phase

**Current Phase:** Phase 9
**Status:** In Progress
**Started:** 2026-01-10
**Last Updated:** 2026-01-12

## Phase 9: Building

### Objectives
{objectives}

### Progress Notes
Some.

### Next Steps
P9.2.

## Completed Tasks
None.

## Blockers/Issues
None.
"""
BOXES = [f"- [ ] P9.{one} Something" for one in range(1, phases.COUNTS[9] + 1)]


def current(text: str, phase: phases.Phase | None = None) -> list[str]:
    return list(phases.current_faults(text, {9: phase or document()}, HOUSE))


def page(*objectives: str) -> str:
    return CURRENT.format(objectives="\n".join([*objectives, *BOXES[len(objectives) :]]))


def test_a_sound_page_passes():
    assert current(page()) == []
    line = f"- [x] **P9.1** (O) Text.{EVIDENCE}"
    assert current(page(f"- [x] P9.1 Text{EVIDENCE}"), document(line)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (page(f"- [x] P9.1 Text{EVIDENCE}"), "P9.1 is ticked here or there, not in both"),
        (page("- [x] P9.1 Text"), "P9.1 is ticked without evidence"),
        (page("Nothing"), "the objective P9.1 is missing"),
        (page() + "- [ ] P8.1 Other", "P8.1 is no objective"),
        (page().replace("2026-01-12", "12.01.2026"), "does not begin with"),
        (page().replace("In Progress", "Nearly"), "the status is none of"),
        (page().replace("In Progress", "Complete"), "does not agree"),
        (page().replace("Phase 9", "Phase 77"), "there is no phase 77"),
        (page().replace("### Next Steps", "### Plans"), "its headings are not"),
        (page().replace("Some.", "See tests/unit/test_a.py::test_gone."), "test_gone does not exist"),
        (page() + "\n" * 80, "more than 80 lines"),
    ],
)
def test_a_planted_fault_of_the_page_is_found(text, found):
    assert any(found in fault for fault in current(text))


def test_the_first_open_phase_is_the_current_one():
    earlier = phases.parse(8, "# Phase 8: Before")
    found = phases.current_faults(page(), {8: earlier, 9: document()}, HOUSE)
    assert any("the first phase that is not complete is phase 8" in fault for fault in found)


def test_ids_are_those_of_the_collector():
    group = "class TestB:\n    def test_c(self): ...\n    def helper(self): ...\n"
    code = f"async def test_a(): ...\n{group}def other(): ...\n"
    assert list(evidence.ids_of("tests/x.py", code)) == ["tests/x.py::test_a", "tests/x.py::TestB::test_c"]


def test_targets_are_not_assignments_or_files():
    assert evidence.targets_of("PIP := x\nup: install ## run\n\t@x\n.make/dev: y\n") == {"up"}


def test_evidence_is_run_and_judged_by_its_exit_code(tmp_path):
    (tmp_path / "Makefile").write_text("good:\n\t@true\nbad:\n\t@false\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_x.py").write_text("def test_good(): ...\ndef test_bad(): assert False\n")
    good = Evidence(("tests/test_x.py::test_good",), ("make good",))
    bad = Evidence(("tests/test_x.py::test_bad",), ("make bad",))
    assert list(evidence.failures(tmp_path, good)) == []
    assert len(list(evidence.failures(tmp_path, bad))) == 2
