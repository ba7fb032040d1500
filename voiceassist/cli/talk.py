"""`voiceassist talk`: one spoken question out of a file, the spoken answer into another."""

from pathlib import Path

import click

from voiceassist.cli import conversation
from voiceassist.cli.ask import show
from voiceassist.cli.options import data_option, json_option
from voiceassist.core.errors import ValidationError
from voiceassist.runtime.engines.layout import Layout

LONGEST_SECONDS = 120


@click.command(help="Say the WAV file QUESTION to the running product; print its answer and keep it as a WAV file.")
@click.argument("question", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where the spoken answer goes.")
@json_option
@data_option
@click.option("--url", help="The gateway's address [default: that of the running product].")
def command(question: Path, output: Path | None, layout: Layout, url: str | None, *, as_json: bool) -> None:
    turn = conversation.talk(layout, url, pcm16(question))
    if output:
        from realtime.speech.audio import from_pcm16, write_wav

        write_wav(output, from_pcm16(turn.audio), conversation.WIRE_RATE)
    if not as_json:
        click.echo(f"> {turn.transcript}")
    show(turn, as_json=as_json)


def pcm16(path: Path) -> bytes:
    """The file's sound as the wire wants it; raises ValidationError for what is no sound or too long."""
    import wave

    from realtime.speech.audio import read_wav, resample, to_pcm16

    try:
        samples, rate = read_wav(path)
    except (wave.Error, ValueError, EOFError, OSError):
        raise ValidationError("The file is not a WAV file of 16-bit sound.") from None
    if len(samples) > LONGEST_SECONDS * rate:
        raise ValidationError(f"The question is longer than {LONGEST_SECONDS} seconds.")
    if len(samples) < rate // 10:
        raise ValidationError("The file holds less than a tenth of a second of sound.")
    return to_pcm16(resample(samples, rate, conversation.WIRE_RATE))
