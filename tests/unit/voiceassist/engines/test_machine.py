"""Tools of the machine: present, absent or too old, each told with its version and what to install."""

import sys

import pytest

from voiceassist.runtime.engines import machine

pytestmark = pytest.mark.req("P0.3")


@pytest.fixture
def tools(monkeypatch):
    """`tools(node="18.1.0")`: what the checks say when these versions are installed and nothing else."""

    def found(**versions):
        monkeypatch.setattr(machine.shutil, "which", lambda name: f"/bin/{name}" if name in versions else None)
        monkeypatch.setattr(machine, "_version", lambda command: versions[command[0].removeprefix("/bin/")])
        return {check.name: check for check in machine.tools()}

    return found


def test_the_tools_of_every_phase_are_looked_for(tools):
    assert {"node", "make", "git", "terraform", "ansible"} <= set(tools())
    assert machine.python().found == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize("name", ["node", "make", "terraform", "ansible"])
def test_a_tool_is_present_absent_or_too_old(tools, name):
    oldest = machine.TOOLS[name][1]
    present, old, absent = tools(**{name: f"{oldest}.9.1"}), tools(**{name: f"{oldest - 1}.0.0"}), tools()
    assert (present[name].found, present[name].ok, present[name].mend) == (f"{oldest}.9.1", True, "")
    assert (old[name].found, old[name].ok) == (f"{oldest - 1}.0.0", False)
    assert (absent[name].found, absent[name].ok) == ("absent", False)
    assert f"install {name} {oldest} or newer" in old[name].mend
    assert f"install {name} {oldest} or newer" in absent[name].mend


def test_only_what_this_phase_needs_makes_the_doctor_fail(tools):
    absent = tools()
    assert {name for name, check in absent.items() if check.needed} == {"node", "make"}


def test_a_python_that_is_too_old_is_told(monkeypatch):
    monkeypatch.setattr(machine.sys, "version_info", (3, 10, 12, "final", 0))
    check = machine.python()
    assert (check.found, check.ok, check.needed) == ("3.10.12", False, True)
    assert "3.11" in check.mend
