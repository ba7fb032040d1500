"""What a ticked box must carry: a test that exists, or a command with what it prints.

Evidence stands at the end of the line, in parentheses after two blanks:

    - [x] **P1.2** (O) Text of the requirement.  (tests/unit/test_a.py::test_b, `make check` -> green)
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Parameters in brackets choose one case of a test; the test itself is what must exist.
TEST = re.compile(r"(tests/[\w./-]+\.py(?:::\w+)+)(?:\[[^\]\s]*\])?")
COMMAND = re.compile(r"`([^`]+)` -> [^`,;)]+")
_TAIL = re.compile(r"  \((.+)\)$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Test ids and commands; empty when a line carries none."""

    tests: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tests or self.commands)


@dataclass(frozen=True, slots=True)
class House:
    """What evidence may refer to: tests by id, targets of make, commands of ours, scripts of npm."""

    tests: frozenset[str]
    targets: frozenset[str]
    commands: frozenset[str]
    scripts: frozenset[str]

    def dead(self, evidence: Evidence) -> Iterator[str]:
        """A sentence for each reference that leads nowhere."""
        for test in evidence.tests:
            if test not in self.tests:
                yield f"the test {test} does not exist"
        for command in evidence.commands:
            if not self.knows(command):
                yield f"the command `{command}` does not exist"

    def knows(self, command: str) -> bool:
        match command.split():
            case ["make", target, *_]:
                return target in self.targets
            case ["voiceassist" | ".venv/bin/voiceassist", name, *_]:
                return name in self.commands
            case ["npm", "--prefix", "frontend", "run", script, *_]:
                return script in self.scripts
            case _:
                return False


def of_line(line: str) -> Evidence:
    """The evidence at the end of a line."""
    found = _TAIL.search(line)
    return mentioned(found[1]) if found else Evidence()


def mentioned(text: str) -> Evidence:
    """Every test id and command with its outcome, anywhere in a text."""
    return Evidence(tuple(TEST.findall(text)), tuple(COMMAND.findall(text)))


def ids_of(place: str, code: str) -> Iterator[str]:
    """The ids pytest gives the tests of one file, read from its syntax tree."""

    def walk(nodes: list[ast.stmt], prefix: str) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{prefix}::{node.name}"
            elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                yield from walk(node.body, f"{prefix}::{node.name}")

    return walk(ast.parse(code).body, place)


def targets_of(makefile: str) -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z][a-z0-9-]*):(?!=)", makefile, re.MULTILINE))


def house(root: Path, commands: frozenset[str]) -> House:
    """The references that are good in the checkout at `root`."""
    # Packages that npm put beside a test bring Python files of their own.
    files = [path for path in sorted((root / "tests").rglob("test_*.py")) if "node_modules" not in path.parts]
    return House(
        tests=frozenset(one for path in files for one in ids_of(str(path.relative_to(root)), path.read_text())),
        targets=targets_of((root / "Makefile").read_text()),
        commands=commands,
        scripts=frozenset(json.loads((root / "frontend/package.json").read_text())["scripts"]),
    )


def failures(root: Path, evidence: Evidence) -> Iterator[str]:
    """Run the evidence: a sentence for each part that ends in an exit code other than 0."""
    if evidence.tests and not _passes([sys.executable, "-m", "pytest", *evidence.tests], root):
        yield f"{', '.join(evidence.tests)} does not pass"
    for command in evidence.commands:
        words = command.split()
        if words[0] == "voiceassist":
            words[:1] = [sys.executable, "-m", "voiceassist.cli.main"]
        if not _passes(words, root):
            yield f"`{command}` does not end with exit code 0"


def _passes(words: list[str], root: Path) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.run(words, cwd=root, stdout=quiet, stderr=quiet, check=False).returncode == 0
