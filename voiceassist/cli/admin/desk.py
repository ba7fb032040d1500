"""The stores of a running installation, and who acts on them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click

from voiceassist.core.errors import VoiceAssistError
from voiceassist.core.identity import Principal, service
from voiceassist.runtime import logging
from voiceassist.runtime.engines.environment import running_settings
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.settings import Settings, inherited

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from functions.auth.accounts import Desk
    from functions.auth.store import StoredUser

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stores:
    settings: Settings
    desk: "Desk"
    redis: "Redis"


def run(layout: Layout, work: "Callable[[Stores], Awaitable[T]]") -> T:
    """Do `work` on the installation's stores; the events it says wait in the outbox for the host."""
    settings = running_settings(layout, inherited())
    logging.configure("cli", "error")  # standard output is for what was asked

    async def told() -> T:
        from functions.auth.accounts import Desk
        from voiceassist.adapters.postgres import Database
        from voiceassist.adapters.redis import connect
        from voiceassist.runtime.audit_keys import AuditKeys
        from voiceassist.runtime.auditing import Writer

        database, redis = Database(settings.postgres.dsn, pool_size=1), connect(settings.redis.url)
        auditor = Writer(database, AuditKeys(settings.audit), part="operator", chains=settings.audit.chains)
        try:
            return await work(Stores(settings, Desk(database, auditor), redis))
        finally:
            await redis.aclose()
            await database.close()

    try:
        return asyncio.run(told())
    except VoiceAssistError as error:
        raise click.ClickException(error.detail or error.title) from None


async def person(stores: Stores, who: str) -> "StoredUser":
    """By mail address, or what stands before its @."""
    from functions.auth import store

    async with stores.desk.database.transaction(service("operator")) as connection:
        found = await store.people_called(connection, who)
    if len(found) != 1:
        raise click.ClickException("There is no such user." if not found else "That names several users.")
    return found[0]


async def administrator(stores: Stores, who: str) -> Principal:
    """In whose name something is done: an active administrator."""
    found = await person(stores, who)
    if not found.active or found.role != "admin":
        raise click.ClickException("--by must name an active administrator.")
    return Principal(str(found.id), found.tenant_id, found.role, user_id=found.id, profile=found.profile)
