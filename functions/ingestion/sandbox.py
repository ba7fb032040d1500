"""Reading a document in a process of its own: a bomb or an endless loop takes down that process only."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from typing import BinaryIO

import msgspec

from functions.ingestion.domain.blocks import BROKEN, TOO_LARGE, TOO_SLOW, DocumentError, Extracted
from functions.ingestion.reader import REFUSED
from functions.ingestion.service import Paged

WALL_SECONDS = 420.0
# Where the reader finds Tesseract; the room's own PATH is nothing a hostile file should see.
PROGRAMS = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
# SIGKILL and SIGXCPU, as a parent sees them: out of memory, out of time.
KILLED, OUT_OF_TIME = -9, -24

_AT = re.compile(rb"^page (\d{1,7}) of (\d{1,7})$")


async def read(
    file: BinaryIO, kind: str, paged: Paged, *, languages: str = "eng", wall_seconds: float = WALL_SECONDS
) -> Extracted:
    """The blocks of `file`, a real file standing at its start; raises DocumentError. `paged` hears how far it is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "functions.ingestion.reader",
        kind,
        languages,
        stdin=file,
        stdout=PIPE,
        stderr=PIPE,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": PROGRAMS},
        start_new_session=True,  # what it starts ends with it
    )
    try:
        output, _ = await asyncio.wait_for(asyncio.gather(_output(process), _pages(process, paged)), wall_seconds)
    except TimeoutError:
        raise DocumentError("Reading the document took too long.", code=TOO_SLOW) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return _result(process.returncode, output)


async def _output(process: Process) -> bytes:
    assert process.stdout  # noqa: S101 - asked for above
    output = await process.stdout.read()
    await process.wait()
    return output


async def _pages(process: Process, paged: Paged) -> None:
    """Which page the reader is at, as it says on its error stream; whatever else a library says there is dropped."""
    assert process.stderr  # noqa: S101 - asked for above
    rest = b""
    while data := await process.stderr.read(4096):
        *lines, rest = (rest + data)[-8192:].split(b"\n")
        for line in lines[-1:]:
            if match := _AT.match(line):
                paged(int(match[1]), int(match[2]))


def _result(status: int | None, output: bytes) -> Extracted:
    if status == 0:
        return msgspec.json.decode(output, type=Extracted)
    if status == REFUSED:
        raise DocumentError("The document cannot be read.", code=output.decode("ascii"))
    code = {KILLED: TOO_LARGE, OUT_OF_TIME: TOO_SLOW}.get(status or 0, BROKEN)
    raise DocumentError("The document could not be read.", code=code)
