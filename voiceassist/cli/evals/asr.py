"""`voiceassist eval asr`: words and medical terms of spoken conversations, with the list of terms the product chooses.

A conversation is said turn by turn by a synthetic voice and heard as in a session: words in passing while a turn goes
on, the list of terms from what the dialogue knows, then the turn itself, which calculators and the library of this
checkout answer. Nothing has to run. "In the list" are turns all of whose marked terms the product had put into its
list, and the terms that were in it.
"""

import asyncio
import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from realtime.engine import Words
from realtime.engines.local import LocalEngine, LocalSession, Models, known_drugs
from realtime.hearing import PASSING_MS
from realtime.keeping import RECENT_CONVERSATIONS
from realtime.speech import audio
from voiceassist.cli.evals import rows, sounds
from voiceassist.cli.evals.house import House
from voiceassist.cli.evals.speakers import Speaker, speakers
from voiceassist.core.identity import DEFAULT_TENANT, Principal
from voiceassist.runtime import terminology

GOALS = {"wer_in_list": 0.02, "wer_outside": 0.11, "term_recall_in_list": 0.95}
HELD_OUT = "= held out"
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
RATE = audio.VOICE_RATE
_MARKED = re.compile(r"\[([^\]]+)\]")
_NUMBERS = {
    word: str(number)
    for number, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}


@dataclass(frozen=True, slots=True)
class Line:
    """One turn: the words that are said, and the medical terms among them."""

    text: str
    terms: tuple[str, ...]


@dataclass(slots=True)
class Heard:
    """What was written for a turn, and the list that the recogniser had."""

    line: Line
    text: str
    chosen: tuple[str, ...]

    @property
    def in_list(self) -> tuple[str, ...]:
        known = {plain(term) for term in self.chosen}
        return tuple(term for term in self.line.terms if plain(term) in known)


@dataclass(slots=True)
class Counted:
    """Word errors over words, and terms that came out over terms that were said."""

    turns: int = 0
    words: int = 0
    errors: int = 0
    terms: int = 0
    found: int = 0
    missed: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return {
            "turns": self.turns,
            "words": self.words,
            "wer": round(self.errors / self.words, 4) if self.words else None,
            "terms": self.terms,
            "term_recall": round(self.found / self.terms, 4) if self.terms else None,
        }


