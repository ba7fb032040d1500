"""A process that puts acts on record, one after another, until it is killed: `appending.py TENANT USER NAME [stop]`.

Prints the object of each act after its entry was acknowledged. `stop`: the first entry is added in a transaction that
is never ended; "added" is printed, and it waits to be killed.
"""

import asyncio
import itertools
import sys
from uuid import UUID

from voiceassist.adapters.postgres import Database
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act
from voiceassist.runtime.audit_keys import AuditKeys
from voiceassist.runtime.auditing import Writer
from voiceassist.runtime.settings import load_settings


async def main(tenant: str, user: str, name: str, *stop: str) -> None:
    settings = load_settings()
    database = Database(settings.postgres.dsn)
    writer = Writer(database, AuditKeys(settings.audit), part="test", chains=2)
    doctor = Principal(user, UUID(tenant), "user", user_id=UUID(user))
    if stop:
        async with database.transaction(doctor) as connection:
            await writer.record(Act(doctor, "document.deleted", objects=(f"document:{name}",)), connection)
            print("added", flush=True)
            await asyncio.sleep(3600)
    for number in itertools.count():
        told = f"document:{name}-{number}"
        await writer.record(Act(doctor, "document.read", objects=(told,)))
        print(told, flush=True)


asyncio.run(main(*sys.argv[1:]))
