"""Gold rows of speech: recordings and words to be said, and what is wrong with a row."""

import json

import click
import numpy as np
import pytest
from click.testing import CliRunner

from realtime.speech import audio
from voiceassist.cli.evals import sounds
from voiceassist.cli.main import group

TONE = np.sin(np.arange(8_000) / 8).astype(np.float32) * 0.5


def gold(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


class Saying:
    def synthesize(self, text):
        return audio.silence(len(text), audio.VOICE_RATE)


def test_a_recording_lies_beside_its_gold_file_and_is_brought_to_the_rate_of_voices(tmp_path):
    audio.write_wav(tmp_path / "a.wav", TONE, 8_000)
    (row,) = sounds.read([gold(tmp_path / "gold.jsonl", {"id": "a", "audio": "a.wav", "text": "a tone"})])
    assert len(row.sound(Saying())) == pytest.approx(audio.VOICE_RATE, rel=0.01)


def test_words_without_a_recording_are_said(tmp_path):
    (row,) = sounds.read([gold(tmp_path / "gold.jsonl", {"text": "four"})])
    assert (row.id, len(row.sound(Saying()))) == ("row-0", 4 * audio.VOICE_RATE)


def test_turns_of_one_conversation_that_follow_each_other_stay_together(tmp_path):
    turns = ["x", "x", None, None, "y"]
    told = [{"id": str(n), "text": "a", "conversation": one} for n, one in enumerate(turns)]
    found = sounds.conversations(sounds.read([gold(tmp_path / "gold.jsonl", *told)]))
    assert [[row.id for row in group] for group in found] == [["0", "1"], ["2"], ["3"], ["4"]]


@pytest.mark.parametrize("row", [{"id": "a"}, {"id": "a", "text": " "}, {"id": "a", "audio": 7}])
def test_a_row_needs_sound_or_words(tmp_path, row):
    with pytest.raises(click.ClickException, match="a: a row needs `audio`"):
        sounds.read([gold(tmp_path / "gold.jsonl", row)])


def test_an_id_in_two_files_is_told(tmp_path):
    files = [gold(tmp_path / name, {"id": "a", "text": "b"}) for name in ("1.jsonl", "2.jsonl")]
    with pytest.raises(click.ClickException, match="twice"):
        sounds.read(files)


def test_what_is_no_wav_file_or_too_short_is_told_with_its_row(tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    audio.write_wav(tmp_path / "short.wav", TONE[:700], 8_000)
    for name, why in (("text.wav", "is no WAV"), ("short.wav", "shorter"), ("gone.wav", "is no WAV")):
        (row,) = sounds.read([gold(tmp_path / "gold.jsonl", {"id": "one", "audio": name})])
        with pytest.raises(click.ClickException, match=f"one: .*{why}"):
            row.sound(Saying())


@pytest.mark.parametrize("options", [[], ["--gold", "g"], ["--gold", "g", "--conversations", "g", "--out", "o"]])
def test_asr_wants_gold_with_out_or_conversations(tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    gold(tmp_path / "g", {"text": "a"})
    done = CliRunner().invoke(group, ["eval", "asr", *options])
    assert (done.exit_code, "Give --gold with --out" in done.output) == (2, True)
