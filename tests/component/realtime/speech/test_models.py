"""Only the published model files are ever loaded."""

import shutil
from pathlib import Path

import pytest

from realtime.speech import models
from realtime.speech.asr import Recognizer
from realtime.speech.tts import Voice
from realtime.speech.vad import SpeechDetector

VAD = "silero/silero_vad.onnx"


def copy(name: str, folder: Path) -> Path:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(models.locate(name), target)
    return target


@pytest.mark.req("P4.6")
def test_the_installed_files_are_the_published_ones() -> None:
    assert models.problems() == []
    assert all(model.licence and len(model.sha256) == 64 for model in models.MODELS)


def test_the_operators_folder_wins(tmp_path: Path) -> None:
    mirrored = copy(VAD, tmp_path)
    assert models.locate(VAD, tmp_path) == mirrored
    assert models.locate(VAD) != mirrored


@pytest.mark.req("P4.6")
def test_a_changed_file_is_refused_even_at_the_same_size(tmp_path: Path) -> None:
    mirrored = copy(VAD, tmp_path)
    assert models.locate(VAD, tmp_path) == mirrored
    data = bytearray(mirrored.read_bytes())
    data[1000] ^= 1
    mirrored.write_bytes(bytes(data))
    with pytest.raises(models.ModelDigestError, match=VAD):
        models.locate(VAD, tmp_path)
    with pytest.raises(models.ModelDigestError):
        SpeechDetector(tmp_path)


def test_a_short_file_is_refused_and_told(tmp_path: Path) -> None:
    for name in ("hibari/hibari.onnx", "whisper-tiny.en/config.json"):
        target = tmp_path / name
        target.parent.mkdir(parents=True)
        target.write_bytes(b"{}")
    with pytest.raises(models.ModelDigestError):
        Voice(tmp_path)
    with pytest.raises(models.ModelDigestError):
        Recognizer(tmp_path)
    assert len(models.problems(tmp_path)) == 2


def test_a_whole_folder_may_be_mirrored_but_not_half_of_it(tmp_path: Path) -> None:
    copy("hibari/hibari.onnx", tmp_path)
    with pytest.raises(models.ModelMissingError):
        models.locate_folder("hibari", tmp_path)
    for model in models.MODELS:
        if model.name.startswith("hibari/"):
            copy(model.name, tmp_path)
    assert models.locate_folder("hibari", tmp_path) == tmp_path / "hibari"
    assert len(Voice(tmp_path).synthesize("Yes.")) > 0


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda _name: None)
    assert len(models.problems()) == len(models.MODELS)
    with pytest.raises(models.ModelMissingError, match=VAD):
        models.locate(VAD)
