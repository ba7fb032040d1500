"""No clinical question of the public sets is taken for a function of the hospital's own."""

import gzip
import json
import os
from pathlib import Path

import pytest

from realtime.dialogue.phrases import Phrasebook, Skill

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("VOICEASSIST_EVAL_DATA", ROOT.parent / "shared" / "data")) / "clinical"
SETS = {
    "liveqa_queries": ("text", "original"),
    "pubmedqa_queries": ("text",),
    "retrieval_queries": ("text",),
    "clarify": ("text",),
    "medcalc": ("question",),
    "mediq": ("question", "initial"),
}
# What a hospital might put beside the library, wide ones among them.
PHRASES = (
    "who is on call", "on-call doctor", "who is on call for *", "phone number of *", "canteen menu",
    "visiting hours", "how do I page *", "bed board", "open beds on *", "next theatre slot", "fire drill",
    "where is the crash cart", "who is the duty manager", "infection control contact", "pharmacy opening hours",
)  # fmt: skip


def questions(name, fields):
    path = DATA / f"{name}.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no {path.name}: set VOICEASSIST_EVAL_DATA to the folder that holds clinical/")
    with gzip.open(path, "rt") as lines:
        return [row[field] for row in map(json.loads, lines) for field in fields if row.get(field)]


@pytest.mark.parametrize("name", SETS)
def test_no_clinical_question_is_taken(name):
    book = Phrasebook([Skill("hospital", "/api/v1/hospital/ask", "", PHRASES)])
    asked = questions(name, SETS[name])
    assert len(asked) >= 15
    assert [question for question in asked if book.find(question)] == []
    assert all(book.find(f"please {phrase.replace('*', 'cardiology')} now") for phrase in PHRASES)
