"""`voiceassist eval asr` and `eval voice` with nothing running: a question goes in, what was heard comes out."""

import json

from click.testing import CliRunner

from voiceassist.cli.main import group

QUESTION = "How do I treat atrial fibrillation?"


def run(tmp_path, name):
    (tmp_path / "gold.jsonl").write_text(json.dumps({"id": "one", "text": QUESTION}), encoding="utf-8")
    options = ["--gold", str(tmp_path / "gold.jsonl"), "--out", str(tmp_path / "found.jsonl")]
    done = CliRunner().invoke(group, ["eval", name, *options])
    assert not done.exit_code, done.output
    return json.loads(done.output), json.loads((tmp_path / "found.jsonl").read_text(encoding="utf-8"))


def test_what_is_heard_comes_with_the_list_of_terms(tmp_path):
    told, found = run(tmp_path, "asr")
    assert told == {"turns": 1, "heard": 1}
    assert "atrial fibrillation" in found["text"].lower()
    assert "atrial fibrillation" in [term.lower() for term in found["list"]]


def test_a_question_said_in_real_time_is_answered_and_timed(tmp_path):
    told, found = run(tmp_path, "voice")
    assert (told["questions"], told["answered"], told["early"], told["synthetic"]) == (1, 1, 0, 1)
    assert (found["id"], found["status"]) == ("one", "answered")
    assert "fibrillation" in found["heard"].lower()
    assert "fibrillation" in found["answer"].lower()
    assert found["voice_to_voice_ms"] >= found["stages_ms"]["eou_ms"] > 0
