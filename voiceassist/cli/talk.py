"""`voiceassist talk`: spoken questions out of files, the spoken answers into another."""

from pathlib import Path

import click

from voiceassist.cli import conversation
from voiceassist.cli.ask import as_one, show
from voiceassist.cli.options import data_option, json_option
from voiceassist.core.errors import ValidationError
from voiceassist.runtime.engines.layout import Layout

LONGEST_SECONDS = 120


@click.command()
@click.argument("question", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where the spoken answer goes.")
@json_option
@data_option
@click.option("--url", help="The gateway's address [default: that of the running product].")
def command(question: tuple[Path, ...], output: Path | None, layout: Layout, url: str | None, *, as_json: bool) -> None:
    """Say the WAV file QUESTION to the running product; print its answer and keep it as a WAV file.

    Several files are the turns of one conversation: when it asks back, the next one is the reply. The output holds the
    answers one after another.
    """
    sounds = [pcm16(path) for path in question]  # a file that is no sound is told before anything is said
    told: list[conversation.Turn] = []

    def hear(turn: conversation.Turn) -> None:
        told.append(turn)
        if not as_json:
            click.echo(f"> {turn.transcript}")
            show(turn)

    conversation.converse(layout, url, sounds, hear)
    if output:
        from realtime.speech.audio import from_pcm16, write_wav

        write_wav(output, from_pcm16(b"".join(turn.audio for turn in told)), conversation.WIRE_RATE)
    if as_json:
        as_one(told)


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
