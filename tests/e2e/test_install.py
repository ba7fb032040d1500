"""What `make` says on a machine that lacks something: one sentence, exit code, nothing half-installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path) -> Path:
    """The files that `make install` reads first, without anything installed."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "frontend").mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / "frontend" / name, tmp_path / "frontend" / name)
    return tmp_path


def make(checkout: Path, target: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    tools = "/usr/local/bin:/usr/bin:/bin"
    return subprocess.run(
        ["/usr/bin/make", target, *arguments],
        cwd=checkout,
        env={"PATH": tools, "HOME": str(checkout), "LANG": "C.UTF-8"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def sentence(result: "subprocess.CompletedProcess[str]") -> str:
    """The one line that begins with `error:`; make adds its own `***` line."""
    assert result.returncode != 0
    said = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1, result.stderr
    assert said[0].startswith("error: ")
    return said[0]


def test_an_old_python_is_named_with_the_remedy(checkout):
    old = checkout / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert "Python 3.11" in sentence(make(checkout, ".make/python", f"PYTHON={old}"))
    assert not (checkout / ".venv").exists()


def test_a_missing_node_is_named(checkout):
    empty = checkout / "bin"
    empty.mkdir()
    for tool in ("bash", "mkdir", "find", "touch", "grep", "expand", "sed"):
        (empty / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    result = make(checkout, ".make/frontend", PATH=str(empty))
    assert "Node.js 20" in sentence(result)


def test_without_a_network_nothing_is_started(checkout):
    result = make(
        checkout,
        ".make/python",
        f"PYTHON={sys.executable}",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_CONFIG_FILE=os.devnull,
        PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
    )
    assert "network" in sentence(result)
    assert not (checkout / ".make/python").exists(), "the next make must try again"


def test_without_the_npm_registry_the_page_is_not_half_built(checkout):
    result = make(checkout, ".make/frontend", NPM_CONFIG_REGISTRY="http://127.0.0.1:9/", NPM_CONFIG_FETCH_RETRIES="0")
    assert "npm registry" in sentence(result)
    assert not (checkout / ".make/frontend").exists()
    assert not (checkout / "frontend/dist").exists()
