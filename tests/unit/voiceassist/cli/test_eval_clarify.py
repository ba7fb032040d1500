"""`voiceassist eval clarify`: which cases are asked back, with which choices and inputs."""

import json

import pytest
from click.testing import CliRunner

from voiceassist.cli.evals.words import WordIndex
from voiceassist.cli.main import group

CORPUS = [
    {"id": f"{number}", "title": title, "text": "Something on glumitis and its causes."}
    for number, title in enumerate(("Renal glumitis", "Optic glumitis", "Nodular glumitis", "Influenza"))
]
PRESSURE = {"Systolic Blood Pressure": [120, "mmHg"]}
CASES = [
    {"id": "ask", "type": "ambiguous_topic", "text": "What causes glumitis?"},
    {"id": "answer", "type": "specific_topic", "text": "What causes Renal glumitis?"},
    {"id": "other", "type": "specific_topic", "text": "What causes quibble fever?"},
    {
        "id": "slot",
        "type": "missing_slot",
        "calc_id": 5,
        "given": PRESSURE,
        "filled": {"Diastolic Blood Pressure": [80, "mmHg"]},
    },
    {
        "id": "refused",
        "type": "missing_slot",
        "calc_id": 5,
        "given": PRESSURE,
        "filled": {"Diastolic Blood Pressure": [9e9, "mmHg"]},
    },
    {
        "id": "complete",
        "type": "missing_slot",
        "calc_id": 6,
        "given": {"weight": [70, "kg"], "height": [1.8, "m"]},
        "filled": {},
    },
    {"id": "unknown", "type": "missing_slot", "calc_id": 999, "given": {}, "filled": {}},
]


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def answered(tmp_path, *options, cases=CASES):
    out = tmp_path / "found.jsonl"
    gold = lines(tmp_path / "gold.jsonl", cases)
    done = CliRunner().invoke(group, ["eval", "clarify", "--gold", gold, *options, "--out", str(out)])
    assert done.exit_code == 0, done.output
    return {row["id"]: row for row in map(json.loads, out.read_text().splitlines())}


def test_topics_are_asked_back_by_the_corpus_and_slots_by_the_calculators(tmp_path):
    found = answered(tmp_path, "--corpus", lines(tmp_path / "corpus.jsonl", CORPUS))
    assert found["ask"] == {
        "id": "ask",
        "action": "ask",
        "options": ["Nodular glumitis", "Optic glumitis", "Renal glumitis"],
        "questions": 1,
    }
    assert found["answer"]["action"] == found["other"]["action"] == "answer"
    assert found["slot"]["slots"] == ["Diastolic Blood Pressure"]
    assert found["slot"]["value"] == pytest.approx(93.333, abs=0.001)
    assert "value" not in found["refused"]
    assert found["complete"]["action"] == found["unknown"]["action"] == "answer"


def test_a_case_is_a_conversation_of_its_own(tmp_path):
    corpus = lines(tmp_path / "corpus.jsonl", CORPUS)
    twice = [{"id": str(number), "text": "What causes glumitis?"} for number in range(4)]
    assert [row["action"] for row in answered(tmp_path, "--corpus", corpus, cases=twice).values()] == ["ask"] * 4


def test_without_a_corpus_every_topic_is_answered(tmp_path):
    assert answered(tmp_path)["ask"]["action"] == "answer"


def test_a_terminology_adds_names_and_kinds(tmp_path):
    terms = [
        {"id": "1", "name": "quibble fever", "syn": [], "isa": []},
        {"id": "2", "name": "influenza", "syn": ["flu"], "isa": ["1"]},
        {"id": "3", "name": "renal glumitis", "syn": [], "isa": ["1"]},
        {"id": "4", "name": "blue ague", "syn": [], "isa": ["1"]},
    ]
    corpus = [dict(row, text="quibble fever") for row in CORPUS]
    options = ("--corpus", lines(tmp_path / "c.jsonl", corpus), "--terminology", lines(tmp_path / "t.jsonl", terms))
    assert set(answered(tmp_path, *options)["other"]["options"]) == {"Influenza", "Renal glumitis"}


def test_words_are_ranked_by_rarity_and_length():
    index = WordIndex(["gout", "gout gout and many other words about joints", "joints", ""])
    assert [place for place, _ in index.search("what is gout?", 5)] == [0, 1]
    assert index.search("gout", 1)[0][0] == 0
    assert index.search("absent", 5) == []
    assert WordIndex([]).search("gout", 5) == []
