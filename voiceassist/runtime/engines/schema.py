"""The database schema, brought up to date before anybody uses it."""

import os
import subprocess
import sys
from collections.abc import Mapping

from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout

MIGRATION_SECONDS = 600


def migrate(layout: Layout, environ: Mapping[str, str]) -> None:
    """Upgrade to the newest revision in a process of its own: Alembic need not stay in the supervisor's memory."""
    log = layout.log("migrate")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "voiceassist.runtime.engines.migrate"],
            env=dict(environ),
            cwd=layout.data,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            timeout=MIGRATION_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"The database schema was not ready in {MIGRATION_SECONDS} s: see {log}.") from None
    finally:
        os.close(descriptor)
    if result.returncode != 0:
        raise EngineError(f"The database schema could not be brought up to date: see {log}.")
