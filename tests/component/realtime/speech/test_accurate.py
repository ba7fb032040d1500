"""A larger recogniser out of an operator's folder: what the first one was not sure of is read again.

The packaged model stands in the folder, for no larger one is to be had here; what it reads is told by a script.
"""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from realtime.engines.local import LocalEngine, Models, known_drugs
from realtime.speech import audio, models, terms
from realtime.speech.asr import Recognizer, Transcript
from voiceassist.core.identity import service

TURN = np.zeros(audio.EAR_RATE, np.float32)
UNSURE = Transcript("What is the dose of a picks a ban?", -0.6, 0.01, fallback=False)
SURE = replace(UNSURE, mean_logprob=-0.1)
BETTER = Transcript("What is the dose of apixaban?", -0.1, 0.01, fallback=False)
DOPAMINE = Transcript("What is the dose of dopamine?", -0.1, 0.01, fallback=False)
DOBUTAMINE = Transcript("What is the dose of dobutamine?", -0.1, 0.01, fallback=False)


class Scripted:
    """A recogniser that reads one thing; `margin` of whatever that is weighed against."""

    def __init__(self, reads, margin=-99.0):
        self.reads, self.margin, self.times = reads, margin, 0

    def transcribe(self, _audio, _terms):
        self.times += 1
        return self.reads

    def margins(self, _turn, _said, others):
        return [self.margin] * len(others)

    def pieces(self, word):
        return len(word)


@pytest.fixture
def folder(tmp_path):
    """An operator's own folder."""
    shutil.copytree(
        models.locate_folder("whisper-tiny.en", None), tmp_path / "own", ignore=shutil.ignore_patterns("__*")
    )
    source = models.locate("whisper-tiny.en/tokenizer.json", None)
    if not (tmp_path / "own/tokenizer.json").exists():
        shutil.copy(source, tmp_path / "own/tokenizer.json")
    return tmp_path / "own"


async def read(voice, first, second, **options):
    engine = LocalEngine(Models(None, first, voice, None, second), rooms=lambda _: None, drugs=known_drugs())
    session = engine.open(service("voice"))
    try:
        heard = await session.transcribe(TURN, audio.EAR_RATE, **options)
    finally:
        engine.close()
    return heard, session.dialogue


@pytest.mark.parametrize(
    ("first", "margin", "again"),
    [(UNSURE, -99.0, True), (DOPAMINE, -1.0, True), (SURE, -99.0, False), (DOPAMINE, -9.0, False)],
)
async def test_only_what_the_first_one_was_not_sure_of_is_read_again(voice, first, margin, again):
    second = Scripted(BETTER)
    heard, dialogue = await read(voice, Scripted(first, margin), second)
    assert second.times == again
    assert heard.text == (BETTER if again else first).text
    assert (dialogue.heard, dialogue.rival) == (heard.text, None)


async def test_what_the_larger_one_doubts_is_asked_about(voice):
    heard, dialogue = await read(voice, Scripted(DOPAMINE, -1.0), Scripted(DOBUTAMINE, -2.0))
    assert heard.text == DOBUTAMINE.text
    assert dialogue.rival.near[0] == "dobutamine"


async def test_words_in_passing_and_silence_are_read_once(voice):
    second = Scripted(BETTER)
    await read(voice, Scripted(UNSURE), second, passing=True)
    await read(voice, Scripted(replace(UNSURE, text="")), second)
    assert second.times == 0


def test_a_folder_of_ones_own_is_read_with(voice, recognizer, folder):
    own = Recognizer(folder=folder)
    sound = audio.resample(voice.synthesize("What are the first steps in sepsis?"), audio.VOICE_RATE, audio.EAR_RATE)
    assert own.transcribe(sound, terms.choose()) == recognizer.transcribe(sound, terms.choose())


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json"])
def test_a_folder_that_is_none_is_told_and_turns_are_read_once(folder, missing, capsys):
    (folder / missing).unlink()
    with pytest.raises(models.ModelMissingError):
        Recognizer(folder=folder)
    loaded = Models.load(None, 1, folder)
    assert (loaded.accurate, bool(loaded.recognizer)) == (None, True)
    assert "speech.accurate_unavailable" in "".join(capsys.readouterr())


def test_a_file_that_is_no_model_is_told_as_well(folder, capsys):
    (folder / "model.bin").write_bytes(b"something else")
    assert Models.load(None, 1, folder).accurate is None
    assert "speech.accurate_unavailable" in "".join(capsys.readouterr())
