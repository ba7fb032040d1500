"""What notifications hears; kept apart from the HTTP door so that it does not pay for FastAPI."""

from events.catalog import DocumentFailed, DocumentIndexed
from events.envelope import CloudEvent
from functions.notifications import store
from functions.notifications.domain import News, of_failed, of_indexed
from voiceassist.core.identity import service
from voiceassist.runtime import outbox, providers
from voiceassist.runtime.door import Room

ROOM = "notifications"


def listen(room: Room) -> None:
    """Register the handlers at the room's door."""

    @room.on(DocumentIndexed.TYPE)
    async def indexed(event: CloudEvent, payload: DocumentIndexed) -> None:
        await tell(event, of_indexed(payload))

    @room.on(DocumentFailed.TYPE)
    async def failed(event: CloudEvent, payload: DocumentFailed) -> None:
        await tell(event, of_failed(payload))


async def tell(event: CloudEvent, news: News) -> None:
    """Store the notification once, however often the event is delivered."""
    async with providers.database().transaction(service(ROOM, news.tenant_id)) as connection:
        if await outbox.first_time(connection, ROOM, event):
            await store.add(connection, news)
