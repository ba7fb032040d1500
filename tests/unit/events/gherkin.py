"""A reader of Gherkin, as much of it as the CloudEvents conformance kit uses.

Feature, Background, Scenario Outline with Examples; Given, When, Then, And; doc strings and tables.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

_STEP = re.compile(r"(?:Given|When|Then|And) (.+)")
_QUOTES = '"""'


@dataclass
class Step:
    """One line of a scenario, with the text and the rows that stand under it."""

    line: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)

    def filled(self, example: dict[str, str]) -> "Step":
        return Step(_fill(self.line, example), _fill(self.text, example), [_filled(row, example) for row in self.rows])


@dataclass
class Scenario:
    name: str
    steps: list[Step] = field(default_factory=list)
    examples: list[list[str]] = field(default_factory=list)

    def cases(self, background: list[Step]) -> Iterator["Scenario"]:
        """The scenario once for each row of its examples, the background first."""
        head, *rows = self.examples or [[]]
        for row in rows or [[]]:
            example = dict(zip(head, row, strict=True)) if rows else {}
            yield Scenario(_fill(self.name, example), [step.filled(example) for step in [*background, *self.steps]])


def scenarios(text: str) -> list[Scenario]:
    """Every case of a feature file; ValueError for a line that this reader does not know."""
    background, found = Scenario("Background"), list[Scenario]()
    current, rows = background, list[list[str]]()
    lines = iter(text.splitlines())
    for raw in lines:
        line = raw.strip()
        if step := _STEP.fullmatch(line):
            current.steps.append(Step(step[1]))
            rows = current.steps[-1].rows
        elif line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif line == _QUOTES:
            current.steps[-1].text = _doc_string(lines)
        elif line.startswith("Scenario Outline:"):
            current = Scenario(line.partition(":")[2].strip())
            found.append(current)
        elif line == "Examples:":
            rows = current.examples
        elif line and current.steps:
            raise ValueError(line)
    return [case for scenario in found for case in scenario.cases(background.steps)]


def _doc_string(lines: Iterator[str]) -> str:
    inside = []
    for line in lines:
        if line.strip() == _QUOTES:
            break
        inside.append(line)
    return textwrap.dedent("\n".join(inside))


def _fill(text: str, example: dict[str, str]) -> str:
    for name, value in example.items():
        text = text.replace(f"<{name}>", value)
    return text


def _filled(row: list[str], example: dict[str, str]) -> list[str]:
    return [_fill(cell, example) for cell in row]
