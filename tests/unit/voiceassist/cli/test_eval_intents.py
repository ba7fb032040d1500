"""`voiceassist eval intents`: the confusion matrix of labelled queries."""

import json

import pytest
from click.testing import CliRunner

from voiceassist.cli.main import group

QUERIES = "# ours\n[treatment]\nhow do I treat gout\n\n[general]\nwhat is gout\nhow do I treat sepsis\n"


def run(tmp_path, text, *options):
    gold = tmp_path / "gold.txt"
    gold.write_text(text, encoding="utf-8")
    return CliRunner().invoke(group, ["eval", "intents", "--gold", str(gold), *options])


def test_the_matrix_tells_what_was_taken_for_what(tmp_path):
    done = run(tmp_path, QUERIES, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["n"], told["accuracy"]) == (3, 0.6667)
    assert told["confusion"]["general"] == {"treatment": 1, "general": 1}
    shown = run(tmp_path, QUERIES).output.splitlines()
    assert shown[-1] == "accuracy 0.667 of 3"
    assert shown[0].split()[:2] == ["diagnosis", "treatment"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no queries"), ("[nonsense]\nx", "The intents are"), ("how do I treat gout", "before the first")],
)
def test_a_file_that_is_none_is_told(tmp_path, text, words):
    done = run(tmp_path, text)
    assert done.exit_code == 1
    assert words in done.output
