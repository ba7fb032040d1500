"""The floors hold, and a planted violation of each is found."""

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("voiceassist", "functions", "realtime", "events")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    # -S would hide the editable install; the folder comes first on the path instead.
    return subprocess.run(
        [*command, "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


def test_the_floors_hold():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout[-3000:]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.md", "*.json")
        )
    return folder


PLANTED = [
    ("voiceassist/core/planted.py", "import voiceassist.runtime.settings"),
    ("voiceassist/core/planted.py", "import msgspec"),
    ("events/envelope/__init__.py", "import voiceassist.ports"),
    ("events/cesql/planted.py", "import events.envelope"),
    ("voiceassist/contracts/planted.py", "import voiceassist.adapters.crypto"),
    ("voiceassist/ports/planted.py", "import voiceassist.contracts.answers"),
    ("voiceassist/adapters/planted.py", "import voiceassist.runtime.settings"),
    ("voiceassist/runtime/planted.py", "import functions.calculators"),
    ("voiceassist/runtime/planted.py", "import voiceassist.cli"),
    ("functions/calculators/planted.py", "import functions.retrieval"),
    ("functions/calculators/planted.py", "import realtime"),
    ("realtime/planted.py", "import functions.calculators"),
    ("events/broker/planted.py", "import realtime"),
    ("functions/ingestion/planted.py", "import fastapi"),
]


@pytest.mark.parametrize(("place", "line"), PLANTED, ids=[f"{p}: {line}" for p, line in PLANTED])
def test_a_planted_violation_is_found(copy, place, line):
    file = copy / place
    before = file.read_text() if file.exists() else None
    file.write_text(f"{line}\n{before or ''}")
    try:
        result = lint(copy)
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_text(before)
    assert result.returncode != 0, f"{line} in {place} went unseen"
    assert "BROKEN" in result.stdout


def test_no_module_is_in_an_import_cycle():
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert [sorted(group) for group in cycles(imports)] == []


def test_a_cycle_would_be_found():
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]


def cycles(imports: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected components of more than one module, by mutual reachability."""

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(imports.get(start, ()))
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting.extend(imports.get(module, ()))
        return seen

    reach = {module: reachable(module) for module in imports}
    found: list[set[str]] = []
    for module in sorted(imports):
        group = {other for other in reach[module] if module in reach.get(other, set())} | {module}
        if len(group) > 1 and group not in found:
            found.append(group)
    return found
