"""The shipped tagger: its model is the one of its card, and what it does with a text."""

import json
import lzma
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pycrfsuite
import pytest

from functions.phi.domain import chain, crf, rows, scoring, weights
from functions.phi.domain.engine import Engine
from functions.phi.domain.features import Features
from functions.phi.domain.lists import Lists, packed
from functions.phi.domain.model import Entity
from functions.phi.domain.tokens import tokenise

NOTHING = Lists(packed({}))


@pytest.fixture
def found(engine):
    return lambda text, lists=None: crf.find(text, tokenise(text), (), lists or engine.lists)


@pytest.fixture
def words(found):
    def of(text, lists=None):
        return {word for one in found(text, lists) for word in re.findall(r"\w+", text[one.start : one.end])}

    return of


def test_the_model_is_the_one_of_its_card_and_small():
    card = json.loads(crf.CARD.read_text("utf-8"))
    data = crf.MODEL.read_bytes()
    assert crf.digest(data) == card["sha256"]
    assert len(data) == card["bytes"] < 600_000


def test_a_changed_or_absent_model_is_refused(tmp_path):
    changed = tmp_path / "model"
    changed.write_bytes(crf.MODEL.read_bytes() + b"\0")
    with pytest.raises(crf.TaggerError, match="card"):
        crf.opened(changed, crf.digest(crf.MODEL.read_bytes()))
    with pytest.raises(crf.TaggerError, match="missing"):
        crf.opened(tmp_path / "absent", "0")


def test_what_the_model_says_is_what_crfsuite_reads_in_it(engine):
    data = lzma.decompress(crf.MODEL.read_bytes())
    theirs = pycrfsuite.Tagger()
    theirs.open_inmemory(data)
    ours = weights.read(data)
    assert list(ours.labels) == theirs.labels()
    assert {"BOT", "EOT", "nl"} <= ours.attributes.keys()
    text = (
        "Pt Wexelbaum, MRN 4417729, em are en four four one; seen 3/7/2024\nat 17 Elderwood Lane. j.doe@example.org" * 3
    )
    tokens = tokenise(text)
    assert chain.ALONE < len(tokens) < crf.SEGMENT
    flags = [engine.lists.flags(key) for key in tokens.keys]
    rules = ["MRN" if word == "4417729" else "" for word in tokens.words]
    names = list(Features().of(text, tokens, flags, rules))
    labels = theirs.tag(names)
    for end in (1, 5, chain.ALONE, len(tokens)):
        theirs.set(names[:end])
        (read,) = scoring.Reader(ours, crf.OUTSIDE).read(text, tokens, flags, rules, [(0, end)])
        assert read.outside == pytest.approx([theirs.marginal(crf.OUTSIDE, at) for at in range(end)], abs=1e-5)
        others = [max(ours.labels[1:], key=lambda label, at=at: theirs.marginal(label, at)) for at in range(end)]
        assert [read.other(at) for at in range(end)] == others
    assert [read.together(at) for at in range(len(tokens))] == labels
    assert {"NAME", "MRN", "GEO", "EMAIL"} <= set(labels)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "MRN 4",
        "\nNa: 138\n\nK",
        "GET /x/44-1_b?id=7 200",
        "n p i one two ninety years old",
        "Dr. O'Brien-Wexelbaum's",
    ],
)
def test_rows_say_what_the_names_of_the_features_say(engine, text):
    ours = weights.read(lzma.decompress(crf.MODEL.read_bytes()))
    tokens = tokenise(text)
    flags = [engine.lists.flags(key) for key in tokens.keys]
    for rules in ([""] * len(tokens), ["MRN" if at % 3 == 1 else "" for at in range(len(tokens))]):
        names = Features(ours.attributes).of(text, tokens, flags, rules)
        told = [ours.scores[[ours.attributes[name.decode()] for name in each], :].sum(axis=0) for each in names]
        made = rows.Rows(ours)
        laid = made.laid(text, tokens, flags, rules)
        assert np.abs(made.table.take(laid, 0).sum(axis=0) - told).max() < 1e-4


