"""The content of the database, brought up to date before anybody uses it."""

import os
import subprocess
import sys
from collections.abc import Mapping

from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout

MIGRATE = "voiceassist.runtime.engines.migrate"
SECONDS = 600


def initialise(layout: Layout, environ: Mapping[str, str], module: str = MIGRATE) -> None:
    """Run `python -m module` once, in a process of its own: Alembic need not stay in the supervisor's memory."""
    log = layout.log("migrate")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        result = subprocess.run(
            [sys.executable, "-m", module],
            env=dict(environ),
            cwd=layout.data,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            timeout=SECONDS,
            check=False,
            start_new_session=True,  # Ctrl-C is for the supervisor; a migration runs to its end
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"The database schema was not ready in {SECONDS} s: see {log}.") from None
    finally:
        os.close(descriptor)
    if result.returncode != 0:
        raise EngineError(f"The database schema could not be brought up to date: see {log}.")
