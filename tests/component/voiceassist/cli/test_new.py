"""`voiceassist new function`: what it writes fits beside the rooms that are there, and nothing is overwritten."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from voiceassist.cli import new
from voiceassist.cli.main import group
from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime import wiring

ROOT = Path(__file__).resolve().parents[4]
PARTS = ("knative", "events", "voiceassist", "functions", "realtime", "docs/reference", "tests/unit/functions")
INDEXED = "org.voiceassist.document.indexed.v1"
COMPUTED = "org.voiceassist.calculator.computed.v1"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("compose.yaml", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    monkeypatch.setattr(new, "ROOT", tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    """As main() runs it: a foreseen failure is a sentence on standard error and exit code 1."""
    result = CliRunner().invoke(group, ["new", "function", *arguments])
    if isinstance(result.exception, VoiceAssistError):
        result.exit_code, result.stderr_bytes = 1, result.exception.detail.encode()
    return result


def contents(root: Path) -> dict[str, bytes]:
    paths = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def differences(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    assert before.keys() <= after.keys()
    return {path for path, content in after.items() if before.get(path) != content}


def in_checkout(checkout: Path, *command: str) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=checkout, env=environment, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


def documents(path: Path) -> list[dict]:
    return list(yaml.safe_load_all(path.read_text()))


def test_a_function_gets_every_wing_of_a_room(checkout: Path) -> None:
    before = contents(checkout)
    result = call("oncall", "--title", "On call", "--phrases", "who is on call; on-call doctor;")
    assert result.exit_code == 0, result.output
    *paths, last = result.stdout.splitlines()
    assert set(paths) == differences(before, contents(checkout))
    assert "functions/oncall/main.py" in paths
    assert last.startswith("now fill in functions/oncall/main.py")
    room = wiring.load(checkout / "knative").rooms["oncall"]
    assert (room.routes, room.scope, room.voice) == (("/api/v1/oncall",), "oncall:read", "/api/v1/oncall/ask")
    assert room.phrases == ("who is on call", "on-call doctor")
    assert room.warm_for_voice
    page = (checkout / "docs/reference/rooms/oncall.md").read_text()
    assert 'Asked by voice with "who is on call"; "on-call doctor".' in page
    assert "403 for a key without `oncall:read`" in page
    in_checkout(checkout, "pytest", "tests/unit/functions/oncall")
    in_checkout(checkout, "ruff", "check", "--no-cache", "functions/oncall", "tests/unit/functions/oncall")
    in_checkout(checkout, "ruff", "format", "--no-cache", "--check", "functions/oncall", "tests/unit/functions/oncall")


@pytest.mark.parametrize("name", ["aa", "n" * 24])
def test_the_shortest_and_the_longest_name_keep_the_houses_form(checkout: Path, name: str) -> None:
    assert call(name, "--title", "T" * 38).exit_code == 0
    assert call(f"{name[:-1]}z", "--hears", COMPUTED).exit_code == 0
    in_checkout(checkout, "ruff", "format", "--no-cache", "--check", "functions", "tests/unit/functions", "events")
    in_checkout(checkout, "ruff", "check", "--no-cache", "functions", "tests/unit/functions", "events")


def test_its_service_is_hardened_and_scaled_like_the_other_fast_rooms(checkout: Path) -> None:
    assert call("oncall").exit_code == 0
    (made,) = documents(checkout / "knative/rooms/oncall.yaml")
    other = documents(checkout / "knative/rooms/notifications.yaml")[0]
    assert "voiceassist.org/needs" in other["metadata"]["annotations"]
    del other["spec"]["template"]["metadata"]["labels"]["voiceassist.org/needs-postgres"]
    renamed = yaml.safe_load(yaml.safe_dump(other["spec"]).replace("notifications", "oncall"))
    assert made["spec"] == renamed
    assert made["metadata"]["labels"] == other["metadata"]["labels"]


def test_it_stands_among_the_rooms_of_compose_and_of_the_kustomization(checkout: Path) -> None:
    before = yaml.safe_load((checkout / "compose.yaml").read_text())
    assert call("oncall").exit_code == 0
    compose = yaml.safe_load((checkout / "compose.yaml").read_text())
    box = compose["services"].pop("oncall")
    assert compose == before
    assert (box["environment"]["FUNCTION_TARGET"], box["mem_limit"], box["networks"]) == (
        "oncall",
        "256m",
        ["internal"],
    )
    assert box["read_only"]
    (kustomization,) = documents(checkout / "knative/rooms/kustomization.yaml")
    listed = kustomization["resources"]
    assert "oncall.yaml" in listed
    assert listed == sorted(listed)


@pytest.mark.parametrize("event", [INDEXED, COMPUTED])
def test_a_listener_gets_its_trigger_and_stands_in_the_catalogue(checkout: Path, event: str) -> None:
    before = contents(checkout)
    result = call("archive", "--hears", event)
    assert result.exit_code == 0, result.output
    changed = differences(before, contents(checkout))
    assert set(result.stdout.splitlines()[:-1]) == changed - {"docs/reference/events.md"}
    service, trigger = documents(checkout / "knative/rooms/archive.yaml")
    assert service["metadata"]["annotations"] == {"voiceassist.org/roles": "service"}
    assert trigger["spec"]["filter"] == {"attributes": {"type": event}}
    pattern = documents(checkout / "knative/rooms/notifications.yaml")[1]
    assert trigger["spec"]["delivery"] == pattern["spec"]["delivery"]
    section = (checkout / "docs/reference/events.md").read_text().split(f"## {event}\n")[1].split("\n## ")[0]
    assert "[archive](rooms/archive.md)" in section
    in_checkout(checkout, "pytest", "tests/unit/functions/archive")
    in_checkout(checkout, "voiceassist.cli.main", "check")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("retrieval",), "something of this name"),
        (("On-Call",), "The name"),
        (("x",), "The name"),
        (("n" * 25,), "The name"),
        (("class",), "The name"),
        (("list",), "The name"),
        (("broker",), "The name"),
        (("engines",), "The name"),
        (("oncall", "--title", 'a "title"'), "The title"),
        (("oncall", "--title", "t" * 39), "The title"),
        (("oncall", "--scope", "everything"), "The scope"),
        (("search",), "Another room answers"),
        (("oncall", "--phrases", "how do I treat *"), "clinical question"),
        (("oncall", "--phrases", "rota"), "says too little"),
        (("oncall", "--hears", "org.voiceassist.nothing.happened.v1"), "No room says"),
        (("oncall", "--hears", "dev.knative.sources.ping"), "No room says"),
    ],
)
def test_what_would_not_fit_is_refused_before_anything_is_written(
    checkout: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    before = contents(checkout)
    result = call(*arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert contents(checkout) == before


def test_nothing_is_overwritten(checkout: Path) -> None:
    assert call("oncall", "--phrases", "who is on call").exit_code == 0
    (checkout / "functions/oncall/main.py").write_text("mine")
    before = contents(checkout)
    assert call("oncall").exit_code == 1
    assert "claimed" not in call("oncall").stderr
    again = call("rota", "--phrases", "who is on call")
    assert (again.exit_code, "another function" in again.stderr) == (1, True)
    (checkout / "functions/left").mkdir()
    assert call("left").exit_code == 1
    assert contents(checkout) == before


def test_events_and_questions_do_not_go_together(checkout: Path) -> None:
    assert call("oncall", "--hears", INDEXED, "--phrases", "who is on call").exit_code == 2
    assert call("oncall", "--hears", INDEXED, "--scope", "a:b").exit_code == 2


def test_without_a_checkout_it_says_so(checkout: Path) -> None:
    compose = (checkout / "compose.yaml").read_text()
    (checkout / "compose.yaml").write_text(compose.replace("\n  gateway:\n", "\n  door:\n"))
    assert "no service gateway" in call("oncall").stderr
    (checkout / "compose.yaml").unlink()
    assert "no checkout" in call("oncall").stderr
    assert not (checkout / "functions/oncall").exists()