def test_the_rows_of_features_are_forgotten_when_there_are_many_and_nothing_changes(engine, monkeypatch):
    reader = scoring.Reader(weights.read(lzma.decompress(crf.MODEL.read_bytes())), crf.OUTSIDE)
    tagger = crf.Tagger(reader)
    texts = [f"Ask Dr. Wexelbaum{at} about bed {at}, MRN 44-{at}" for at in range(40)]
    told = [tagger.find(text, tokenise(text), (), engine.lists) for text in texts]
    assert all(told)
    monkeypatch.setattr(scoring, "MOST", 50)
    monkeypatch.setattr(rows, "FIRST", 4)
    monkeypatch.setattr(rows, "FEW", 2)
    assert [tagger.find(text, tokenise(text), (), engine.lists) for text in texts] == told


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Please ask Dr. Wexelbaum about her potassium", "Wexelbaum"),
        ("this is zofia brandl m r n four four one nine two seven", "brandl"),
        ('{"patientName":"Tamsin Okereke","dob":"1961-02-09"}', "Okereke"),
        ("Lives at 17 Elderwood Lane, Quarryville", "Elderwood"),
    ],
)
def test_it_finds_what_no_list_holds(words, text, secret):
    assert secret in words(text, NOTHING)


@pytest.mark.parametrize(
    "text",
    [
        "What is the maximum dose of lisinopril 12.5-25 mg in CKD?",
        "BP 132/84, HR 76, Na 138, K 4.1, creatinine 1.2",
        "explain the difference between murphy sign and rovsing sign",
        '{"level":"INFO","svc":"retrieval","msg":"GET /healthz 200","duration_ns":123456}',
    ],
)
def test_it_leaves_clinical_text_alone(found, text):
    assert found(text) == []


def test_a_possessive_s_is_no_part_of_a_name(found):
    text = "Mr. Wexelbaum's potassium is back"
    assert "Wexelbaum" in [text[one.start : one.end] for one in found(text)]


def test_a_long_text_is_read_in_segments_with_what_stands_before_them(words):
    filler = "The abdomen was soft and the wound was clean. " * 200
    text = filler + "Please call Dr. Wexelbaum today."
    tokens = tokenise(text)
    spans = list(crf.segments(tokens))
    assert spans[0][0] == 0
    assert spans[-1][1] == len(tokens)
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert max(end - start for start, end in spans) <= crf.SEGMENT
    assert "Wexelbaum" in words(text)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "\u200b", "Ω" * 50, "a" * 5000, "1 " * 3000])
def test_odd_texts_are_no_trouble(found, text):
    assert all(0 <= one.start < one.end <= len(text) for one in found(text))


def test_a_weak_finding_that_the_tagger_holds_to_be_none_is_doubted_and_others_are_not():
    text = "Wells score and Nurse Wells, SSN 123-45-6789"
    tokens = tokenise(text)
    weak = Entity(0, 5, "NAME", 0.6, "context")
    spread = Entity(16, 27, "NAME", 0.6, "propagation")
    shaped = Entity(33, 44, "SSN", 0.8, "pattern")
    sure = [1.0] * len(tokens)
    sure[tokens.words.index("Wells", 1)] = 0.2
    doubted = list(crf.doubts(tokens, [weak, spread, shaped], sure))
    assert [(one.start, one.end, one.label) for one in doubted] == [(0, 5, crf.OUTSIDE)]


def test_the_engine_drops_what_is_doubted(engine):
    text = "Ask nurse Wexelbaum: SSN 123-45-6789"
    own = Engine(engine.lists)
    assert [one.label for one in own.find(text)] == ["NAME", "SSN"]

    def doubting(_text, _tokens, found, _lists):
        return [Entity(one.start, one.end, crf.OUTSIDE, 0.0, "crf") for one in found]

    assert [one.label for one in Engine(engine.lists, taggers=[doubting]).find(text)] == ["SSN"]


def test_texts_read_in_threads_at_once_do_not_disturb_each_other(found):
    texts = [f"Please call Dr. Wexelbaum{at} about bed {at}. " * (at + 1) for at in range(8)]
    alone = [found(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(found, texts * 4)) == alone * 4
