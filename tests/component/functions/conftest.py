"""Rooms in this process on real engines, called as the gateway and the broker call them."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from events.envelope import CloudEvent, decode, encode_binary
from voiceassist.core import ids
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.runtime import http, providers, tokens
from voiceassist.runtime.settings import Settings, Workload, load_settings

CACHED = (
    load_settings,
    providers.database,
    providers.auditor,
    providers._audit_database,
    providers.anchors,
    providers.cache,
    providers.gate,
    providers.objects,
    providers.kms,
    providers.keyring,
    providers.vault,
    providers.knowledge,
    providers.embedder,
    providers.built,
    providers.reranker,
    providers.summariser,
)


def neighbours() -> httpx.AsyncClient:
    """What one room reaches others by: the rooms themselves, without a network."""
    from functions.auth.main import room as auth
    from functions.phi.main import room as phi

    rooms = {"auth": auth, "phi": phi}
    mounts = {f"http://{name}.rooms.test": httpx.ASGITransport(app=room) for name, room in rooms.items()}
    return httpx.AsyncClient(mounts=mounts, transport=httpx.MockTransport(lambda _request: httpx.Response(599)))


@pytest.fixture(scope="session")
def rooms_environment(stack_env: dict[str, str]) -> Iterator[None]:
    """The settings of the engines, as a supervisor hands them to a room."""
    before = dict(os.environ)
    os.environ.update(stack_env | {"VOICEASSIST_ROOM_URL": "http://{room}.rooms.test"})
    for cached in CACHED:
        cached.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "client", neighbours)
        yield
    os.environ.clear()
    os.environ.update(before)
    for cached in CACHED:
        cached.cache_clear()


@pytest.fixture(scope="session")
async def database(rooms_environment: None) -> AsyncIterator[Any]:
    yield providers.database()
    await providers.database().close()
    await providers._audit_database().close()


class Identity(httpx.Auth):
    """Signs every request anew: the internal token lives sixty seconds."""

    def __init__(self, principal: Principal, room: str, workload: Workload) -> None:
        self.principal, self.room, self.workload = principal, room, workload

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:
        who = self.principal
        issuer = "broker" if who.is_service and who.subject == "broker" else "gateway"
        token = tokens.mint(who, issuer=issuer, audience=self.room, workload=self.workload)
        request.headers["authorization"] = f"Bearer {token}"
        yield request


Person = Callable[..., Awaitable[Principal]]


@pytest.fixture(scope="session")
def person(database: Any) -> Person:
    """Make a user of a role and return whom requests then speak for."""

    async def make(role: str = "user", tenant_id: UUID = DEFAULT_TENANT) -> Principal:
        user_id = ids.new_id()
        async with database.transaction(service("test", tenant_id)) as connection:
            await connection.execute(
                text("insert into tenants (id, name) values (:id, 'Another') on conflict do nothing"),
                {"id": tenant_id},
            )
            await connection.execute(
                text(
                    "insert into users (id, tenant_id, iss, sub, role)"
                    " values (:id, :tenant, 'https://issuer.test', :sub, :role)"
                ),
                {"id": user_id, "tenant": tenant_id, "sub": str(user_id), "role": role},
            )
        return Principal(subject=str(user_id), tenant_id=tenant_id, role=role, user_id=user_id)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def caller(settings: Settings, rooms_environment: None) -> Callable[[Any, Principal | None], httpx.AsyncClient]:
    """A client of a room that speaks for somebody, or for nobody."""

    def make(room: Any, principal: Principal | None) -> httpx.AsyncClient:
        auth = Identity(principal, room.name, settings.workload) if principal else None
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=room), base_url="http://room", auth=auth, timeout=60.0
        )

    return make


async def _deliver(caller: Any, room: Any, event: CloudEvent) -> int:
    headers, body = encode_binary(event)
    async with caller(room, service("broker")) as client:
        answer = await client.post("/", headers=dict(headers), content=body)
    assert answer.status_code >= 400 or not answer.content
    return int(answer.status_code)


@pytest.fixture(scope="session")
def deliver(caller: Any) -> Callable[[Any, CloudEvent], Awaitable[int]]:
    """Post an event to a room's door as the broker does; returns the status."""
    return partial(_deliver, caller)


@pytest.fixture(scope="session")
def said(database: Any) -> Callable[[object], Awaitable[list[CloudEvent]]]:
    """The events about a subject that rooms put into the outbox, oldest first."""

    async def find(subject: object) -> list[CloudEvent]:
        async with database.transaction(service("test")) as connection:
            rows = await connection.execute(text("select event from outbox order by position"))
            events = [
                decode([("content-type", "application/cloudevents+json")], bytes(event)) for (event,) in rows.all()
            ]
        return [event for event in events if event.subject == str(subject)]

    return find
