"""The development cases of clarification, read at test time from the evaluation data and never committed."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from realtime.dialogue.clarify import drugs
from realtime.engines.local import known_drugs
from voiceassist.cli.main import group

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", ROOT.parent / "shared" / "data"))
FILES = [DATA / "clinical" / name for name in ("clarify.jsonl.gz", "nih_corpus.jsonl.gz", "doid_terms.jsonl.gz")]


@pytest.mark.req("P4.13")
@pytest.mark.parametrize("terms", [False, True])
def test_the_goals_are_met_on_the_development_cases(tmp_path, capsys, terms):
    if missing := [path for path in FILES if not path.exists()]:
        pytest.skip(f"no clarification cases: {missing[0]} is absent (set VOICEASSIST_EVAL_DATA)")
    gold, corpus, terminology = map(str, FILES)
    found = str(tmp_path / "found.jsonl")
    options = ["--gold", gold, "--corpus", corpus, "--out", found, *(["--terminology", terminology] if terms else [])]
    done = CliRunner().invoke(group, ["eval", "clarify", *options])
    assert done.exit_code == 0, done.output
    command = [sys.executable, str(DATA / "score" / "score_clarify.py"), gold, found]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    with capsys.disabled():
        print("\nclarification, development cases:", json.dumps(report))
    assert report["topics"]["ask_f1"] >= 0.85
    assert report["topics"]["false_ask_rate"] <= 0.08
    assert report["options"]["valid_share"] >= 0.90
    assert report["missing_slot"]["slot_exact"] >= 0.99
    assert report["missing_slot"]["value_right"] >= 0.99
    assert report["questions"]["most"] <= 2


@pytest.mark.req("P4.16")
def test_no_drug_is_asked_for_in_the_development_cases():
    if not FILES[0].exists():
        pytest.skip(f"no clarification cases: {FILES[0]} is absent (set VOICEASSIST_EVAL_DATA)")
    lines = gzip.decompress(FILES[0].read_bytes()).decode("utf-8").splitlines()
    texts = [case["text"] for case in map(json.loads, lines) if "text" in case]
    assert len(texts) > 90
    known = known_drugs()
    assert [text for text in texts if drugs.doubt(text, known)] == []
