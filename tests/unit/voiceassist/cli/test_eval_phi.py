"""`voiceassist eval phi`: predictions in the scorer's form, for every text of every file."""

import json

from click.testing import CliRunner

from functions.phi.domain.lists import ListsError
from voiceassist.cli.evals import identifiers
from voiceassist.cli.main import group


def gold(path, *texts):
    path.write_text(
        "".join(json.dumps({"id": f"{path.stem}-{n}", "text": text}) + "\n" for n, text in enumerate(texts))
    )
    return str(path)


def test_every_text_gets_its_row(tmp_path):
    first, second = gold(tmp_path / "a.jsonl", "SSN 123-45-6789", "no one"), gold(tmp_path / "b.jsonl", "é 10.1.2.3")
    out = tmp_path / "found.jsonl"
    done = CliRunner().invoke(group, ["eval", "phi", "--gold", first, "--gold", second, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        {"id": "a-0", "spans": [{"start": 4, "end": 15, "label": "SSN"}]},
        {"id": "a-1", "spans": []},
        {"id": "b-0", "spans": [{"start": 2, "end": 10, "label": "IP"}]},
    ]


def test_without_lists_it_says_so(tmp_path, monkeypatch):
    def absent():
        raise ListsError("no lists")

    monkeypatch.setattr(identifiers, "engine", absent)
    out = tmp_path / "found.jsonl"
    done = CliRunner().invoke(group, ["eval", "phi", "--gold", gold(tmp_path / "a.jsonl", "x"), "--out", str(out)])
    assert (done.exit_code, done.output) == (1, "Error: no lists\n")
    assert not out.exists()
