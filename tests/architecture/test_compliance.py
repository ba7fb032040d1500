"""The table of token attacks names tests that are there, and every attack that is tried has its line (SPEC N45)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/compliance/token-attacks.md"
ATTACKS = "tests/unit/functions/auth/test_access_token_attacks.py"
PROOFS = "tests/unit/voiceassist/runtime/test_dpop.py"
LEAST = 60
ROW = re.compile(r"^\| .+ \| `[^`]+` \| `(tests/[^`]+)` \|$", re.MULTILINE)


def collected(files: set[str]) -> set[str]:
    """Ids as pytest gives them; the cases of a test by themselves, too."""
    command = [sys.executable, "-m", "pytest", "--collect-only", *sorted(files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    ids = {line for line in done.stdout.splitlines() if "::" in line}
    return ids | {one.partition("[")[0] for one in ids}


@pytest.fixture(scope="module")
def listed() -> list[str]:
    return ROW.findall(PAGE.read_text())


@pytest.fixture(scope="module")
def there(listed: list[str]) -> set[str]:
    return collected({one.partition("::")[0] for one in listed})


@pytest.mark.req("N45")
def test_every_line_names_a_test_that_exists(listed, there):
    assert [one for one in listed if one not in there] == []
    assert len(set(listed)) == len(listed) >= LEAST
    assert f"({len(listed)} attacks" in PAGE.read_text()


def test_every_attack_on_access_tokens_and_proofs_has_a_line(listed, there):
    tried = {one for one in there if one.startswith((ATTACKS, PROOFS)) and "[" in one}
    assert tried - set(listed) == set()


def test_a_planted_line_is_found(there):
    assert f"{ATTACKS}::test_other_claims[no exp]" in there
    assert f"{ATTACKS}::test_other_claims[invented]" not in there
