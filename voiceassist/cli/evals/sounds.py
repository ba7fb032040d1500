"""Gold rows of speech: a WAV file each, or words that the product's own voice says.

`{"id", "audio"?, "text"?, "conversation"?}`: `audio` is a path beside the gold file (16-bit WAV); without it `text` is
said, which makes a figure one of synthetic speech. Rows that follow each other with one `conversation` are its turns.
"""

import itertools
import wave
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from realtime.speech import audio
from voiceassist.cli.evals import rows
from voiceassist.cli.evals.speakers import Speaker

LONGEST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Row:
    """`file` or `text` is set, both where words stand beside a recording; `conversation` is empty for a turn alone."""

    id: str
    text: str
    file: Path | None
    conversation: str

    def sound(self, voice: Speaker) -> audio.Samples:
        """At audio.VOICE_RATE."""
        if self.file is None:
            return voice.synthesize(self.text)
        try:
            samples, rate = audio.read_wav(self.file)
        except (wave.Error, ValueError, EOFError, OSError):
            raise click.ClickException(f"{self.id}: there is no WAV file of 16-bit sound at its path.") from None
        if not rate // 10 <= len(samples) <= LONGEST_SECONDS * rate:
            raise click.ClickException(f"{self.id}: the sound is shorter than 0.1 or longer than {LONGEST_SECONDS} s.")
        return audio.resample(samples, rate, audio.VOICE_RATE)


def read(paths: Sequence[Path]) -> list[Row]:
    rows.read(paths)  # an id in two files is told
    return [_row(row, path.parent) for path in paths for row in rows.read([path])]


def conversations(found: Iterable[Row]) -> Iterator[list[Row]]:
    for _, turns in itertools.groupby(enumerate(found), lambda one: one[1].conversation or one[0]):
        yield [row for _, row in turns]


def _row(row: rows.Row, folder: Path) -> Row:
    file, text = row.get("audio"), row.get("text")
    if not (isinstance(file, str) and file) and not (isinstance(text, str) and text.strip()):
        raise click.ClickException(f"{row['id']}: a row needs `audio`, the path of a WAV file, or `text` to be said.")
    return Row(str(row["id"]), str(text or ""), folder / file if file else None, str(row.get("conversation") or ""))
