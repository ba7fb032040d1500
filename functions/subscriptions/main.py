"""The door of subscriptions: an integrator's own sinks, and the way of every event to them."""

from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import functions_framework.aio
from fastapi import Depends, Query, Response
from starlette.requests import Request

from events.catalog import Ping
from events.envelope import CloudEvent, decode
from functions.subscriptions import access, delivery, schema, service, store
from functions.subscriptions.domain import Patience
from functions.subscriptions.service import ROOM, Keeping
from voiceassist.core import clock
from voiceassist.core.errors import ForbiddenError, PermanentEventError
from voiceassist.core.identity import Principal
from voiceassist.runtime import door, providers
from voiceassist.runtime.http_room import http_app

room = door.Room(ROOM, checks={"postgres": lambda: providers.database().ping()})
app = http_app(room, title="Subscriptions", actions=access.ACTIONS)

# A pause that a sink asks for is kept up to this long. Knative refuses the field unless the feature
# delivery-retryafter is on, so it is said to our own broker only.
LONGEST_PAUSE = "PT300S"
HOURLY = "subscriptions-hourly"

Cursor = Annotated[UUID | None, Query()]
Limit = Annotated[int, Query(ge=1, le=200)]


@lru_cache(maxsize=1)
def keeping() -> Keeping:
    settings = room.settings
    patience = Patience(
        settings.webhooks.retry,
        settings.webhooks.backoff,
        "" if settings.broker.api_url else LONGEST_PAUSE,
        settings.delivery.audience if settings.delivery.issuer else "",
    )
    return Keeping(providers.database(), providers.triggers(ROOM), providers.outside(), providers.keyring(), patience)


async def member(request: Request) -> Principal:
    """Whoever may have events sent elsewhere; whatever a crash left apart is brought together first."""
    caller = await door.principal(request)
    if caller.user_id is None or caller.role not in {"user", "admin"}:
        raise ForbiddenError("Your role has no subscriptions.")
    await service.agreed(keeping())
    return caller


Member = Annotated[Principal, Depends(member)]


@app.post("/api/v1/events/subscriptions", status_code=201)
async def create(body: schema.New, caller: Member, answer: Response) -> schema.Made:
    """Have events sent to a sink of one's own; this answer alone tells the secret that signs them."""
    answer.headers["cache-control"] = "no-store"
    return await service.create(keeping(), caller, body)


@app.get("/api/v1/events/subscriptions")
async def list_subscriptions(caller: Member, cursor: Cursor = None, limit: Limit = store.PAGE) -> schema.Subscriptions:
    """One's own; an administrator sees those of the tenant."""
    async with keeping().database.transaction(caller) as connection:
        found = await store.listed(connection, cursor, limit)
    return schema.Subscriptions(items=tuple(found), next_cursor=str(found[-1].id) if len(found) == limit else None)


@app.get("/api/v1/events/subscriptions/{subscription_id}")
async def show(subscription_id: UUID, caller: Member) -> schema.Shown:
    """With what the broker says about it."""
    return await service.shown(keeping(), caller, subscription_id)


@app.patch("/api/v1/events/subscriptions/{subscription_id}")
async def change(subscription_id: UUID, body: schema.Change, caller: Member) -> schema.Subscription:
    return await service.change(keeping(), caller, subscription_id, body)


@app.delete("/api/v1/events/subscriptions/{subscription_id}", status_code=204)
async def delete(subscription_id: UUID, caller: Member) -> None:
    await service.remove(keeping(), caller, subscription_id)


@app.post("/api/v1/events/subscriptions/{subscription_id}/secret/rotate")
async def rotate(subscription_id: UUID, caller: Member, answer: Response) -> schema.Secret:
    """A new secret; for a day the one before signs beside it."""
    answer.headers["cache-control"] = "no-store"
    return await service.rotate(keeping(), caller, subscription_id, now=clock.now())


@app.post("/api/v1/events/subscriptions/{subscription_id}/test", status_code=202)
async def test(subscription_id: UUID, caller: Member) -> schema.Tested:
    """Send an event the whole way: through the broker, the Trigger and this room to the sink."""
    return await service.test(keeping(), caller, subscription_id)


@app.get("/api/v1/events/subscriptions/{subscription_id}/deliveries")
async def deliveries(
    subscription_id: UUID, caller: Member, cursor: Cursor = None, limit: Limit = store.PAGE
) -> schema.Deliveries:
    """What became of each try in the last 30 days; never what was sent."""
    async with keeping().database.transaction(caller) as connection:
        await service.one(connection, subscription_id)
        found = await store.deliveries(connection, subscription_id, cursor, limit)
    return schema.Deliveries(items=tuple(found), next_cursor=str(found[-1].id) if len(found) == limit else None)


@app.post("/deliver/{subscription_id}", status_code=204, include_in_schema=False)
async def deliver(subscription_id: UUID, request: Request) -> None:
    """What the broker calls by the Trigger of a subscription."""
    if not (await door.principal(request)).is_service:
        raise ForbiddenError("Only parts of the installation deliver events.")
    body = await door.read_limited(request, door.MAX_EVENT_BYTES)
    await delivery.deliver(keeping(), subscription_id, decode(request.headers.items(), body))


@room.on(Ping.TYPE)
async def ticked(event: CloudEvent, _payload: Ping) -> None:
    """Trim the log of deliveries, and compare Triggers and rows; where these cannot be compared now, in an hour."""
    if event.extensions.get("schedule") != HOURLY:
        raise PermanentEventError("This room does not know this schedule.")
    await service.forget_old(keeping())
    await service.agreed(keeping(), within=0)


@functions_framework.aio.http
async def subscriptions(_request: Request) -> Any:
    return room
