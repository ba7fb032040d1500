"""Every migration goes both ways and says whether it may run while the product serves."""

import ast
import re
from pathlib import Path

import pytest

VERSIONS = Path(__file__).resolve().parents[2] / "voiceassist/migrations/versions"
FILES = sorted(path for path in VERSIONS.glob("*.py") if path.name != "__init__.py")


def marked(code: str) -> bool:
    """The docstring says `Online-safe: why`, or `Not online-safe: what to do`."""
    return bool(
        re.search(r"^(Online-safe|Not online-safe): \S+", ast.get_docstring(ast.parse(code)) or "", re.MULTILINE)
    )


def both_ways(code: str) -> bool:
    bodies = {node.name: node.body for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)}
    return all(
        name in bodies and not all(isinstance(line, ast.Pass) for line in bodies[name])
        for name in ("upgrade", "downgrade")
    )


@pytest.mark.req("P1.7")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_migration_says_whether_it_is_online_safe_and_goes_both_ways(path):
    assert marked(path.read_text())
    assert both_ways(path.read_text())


def test_planted_faults_are_found():
    assert not marked('"""Adds a column."""')
    assert not marked('"""Online-safe:"""')
    assert not both_ways("def upgrade():\n    op.x()\ndef downgrade():\n    pass")
    assert not both_ways("def upgrade():\n    op.x()")
