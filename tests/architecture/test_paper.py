"""What the documents refer to is there: evidence of the phases, and whatever the README names."""

import re
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from voiceassist.cli import evidence, phase, phases
from voiceassist.cli.main import group

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if path.name != "CHANGELOG.md"
)
# What a page may name although it is made by the product or by whoever runs it.
MADE = {".venv/bin/voiceassist", "question.wav", "answer.wav", "frontend/dist"}


def links(text: str) -> list[str]:
    """Targets of Markdown links and pictures that lie in this repository."""
    return [one for one in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in one]


def commands(text: str) -> list[list[str]]:
    """`make …` and `voiceassist …` as words, in code of either kind."""
    code = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
    words = [line.split("#")[0].split() for block in code for line in block.splitlines()]
    return [line for line in words if len(line) > 1 and line[0] in {"make", "voiceassist", ".venv/bin/voiceassist"}]


def paths(text: str) -> list[str]:
    """What looks like a file or folder of ours in inline code: has a slash, begins with a folder of the top level."""
    tops = {path.name for path in ROOT.iterdir()} | {"terraform", "ansible"}
    spans = re.findall(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:md|toml|yaml|py))`", text)
    return [span for span in spans if "/" not in span or span.split("/")[0] in tops]


def tracked() -> set[str]:
    """Names of the files of this repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {line.rsplit("/", 1)[-1] for line in listed.splitlines()}


def unknown(text: str, page: Path) -> list[str]:
    """Everything a page names that is not there."""
    targets = evidence.targets_of((ROOT / "Makefile").read_text())
    dead = [link for link in links(text) if not (page.parent / link).exists() and not (ROOT / link).exists()]
    for program, name, *_ in commands(text):
        if name.startswith("-") or name in {"…", "..."}:
            continue
        known = targets if program == "make" else group.list_commands(click.Context(group))
        dead += [f"{program} {name}"] if name.rstrip(",") not in known else []
    places = (path for path in paths(text) if path not in MADE)
    return dead + [path for path in places if not (ROOT / path).exists() and path not in tracked()]


@pytest.mark.req("P0.6")
def test_every_tick_has_evidence_that_exists():
    assert list(phase.all_faults(ROOT, phase.documents(ROOT))) == []


@pytest.mark.req("P0.6")
def test_the_command_tells_how_far_every_phase_is():
    told = CliRunner().invoke(group, ["phase", "status"])
    assert told.exit_code == 0
    lines = told.output.splitlines()
    assert [line.split()[1] for line in lines] == [str(number) for number in range(len(phases.COUNTS))]
    checked = CliRunner().invoke(group, ["phase", "check"])
    assert (checked.exit_code, checked.stderr) == (0, "")
    ticked = sum(int(line.split()[2].split("/")[0]) for line in lines)
    assert checked.output.startswith(f"{ticked} of {sum(phases.COUNTS)} requirements")


def test_a_dead_reference_fails_the_command(tmp_path):
    for name in ("docs/phases", "tests", "frontend"):
        (tmp_path / name).mkdir(parents=True)
    for path in (ROOT / "docs/phases").iterdir():
        text = path.read_text().replace("- [ ] **P9.1**", "- [x] **P9.1**")
        (tmp_path / "docs/phases" / path.name).write_text(text)
    (tmp_path / "Makefile").write_text("")
    (tmp_path / "frontend/package.json").write_text('{"scripts": {}}')
    checked = CliRunner().invoke(group, ["phase", "check", "--root", str(tmp_path), "--phase", "9"])
    assert checked.exit_code == 1
    assert "P9.1 is ticked without evidence" in checked.stderr


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_what_the_first_pages_name_is_there(page):
    assert unknown((ROOT / page).read_text(), ROOT / page) == []


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page):
    text = (ROOT / page).read_text()
    assert [link for link in links(text) if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize(
    "text",
    [
        "see [this](docs/gone.md)",
        "![picture](docs/images/gone.png)",
        "run `make gone`",
        "```\nvoiceassist gone --now  # this\n```",
        "```\n.venv/bin/voiceassist gone\n```",
        "the code is in `voiceassist/gone.py`",
        "see `GONE.md`",
    ],
)
def test_a_planted_dead_reference_is_found(text):
    assert unknown(text, ROOT / "README.md")


@pytest.mark.parametrize("text", ["`make up`", "[code](ARCHITECTURE.md)", "`voiceassist doctor --json`", "`knative/`"])
def test_a_living_reference_passes(text):
    assert unknown(text, ROOT / "README.md") == []
