"""Gold files in, prediction files out: JSON lines, gzipped where the name says so."""

import gzip
import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

Row = dict[str, Any]


def read(paths: Iterable[Path]) -> list[Row]:
    """Rows in file order, blank lines left out; a row without `id` is `row-<index>` of its file."""
    rows: list[Row] = []
    for path in paths:
        try:
            packed = path.read_bytes()
            text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode()
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
        except (ValueError, gzip.BadGzipFile, EOFError, zlib.error):
            raise click.ClickException(f"{path.name} is not a file of JSON lines.") from None
        rows += [{"id": f"row-{index}", **row} for index, row in enumerate(found)]
    if len({row["id"] for row in rows}) < len(rows):
        raise click.ClickException("An id occurs twice in the gold files.")
    return rows


def write(path: Path, rows: Iterable[Row]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
