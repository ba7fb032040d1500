"""A token classifier out of a folder, with tiny random weights: places in the text, windows, and what it refuses."""

import json

import pytest

from voiceassist.adapters.transformers_tagger import Finding, TransformersTagger, joined, ours
from voiceassist.ports.embedding import ModelError
from voiceassist.runtime import deidentification
from voiceassist.runtime.settings import Phi, Settings

from .conftest import write_bert

pytest.importorskip("torch", reason="torch is not installed here: make test-models runs these tests")
pytest.importorskip("transformers")

LABELS = {0: "O", 1: "B-PATIENT", 2: "I-PATIENT", 3: "B-AGE", 4: "B-NONSENSE"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_bert(
        tmp_path_factory.mktemp("models") / "tiny-tagger",
        kind="BertForTokenClassification",
        id2label=LABELS,
        label2id={name: number for number, name in LABELS.items()},
    )


@pytest.fixture(scope="module")
def tagger(folder):
    return TransformersTagger(folder)


def favour(tagger, number):
    """Make the model say one label everywhere."""
    import torch

    with torch.no_grad():
        tagger._model.classifier.weight.zero_()
        tagger._model.classifier.bias.zero_()
        tagger._model.classifier.bias[number] = 20.0


def test_places_are_those_of_the_text_in_every_window(tagger):
    favour(tagger, 1)
    text = "the patient has gout. " * 40
    found = tagger.find(text)
    covered = {at for one in found for at in range(one.start, one.end)}
    assert {one.label for one in found} == {"NAME"}
    assert all(at in covered for at, character in enumerate(text) if character.isalnum())


def test_what_is_outside_and_ages_are_left(tagger):
    for number in (0, 3):
        favour(tagger, number)
        assert tagger.find("the patient has gout") == []


def test_an_unknown_label_is_not_let_through(tagger):
    favour(tagger, 4)
    assert {one.label for one in tagger.find("the patient has gout")} == {"OTHER_ID"}


def test_labels_of_the_field_are_ours():
    assert [ours(label) for label in ("B-PATIENT", "L-HOSP", "STAFF", "I_DATE", "MEDICALRECORD")] == [
        "NAME", "FACILITY", "NAME", "DATE", "MRN",
    ]  # fmt: skip


def test_pieces_are_joined():
    date = Finding(10, 13, "DATE", 1.0)
    pieces = [Finding(0, 2, "NAME", 0.5), Finding(2, 4, "NAME", 0.9), Finding(5, 8, "NAME", 0.6), date]
    assert list(joined("Jane Doe. 3/7", pieces)) == [Finding(0, 8, "NAME", 0.9), date]


def test_a_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "O", "1": "B-PATIENT"}}))
    with pytest.raises(ModelError):
        TransformersTagger(tmp_path)


def test_it_is_one_more_layer_of_the_engine(folder, monkeypatch):
    monkeypatch.setattr(deidentification, "load_settings", lambda: Settings(phi=Phi(tagger=str(folder))))
    deidentification.engine.cache_clear()
    engine = deidentification.engine()
    deidentification.engine.cache_clear()
    assert len(engine._taggers) == 2
    assert all(0 <= one.start < one.end for one in engine.find("the patient has gout, SSN 123-45-6789"))
