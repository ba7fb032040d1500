"""`voiceassist talk` and `ask` against the real service; here an internal token stands for the machine's key."""

import json
import wave

import msgspec
import pytest
from click.testing import CliRunner

from realtime.speech import audio
from voiceassist.cli.main import group
from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime.engines import secrets

SCORE = "What is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes?"


@pytest.fixture
def run(service, tmp_path):
    """Run a command on a data directory whose key the service takes; answers (exit code, output, error)."""

    def command(*arguments, key=None, url=service.url, lines=None):
        kept = msgspec.structs.replace(secrets.generate(), cli_api_key=key or service.token())
        (tmp_path / "secrets.json").write_bytes(msgspec.json.encode(kept))
        options = ["--data", str(tmp_path), *(["--url", url] if url else [])]
        result = CliRunner().invoke(group, [*arguments, *options], input=lines)
        error = result.exception.detail if isinstance(result.exception, VoiceAssistError) else ""
        return result.exit_code, result.stdout, error or result.stderr

    return command


@pytest.fixture
def question(say, tmp_path):
    path = tmp_path / "question.wav"
    audio.write_wav(path, audio.from_pcm16(say(SCORE)), 24_000)
    return path


def test_a_spoken_question_gives_a_spoken_answer_and_all_that_belongs_to_it(run, question, tmp_path, listen):
    code, output, _ = run("talk", str(question), "-o", str(tmp_path / "answer.wav"), "--json")
    assert code == 0
    told = json.loads(output)
    assert set(told) >= {"transcript", "answer", "citations", "calculator", "clarify", "timings"}
    assert "68" in told["transcript"]
    assert told["calculator"]["value"] == 3
    assert told["timings"]["first_audio_ms"] > 0
    samples, rate = audio.read_wav(tmp_path / "answer.wav")
    assert "stroke risk is high" in listen(audio.to_pcm16(audio.resample(samples, rate, 24_000)), ()).lower()


def test_the_answer_can_be_read_without_json(run, question):
    code, output, _ = run("talk", str(question))
    assert code == 0
    assert output.splitlines()[0].startswith("> What is the CHA2DS2-VASc score")
    code, output, _ = run("ask", "How do I treat atrial fibrillation?")
    assert "[1] Atrial fibrillation, Stroke prevention (Starter library, 2024)" in output


def test_a_missing_value_is_told_as_a_question(run):
    told = json.loads(run("ask", "calculate the eGFR", "--json")[1])
    assert told["clarify"]["slot"] == "creatinine"
    assert told["calculator"] is None


def test_several_texts_are_one_conversation(run):
    code, output, _ = run("ask", "calculate the eGFR", "0.9", "--json")
    assert code == 0
    asked, told = json.loads(output)
    assert asked["clarify"]["slot"] == "creatinine"
    assert (told["transcript"], told["calculator"]["value"]) == ("0.9", 3)


def test_the_turns_may_be_the_lines_of_standard_input(run):
    code, output, _ = run("ask", "-", lines="search for kidney disease management\n\nchronic, stage three b\n")
    assert code == 0
    question, chips, answer = output.splitlines()[:3]
    assert question.startswith("Which kind of kidney disease")
    assert "Chronic kidney disease" in chips
    assert "something else" in chips
    assert answer.startswith("Anticoagulation")
    assert run("ask", "-", lines="")[:2] == (0, "")


def test_spoken_turns_are_one_conversation_too(run, say, tmp_path):
    turns = []
    for place, text in enumerate(("calculate the e g f r of a woman", "the creatinine is 0.9")):
        turns.append(str(tmp_path / f"{place}.wav"))
        audio.write_wav(tmp_path / f"{place}.wav", audio.from_pcm16(say(text)), 24_000)
    code, output, _ = run("talk", *turns, "-o", str(tmp_path / "answers.wav"), "--json")
    assert code == 0
    asked, told = json.loads(output)
    assert (asked["clarify"]["slot"], told["calculator"]["value"]) == ("creatinine", 3)
    samples, rate = audio.read_wav(tmp_path / "answers.wav")
    heard = asked["timings"]["audio_s"] + told["timings"]["audio_s"]
    assert len(samples) / rate == pytest.approx(heard, abs=0.05)


def test_without_a_running_product_it_says_what_to_do(run):
    code, output, error = run("ask", "hello", url=None)
    assert (code, output) == (1, "")
    assert "voiceassist up" in error
    assert "cannot be reached" in run("ask", "hello", url="http://127.0.0.1:9")[2]


def test_a_refused_key_is_told(run):
    code, _, error = run("ask", "hello", key="va_wrong")
    assert code == 1
    assert "refused this machine's key" in error


def written(path, *, width=2, seconds=1.0):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8_000)
        file.writeframes(bytes(int(seconds * 8_000) * width))
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b"no sound"), "not a WAV file"),
        (lambda path: path.write_bytes(b""), "not a WAV file"),
        (lambda path: written(path, width=1), "not a WAV file of 16-bit sound"),
        (lambda path: written(path, seconds=0.05), "less than a tenth of a second"),
        (lambda path: written(path, seconds=121), "longer than 120 seconds"),
    ],
    ids=["text", "empty", "8 bit", "short", "long"],
)
def test_a_file_that_is_no_question_is_refused(run, tmp_path, make, words):
    path = tmp_path / "file.wav"
    make(path)
    code, output, error = run("talk", str(path))
    assert (code, output) == (1, "")
    assert words in error
