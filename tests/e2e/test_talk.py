"""A spoken question and a cited, spoken answer, through every part of the running product."""

import json
import re

import pytest

TREATMENT = "how do I treat atrial fibrillation with a high stroke risk"


def talk(product, question, answer):
    result = product.cli("talk", str(question), "-o", str(answer), "--json")
    assert result.returncode == 0, result.stderr + product.logs()
    return json.loads(result.stdout)


@pytest.mark.req("P5.10")
def test_a_spoken_question_is_answered_from_the_library_with_citations(product, say, listen, tmp_path):
    found = talk(product, say(TREATMENT), tmp_path / "answer.wav")
    assert "fibrillation" in found["transcript"].lower()
    assert found["citations"], found
    assert any("fibrillation" in citation["title"].lower() for citation in found["citations"])
    assert all(citation["section"] and citation["starter"] for citation in found["citations"])
    assert "[1]" in found["answer"]
    assert re.search(r"anticoag", found["answer"].lower())
    heard = listen(tmp_path / "answer.wav", ("anticoagulant", "anticoagulation", "apixaban")).lower()
    said = set(re.findall(r"[a-z]{6,}", found["answer"].lower()))
    assert len(said & set(re.findall(r"[a-z]{6,}", heard))) >= 0.5 * len(said), (said, heard)


def ask(product, text):
    result = product.cli("ask", text, "--json")
    assert result.returncode == 0, result.stderr + product.logs()
    return json.loads(result.stdout)


def test_a_typed_question_takes_the_same_way(product):
    found = ask(product, "What is the first-line vasopressor in septic shock?")
    assert "norepinephrine" in found["answer"].lower()
    assert found["citations"][0]["title"].startswith("Sepsis")


def test_nonsense_is_not_answered(product):
    found = ask(product, "How do I treat florbundian wexitis with zanquopril?")
    assert found["citations"] == []


def test_a_file_that_is_no_sound_is_refused_in_one_sentence(product, tmp_path):
    (tmp_path / "no.wav").write_bytes(b"not a wav")
    result = product.cli("talk", str(tmp_path / "no.wav"))
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
