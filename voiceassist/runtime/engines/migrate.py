"""Bring the schema up to date, as its own process: the supervisor does not keep Alembic in memory.

VOICEASSIST_POSTGRES__OWNER_DSN=… python -m voiceassist.runtime.engines.migrate
"""

from voiceassist.migrations import upgrade
from voiceassist.runtime.settings import load_settings

if __name__ == "__main__":
    upgrade(load_settings().postgres.owner_dsn)
