"""The Containerfile without a container engine: its rules, and that what it copies is enough to run."""

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch

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
    ],
)
def test_a_planted_fault_of_the_image_is_found(containerfile, old, new, sentence):
    assert old in containerfile
    assert any(sentence in fault for fault in image_faults(containerfile.replace(old, new)))


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
