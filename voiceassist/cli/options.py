"""What several commands share."""

import os
from pathlib import Path
from typing import Any

import click

from voiceassist.runtime.engines.layout import Layout, default_data
from voiceassist.runtime.settings import inherited


def as_layout(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Layout:
    data = value or default_data(inherited(), uid=os.getuid(), home=Path.home())
    return Layout(data.expanduser().absolute())


def data_option(function: Any) -> Any:
    """`--data DIR`, handed on as a Layout."""
    return click.option(
        "--data",
        "layout",
        type=click.Path(path_type=Path, file_okay=False),
        callback=as_layout,
        help="The data directory [default: $VOICEASSIST_DATA, /var/lib/voiceassist for root, "
        "~/.local/share/voiceassist otherwise].",
    )(function)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
