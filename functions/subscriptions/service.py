"""Keep subscriptions and the Triggers that stand for them.

A Trigger is applied inside the transaction that writes its row, and the row is committed last: what a caller is told
has happened is true of both, and when the keeper of Triggers is down nothing has happened. Only a crash between the
two leaves them apart, the Trigger ahead; `reconcile` brings it back to what the row says
(docs/decisions/0008-subscriptions-are-triggers.md).
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from events.catalog import SubscriptionTested
from functions.subscriptions import domain, schema, signature, store
from functions.subscriptions.domain import Patience, Subscription
from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.errors import ConflictError, FieldError, NotFoundError, UnavailableError, ValidationError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, named
from voiceassist.ports.triggers import Kept, Triggers
from voiceassist.runtime import logging, outbox, providers
from voiceassist.runtime.egress.outside import Outside
from voiceassist.runtime.egress.web import Egress, EgressRefusedError, NoAnswerError
from voiceassist.runtime.encryption import KeysOfTenants

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

ROOM = "subscriptions"
MOST = 100
# How long a process trusts that Triggers and rows agree, between the ticks of the schedule.
AGREED_SECONDS = 600.0


@dataclass(slots=True)
class Keeping:
    """What the use cases need: the stores, the way out, and how patiently the broker shall deliver."""

    database: Database
    triggers: Triggers
    outside: Outside
    keyring: KeysOfTenants
    patience: Patience
    agreed_at: float | None = None


async def create(keeping: Keeping, caller: Principal, wanted: schema.New) -> schema.Made:
    """A new subscription of the caller, with the secret that signs its deliveries."""
    _check_filters(wanted.filters)
    await _check_sink(keeping.outside.egress, wanted.sink)
    subscription_id, secret = ids.new_id(), signature.new_secret()
    keys = await keeping.keyring.of(caller.tenant_id)
    async with _changing(keeping, caller) as connection:
        if await store.count(connection, caller.user_id) >= MOST:
            raise ConflictError("You have too many subscriptions; delete one first.", code="TOO_MANY_SUBSCRIPTIONS")
        await store.add(
            connection,
            caller,
            subscription_id,
            name=wanted.name,
            sink=wanted.sink,
            filters=wanted.filters,
            active=wanted.active,
            secret=store.SECRET.seal(keys, subscription_id, secret),
        )
        made = await one(connection, subscription_id)
        await _record(connection, caller, "subscription.created", subscription_id)
        await _agree(keeping, _as_row(made, caller.tenant_id, owner_active=True, sees_tenant=caller.role == "admin"))
    log.info("subscription.created", trigger=domain.name_of(subscription_id), user_id=caller.subject)
    return schema.Made(**made.model_dump(), secret=secret)


async def _record(
    connection: "AsyncConnection", caller: Principal, action: str, subscription_id: UUID, **facts: bool
) -> None:
    """Where data leaves the building for good is an administrative act."""
    act = Act(caller, action, objects=named("subscription", [subscription_id]), facts=facts)
    await providers.auditor(ROOM).record(act, connection)


async def change(
    keeping: Keeping, caller: Principal, subscription_id: UUID, wanted: schema.Change
) -> schema.Subscription:
    changes: dict[str, Any] = wanted.model_dump(exclude_none=True)
    if wanted.filters is not None:
        _check_filters(wanted.filters)
    if wanted.sink is not None:
        await _check_sink(keeping.outside.egress, wanted.sink)
    if wanted.active:
        changes["disabled_reason"] = None
    # An admin changes the subscriptions of others, whose accounts only the room itself may look at.
    async with keeping.database.transaction(service(ROOM, caller.tenant_id)) as connection:
        before = await store.whole(connection, subscription_id)
    async with _changing(keeping, caller) as connection:
        if before is None or not await store.change(connection, subscription_id, changes):
            raise _unknown()
        changed = await one(connection, subscription_id)
        await _record(connection, caller, "subscription.changed", subscription_id, **dict.fromkeys(changes, True))
        await _agree(
            keeping,
            _as_row(changed, caller.tenant_id, owner_active=before.owner_active, sees_tenant=before.sees_tenant),
        )
    return changed


async def remove(keeping: Keeping, caller: Principal, subscription_id: UUID) -> None:
    async with _changing(keeping, caller) as connection:
        if not await store.remove(connection, subscription_id):
            raise _unknown()
        await _record(connection, caller, "subscription.deleted", subscription_id)
        await keeping.triggers.delete(domain.name_of(subscription_id))


async def end(keeping: Keeping, subscription: Subscription, reason: str) -> None:
    """Deliver no more until its owner says so again."""
    async with _changing(keeping, service(ROOM, subscription.tenant_id)) as connection:
        await store.change(connection, subscription.id, {"active": False, "disabled_reason": reason})
        await keeping.triggers.delete(domain.name_of(subscription.id))
    log.warning("subscription.ended", trigger=domain.name_of(subscription.id), reason=reason)


async def shown(keeping: Keeping, caller: Principal, subscription_id: UUID) -> schema.Shown:
    async with keeping.database.transaction(caller) as connection:
        found = await one(connection, subscription_id)
    state = await _state(keeping, subscription_id) if found.active else Kept("", ready=False, reason="Inactive")
    return schema.Shown(**found.model_dump(), ready=state.ready, reason=state.reason)


async def _state(keeping: Keeping, subscription_id: UUID) -> Kept:
    try:
        return await keeping.triggers.get(domain.name_of(subscription_id)) or Kept("", ready=False, reason="Absent")
    except UnavailableError:
        return Kept("", ready=None, reason="Unknown")


async def rotate(keeping: Keeping, caller: Principal, subscription_id: UUID, *, now: datetime) -> schema.Secret:
    """A new secret; the one before signs too for a day, and the one before that no more."""
    secret, until = signature.new_secret(), now + signature.OVERLAP
    keys = await keeping.keyring.of(caller.tenant_id)
    async with keeping.database.transaction(caller) as connection:
        sealed = store.SECRET.seal(keys, subscription_id, secret)
        if not await store.rotate(connection, subscription_id, sealed, until):
            raise _unknown()
        await _record(connection, caller, "subscription.secret_rotated", subscription_id)
    return schema.Secret(secret=secret, previous_secret_until=until)


async def test(keeping: Keeping, caller: Principal, subscription_id: UUID) -> schema.Tested:
    """Say an event that this subscription alone hears: it goes the whole way, through broker, Trigger and this room."""
    async with keeping.database.transaction(caller) as connection:
        found = await one(connection, subscription_id)
        if not found.active:
            raise ConflictError("The subscription is not active.", code="INACTIVE")
        payload = SubscriptionTested(
            subscription_id=subscription_id, tenant_id=caller.tenant_id, owner_id=found.owner_id
        )
        identifier = str(subscription_id)
        event = outbox.event_of(ROOM, payload.TYPE, payload, subject=identifier, key=identifier)
        await outbox.add(connection, ROOM, event)
    await outbox.nudge(keeping.database)
    return schema.Tested(event_id=event.id)


async def reconcile(keeping: Keeping) -> int:
    """Make the Triggers what the rows say; how many were not."""
    async with keeping.database.transaction(service(ROOM)) as connection:
        await store.comparing(connection)
        there = {kept.name: kept for kept in await keeping.triggers.listed() if kept.name.startswith(domain.PREFIX)}
        wanted = {domain.name_of(one.id): one for one in await _everywhere(keeping)}
        wrong = 0
        for name, subscription in wanted.items():
            trigger = domain.trigger_of(subscription, keeping.patience)
            kept = there.get(name)
            if kept is None or kept.annotations.get(domain.SPEC_NOTE) != domain.digest_of(trigger["spec"]):
                wrong += 1
                try:
                    await keeping.triggers.apply(trigger)
                except ValidationError as error:  # taken once, refused by a newer broker: it must not stop the others
                    log.error("subscription.refused", trigger=name, code=error.code)
        for name in there.keys() - wanted.keys():
            await keeping.triggers.delete(name)
            wrong += 1
    keeping.agreed_at = time.monotonic()
    if wrong:
        log.warning("subscriptions.reconciled", count=wrong)
    return wrong


async def agreed(keeping: Keeping, *, within: float = AGREED_SECONDS) -> None:
    """Reconcile unless this process did so a while ago. It cannot fail: whoever calls has something else to do."""
    if keeping.agreed_at is not None and time.monotonic() - keeping.agreed_at < within:
        return
    keeping.agreed_at = time.monotonic()
    try:
        await reconcile(keeping)
    except UnavailableError as error:
        keeping.agreed_at = None
        log.warning("subscriptions.not_reconciled", code=error.code)


async def forget_old(keeping: Keeping) -> None:
    """Drop the lines of the delivery log that nobody is shown any more."""
    for tenant in await _tenants(keeping):
        async with keeping.database.transaction(tenant) as connection:
            await store.forget(connection)


async def _everywhere(keeping: Keeping) -> list[Subscription]:
    """The wanted subscriptions of every tenant."""
    found: list[Subscription] = []
    for tenant in await _tenants(keeping):
        async with keeping.database.transaction(tenant) as connection:
            found += await store.every(connection)
    return found


async def _tenants(keeping: Keeping) -> list[Principal]:
    """The room, as whom it acts for each tenant."""
    async with keeping.database.transaction(service(ROOM)) as connection:
        return [service(ROOM, tenant_id) for tenant_id in await store.tenants(connection)]


@asynccontextmanager
async def _changing(keeping: Keeping, acting: Principal) -> "AsyncIterator[AsyncConnection]":
    async with keeping.database.transaction(acting) as connection:
        await store.changing(connection)
        yield connection


async def _agree(keeping: Keeping, subscription: Subscription) -> None:
    """Apply or delete the Trigger of a row that the transaction around this has written."""
    if not subscription.wanted:
        await keeping.triggers.delete(domain.name_of(subscription.id))
        return
    try:
        await keeping.triggers.apply(domain.trigger_of(subscription, keeping.patience))
    except ValidationError:
        raise _wrong_filters("REFUSED") from None


def _as_row(row: schema.Subscription, tenant_id: UUID, *, owner_active: bool, sees_tenant: bool) -> Subscription:
    return Subscription(row.id, tenant_id, row.owner_id, row.sink, row.filters, row.active, owner_active, sees_tenant)


async def one(connection: "AsyncConnection", subscription_id: UUID) -> schema.Subscription:
    found = await store.one(connection, subscription_id)
    if found is None:
        raise _unknown()
    return found


def _check_filters(filters: list[dict[str, Any]]) -> None:
    if fault := domain.fault_of(filters):
        raise _wrong_filters(fault)


def _wrong_filters(code: str) -> ValidationError:
    return ValidationError("The filters cannot be used.", errors=(FieldError("/body/filters", code),))


async def _check_sink(egress: Egress, sink: str) -> None:
    try:
        await egress.check(sink)
    except (EgressRefusedError, NoAnswerError) as error:
        fault = FieldError("/body/sink", error.reason)
        raise ValidationError("Events are not sent to this address.", errors=(fault,)) from None


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such subscription of yours.")
