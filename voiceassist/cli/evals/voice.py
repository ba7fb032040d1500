"""`voiceassist eval voice`: questions said to the voice service in real time: what was heard, answered, and when.

Each row is a conversation of one question. The waiting time is a person's: from the last sample of the question above
-50 dBFS to the first one of the answer, in a player that plays what arrives at once. A service of its own is started
for it (standing.py), with every calculator and the starter library; nothing has to run.
"""

import asyncio
import json
import statistics
from pathlib import Path
from typing import Any

import click

from realtime.speech.tts import Voice, trim
from voiceassist.cli.evals import rows, sounds, standing
from voiceassist.cli.evals.speaking import Door, Turn, asked

DETECTION = {"type": "semantic_vad", "eagerness": "auto"}


@click.command(help="Say the questions of gold files in real time and write what was heard, answered and waited.")
@click.option("--gold", "gold", multiple=True, required=True, metavar="FILE", help="JSON lines, also .gz; repeatable.",
              type=click.Path(path_type=Path, exists=True, dir_okay=False))  # fmt: skip
@click.option("--out", required=True, metavar="FILE", help="Where the predictions go.",
              type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
def command(gold: tuple[Path, ...], out: Path) -> None:
    questions, voice = sounds.read(gold), Voice()
    spoken = [(row.id, trim(row.sound(voice))) for row in questions]
    if silent := [name for name, samples in spoken if not len(samples)]:
        raise click.ClickException(f"{silent[0]}: the sound has nothing above -50 dBFS in it.")
    with standing.service(["-m", "voiceassist.cli.evals.standing"]) as (url, _):
        answers = [told(asyncio.run(asked(Door(url), name, samples, DETECTION))) for name, samples in spoken]
    rows.write(out, answers)
    waited = [one["voice_to_voice_ms"] for one in answers if one["status"] == "answered"]
    click.echo(
        json.dumps(
            {
                "questions": len(answers),
                "answered": len(waited),
                "early": sum(one["status"] == "early" for one in answers),
                "synthetic": sum(row.file is None for row in questions),
                "p50_ms": round(statistics.median(waited)) if waited else None,
            }
        )
    )


def told(turn: Turn) -> dict[str, Any]:
    """`early`: the answer began before the question was over. Stages are the service's own, in ms."""
    status = "early" if turn.cut_in else "answered" if turn.audible else "silent"
    return {
        "id": turn.question,
        "status": status,
        "heard": turn.heard,
        "answer": turn.answered,
        "voice_to_voice_ms": round(turn.waited_ms, 1) if status == "answered" else None,
        "stages_ms": {name: value for name, value in turn.metrics.items() if name.endswith("_ms")},
    }
