"""Bring the schema up to date, as its own process: the supervisor does not keep Alembic in memory.

VOICEASSIST_POSTGRES__OWNER_DSN=… python -m voiceassist.runtime.engines.migrate
"""

import asyncio

from voiceassist.core.identity import Principal, service
from voiceassist.migrations import head, reached, upgrade
from voiceassist.ports.auditing import Act
from voiceassist.runtime.settings import Settings, load_settings


def main() -> None:
    settings = load_settings()
    before = reached(settings.postgres.owner_dsn)
    upgrade(settings.postgres.owner_dsn)
    record(settings, service("supervisor"), before, head())


def record(settings: Settings, who: Principal, before: str, after: str) -> None:
    """Put a change of the schema on record, where the schema that is reached has a record and we were told its key."""
    if before == after or after < FIRST_WITH_AUDIT or not settings.audit.key:
        return
    if not (settings.postgres.audit_dsn or settings.postgres.dsn):
        return
    asyncio.run(_recorded(settings, Act(who, "schema.changed", facts={"before": before or "none", "after": after})))


FIRST_WITH_AUDIT = "0007"


async def _recorded(settings: Settings, act: Act) -> None:
    from voiceassist.adapters.postgres import Database
    from voiceassist.runtime.audit_keys import AuditKeys
    from voiceassist.runtime.auditing import Writer

    database = Database(settings.postgres.audit_dsn or settings.postgres.dsn, pool_size=1)
    try:
        writer = Writer(database, AuditKeys(settings.audit), part="migrations", chains=settings.audit.chains)
        await writer.record(act)
    finally:
        await database.close()


if __name__ == "__main__":
    main()
