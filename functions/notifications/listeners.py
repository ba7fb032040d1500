"""What notifications hears; kept apart from the HTTP door so that it does not pay for FastAPI."""

from events.catalog import DocumentFailed, DocumentIndexed, DocumentQuarantined, EmergencyOpened, FactorChanged, Ping
from events.envelope import CloudEvent
from functions.notifications import store
from functions.notifications.domain import (
    KEEP_READ,
    KEEP_UNREAD,
    News,
    of_emergency,
    of_factor,
    of_failed,
    of_indexed,
    of_quarantined,
)
from voiceassist.core.errors import PermanentEventError
from voiceassist.core.identity import service
from voiceassist.runtime import logging, outbox, providers
from voiceassist.runtime.door import Room

log = logging.get_logger(__name__)

ROOM = "notifications"
NIGHTLY = "nightly"  # the extension `schedule` of the PingSource's events


def listen(room: Room) -> None:
    """Register the handlers at the room's door."""

    @room.on(DocumentIndexed.TYPE)
    async def indexed(event: CloudEvent, payload: DocumentIndexed) -> None:
        await tell(event, of_indexed(payload))

    @room.on(DocumentFailed.TYPE)
    async def failed(event: CloudEvent, payload: DocumentFailed) -> None:
        await tell(event, of_failed(payload))

    @room.on(DocumentQuarantined.TYPE)
    async def quarantined(event: CloudEvent, payload: DocumentQuarantined) -> None:
        await tell(event, of_quarantined(payload))

    @room.on(EmergencyOpened.TYPE)
    async def opened(event: CloudEvent, payload: EmergencyOpened) -> None:
        await warn(event, payload)

    @room.on(FactorChanged.TYPE)
    async def factor_changed(event: CloudEvent, payload: FactorChanged) -> None:
        await tell(event, of_factor(payload))

    @room.on(Ping.TYPE)
    async def ticked(event: CloudEvent, _payload: Ping) -> None:
        if event.extensions.get("schedule") != NIGHTLY:
            raise PermanentEventError("This room does not know this schedule.")
        await forget_old()


async def tell(event: CloudEvent, news: News) -> None:
    """Store the notification once, however often the event is delivered."""
    async with providers.database().transaction(service(ROOM, news.tenant_id)) as connection:
        if await outbox.first_time(connection, ROOM, event):
            await store.add(connection, news)


async def warn(event: CloudEvent, payload: EmergencyOpened) -> None:
    """Tell the owner, and every administrator but the one who did it."""
    async with providers.database().transaction(service(ROOM, payload.tenant_id)) as connection:
        if await outbox.first_time(connection, ROOM, event):
            watching = await store.administrators(connection)
            for person in dict.fromkeys([payload.owner_id, *watching]):
                if person != payload.opened_by:
                    await store.add(connection, of_emergency(payload, person))


async def forget_old() -> None:
    """Drop what was read long ago, and what nobody will read any more. A night without it, or two of it, do no harm."""
    database = providers.database()
    async with database.transaction(service(ROOM)) as connection:
        tenants = await store.tenants(connection)
    count = 0
    for tenant_id in tenants:
        async with database.transaction(service(ROOM, tenant_id)) as connection:
            count += await store.forget(connection, read=KEEP_READ, unread=KEEP_UNREAD)
    log.info("notifications.forgotten", count=count)
