"""Which benchmarks `voiceassist bench` runs, and with what."""

import pytest
from click.testing import CliRunner

from voiceassist.cli import bench


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`run("one", "--fast")` is the result, and the lines that the scripts wrote."""
    log = tmp_path / "log"
    script = f"import sys; open({str(log)!r}, 'a').write(' '.join([sys.argv[0].split('/')[-1], *sys.argv[1:]]) + '\\n')"
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(script)
    (tmp_path / "broken.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr(bench, "FOLDER", tmp_path)

    def invoke(*arguments):
        result = CliRunner().invoke(bench.command, arguments)
        return result, log.read_text().splitlines() if log.exists() else []

    return invoke


def test_options_go_to_the_one_benchmark_that_is_named(run):
    result, ran = run("one", "--minutes", "3", "-x", "two")
    assert result.exit_code == 0
    assert ran == ["one.py --minutes 3 -x two"]


def test_several_run_one_after_the_other(run):
    assert run("two", "one")[1] == ["two.py", "one.py"]


@pytest.mark.parametrize("arguments", [("--minutes", "3"), ("one", "two", "--minutes", "3")])
def test_options_of_nobody_are_refused(run, arguments):
    result, ran = run(*arguments)
    assert result.exit_code == 2
    assert "one benchmark" in result.output
    assert ran == []


def test_an_unknown_one_is_named_and_a_broken_one_ends_the_run(run):
    result, ran = run("one", "three")
    assert (result.exit_code, ran) == (1, [])
    assert "no benchmark three" in result.output
    assert run()[0].exit_code == 3  # all of them, in the order of their names
