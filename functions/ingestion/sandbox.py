"""Reading a document in a process of its own: a bomb or an endless loop takes down that process only."""

import asyncio
import os
import sys
from typing import BinaryIO

import msgspec

from functions.ingestion.domain.blocks import BROKEN, TOO_LARGE, TOO_SLOW, DocumentError, Extracted
from functions.ingestion.reader import REFUSED

WALL_SECONDS = 300.0
# SIGKILL and SIGXCPU, as a parent sees them: out of memory, out of time.
KILLED, OUT_OF_TIME = -9, -24


async def read(file: BinaryIO, kind: str, *, wall_seconds: float = WALL_SECONDS) -> Extracted:
    """The blocks of `file`, a real file standing at its start; raises DocumentError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "functions.ingestion.reader",
        kind,
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), wall_seconds)
    except TimeoutError:
        raise DocumentError("Reading the document took too long.", code=TOO_SLOW) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _result(process.returncode, output)


def _result(status: int | None, output: bytes) -> Extracted:
    if status == 0:
        return msgspec.json.decode(output, type=Extracted)
    if status == REFUSED:
        raise DocumentError("The document cannot be read.", code=output.decode("ascii"))
    code = {KILLED: TOO_LARGE, OUT_OF_TIME: TOO_SLOW}.get(status or 0, BROKEN)
    raise DocumentError("The document could not be read.", code=code)