@click.command(
    help="Hear speech with the list of terms the product chooses: rows of gold files, or conversations whose wrong "
    "words and lost medical terms are counted (synthetic speech)."
)
@click.option("--gold", multiple=True, metavar="FILE", type=FILE, help="JSON lines, also .gz; repeatable.")
@click.option("--out", metavar="FILE", help="Where the predictions go.",
              type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
@click.option("--conversations", multiple=True, metavar="FILE", type=FILE,
              help="One turn a line, a blank line between conversations, [terms] marked; repeatable.")  # fmt: skip
@click.option("--second", nargs=2, metavar="MODEL STYLE", type=FILE, help="A second voice: Kokoro-82M as ONNX.")
@click.option("--misses", is_flag=True, help="Show each turn that was not written as it was said.")
@click.option(
    "--recent", is_flag=True, help="Each conversation after the three before it, as of a person who comes back."
)
def command(
    gold: tuple[Path, ...],
    out: Path | None,
    conversations: tuple[Path, ...],
    second: tuple[Path, Path] | None,
    *,
    misses: bool,
    recent: bool,
) -> None:
    if bool(gold) == bool(conversations) or bool(gold) != bool(out):
        raise click.UsageError("Give --gold with --out, or --conversations.")
    if out:
        answers = predictions(sounds.read(gold))
        rows.write(out, answers)
        click.echo(json.dumps({"turns": len(answers), "heard": sum(bool(one["text"]) for one in answers)}))
        return
    halves = read(path.read_text(encoding="utf-8") for path in conversations)
    click.echo(json.dumps(measured(halves, second, misses=misses, recent=recent), indent=2))


def predictions(turns: Sequence[sounds.Row]) -> list[dict[str, Any]]:
    """`text`: what was heard; `list`: the terms that the recogniser was given before it read the turn."""
    models = Models.load(None, 2)
    engine = _engine(models)
    return [
        one for group in sounds.conversations(turns) for one in asyncio.run(_predicted(engine, models.voice, group))
    ]


async def _predicted(engine: LocalEngine, voice: Speaker, group: Sequence[sounds.Row]) -> list[dict[str, Any]]:
    session = engine.open(Principal(f"speaker {group[0].id}", DEFAULT_TENANT, "user"))
    found = []
    for row in group:
        heard, chosen, _ = await _heard(session, row.sound(voice))
        found.append({"id": row.id, "text": heard, "list": chosen})
    await session.close()
    return found


def read(texts: Any) -> dict[str, list[list[Line]]]:
    """Conversations by the half they stand in."""
    halves: dict[str, list[list[Line]]] = {"tuning": [], "held_out": []}
    for text in texts:
        half = halves["tuning"]
        for block in re.split(r"\n\s*\n", text):
            if HELD_OUT in block.splitlines():
                half = halves["held_out"]
            lines = [line.strip() for line in block.splitlines() if line.strip() and line[0] not in "#="]
            if lines:
                half.append([_line(line) for line in lines])
    return {name: half for name, half in halves.items() if half}


def _line(text: str) -> Line:
    return Line(_MARKED.sub(r"\1", text), tuple(_MARKED.findall(text)))


def measured(
    halves: Mapping[str, list[list[Line]]],
    second: tuple[Path, Path] | None = None,
    *,
    misses: bool = False,
    recent: bool = False,
) -> dict[str, Any]:
    models = Models.load(None, 2)
    engine = _engine(models)
    told: dict[str, Any] = {"eval": "asr", "speech": "synthetic", "goals": GOALS, "machine": _machine()}
    for name, voice in speakers(models.voice, second).items():
        for half, conversations in halves.items():
            heard = asyncio.run(_conversations(engine, voice, conversations, recent=recent))
            told[f"{name} {half}"] = counted(heard) | ({"misses": wrong(heard)} if misses else {})
    return told


def counted(heard: Sequence[Heard]) -> dict[str, Any]:
    """Turns by whether all their terms were in the list; terms by whether they were."""
    inside, outside = Counted(), Counted()
    for one in heard:
        whole = inside if len(one.in_list) == len(one.line.terms) else outside
        said = plain(one.line.text).split()
        whole.turns += 1
        whole.words += len(said)
        whole.errors += distance(said, plain(one.text).split())
        for term in one.line.terms:
            group = inside if term in one.in_list else outside
            group.terms += 1
            group.found += f" {plain(term)} " in f" {plain(one.text)} "
    return {"in_list": inside.told(), "outside": outside.told()}


def wrong(heard: Sequence[Heard]) -> list[dict[str, Any]]:
    return [
        {"said": one.line.text, "heard": one.text, "in_list": one.in_list}
        for one in heard
        if plain(one.line.text) != plain(one.text)
    ]


def plain(text: str) -> str:
    """Both sides in one spelling: lower case, digits, no hyphens; "3 b" is "3b"."""
    text = text.lower().replace("-", " ").replace("haem", "hem").replace("hemoglobin a1c", "hba1c")
    text = text.replace("recognise", "recognize").replace("kilograms", "kg")
    words = re.sub(r"[^a-z0-9. ]|\.(?=\s|$)", " ", text).split()
    return re.sub(r"(?<=\d) ([a-z])\b", r"\1", " ".join(_NUMBERS.get(word, word) for word in words))


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """The fewest words to change, add or leave out."""
    row = list(range(len(heard) + 1))
    for place, word in enumerate(said, 1):
        before, row[0] = row[0], place
        for other, written in enumerate(heard, 1):
            before, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, before + (word != written))
    return row[-1]


async def _conversations(
    engine: LocalEngine, voice: Speaker, conversations: Sequence[Sequence[Line]], *, recent: bool
) -> list[Heard]:
    found: list[Heard] = []
    kept: list[list[str]] = []  # what was said and answered, by conversation
    for number, lines in enumerate(conversations):
        session = engine.open(Principal(f"speaker {number}", DEFAULT_TENANT, "user"))
        if recent:
            await session.remind([text for texts in reversed(kept[-RECENT_CONVERSATIONS:]) for text in reversed(texts)])
        kept.append([])
        for line in lines:
            heard, chosen, answer = await _heard(session, voice.synthesize(line.text))
            kept[-1] += [heard, answer]
            found.append(Heard(line, heard, tuple(chosen)))
        await session.close()
    return found


async def _heard(session: LocalSession, sound: audio.Samples) -> tuple[str, list[str], str]:
    """As a session hears it: in passing every 0.7 s, then whole, then answered as it was heard.

    What was heard, the list it had, and the answer.
    """
    step = RATE * PASSING_MS // 1000
    for until in range(step, len(sound), step):
        await session.transcribe(sound[:until], RATE, passing=True)
    chosen = list(session.expected())  # before the turn is read: what a second look at it adds does not count
    heard = await session.transcribe(sound, RATE, judged=True)
    answer = ""
    if heard.text:
        async for piece in session.answer(heard.text, spoken=False):
            answer += piece.text if isinstance(piece, Words) else ""
    return heard.text, chosen, answer


def _engine(models: Models) -> LocalEngine:
    house = House()
    return LocalEngine(models, rooms=lambda _: house, concepts=terminology.load(), drugs=known_drugs())


def _machine() -> dict[str, Any]:
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "load_1m": round(os.getloadavg()[0], 2)}
