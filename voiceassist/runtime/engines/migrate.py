"""Bring the schema up to date, as its own process: the supervisor does not keep Alembic in memory.

VOICEASSIST_POSTGRES__OWNER_DSN=… python -m voiceassist.runtime.engines.migrate
"""

from voiceassist.migrations import upgrade
from voiceassist.runtime.settings import load_settings


def main() -> None:
    upgrade(load_settings().postgres.owner_dsn)


if __name__ == "__main__":
    main()
