"""The room on real PostgreSQL and Valkey, beside the real room auth, with a Nextcloud's double for each tenant."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from functions.users import main, service
from functions.users.domain import Directory, Standing
from functions.users.ocs import Ocs
from functions.users.service import Kit, Order
from tests import ocs_double
from voiceassist.adapters.redis import connect
from voiceassist.core import ids
from voiceassist.core.identity import Principal
from voiceassist.core.identity import service as part
from voiceassist.runtime import providers, sessions
from voiceassist.runtime.egress.named import Named
from voiceassist.runtime.settings import load_settings

GROUPS = {"doctors": Standing("user", "physician"), "nurses": Standing("user", "nurse"), "it": Standing("admin")}


@pytest.fixture
async def redis(settings):
    made = connect(settings.redis.url)
    yield made
    await made.aclose()
    connect.cache_clear()


@dataclass
class Site:
    """One tenant with its own directory; `admin` is an administrator made here."""

    cloud: ocs_double.Nextcloud
    directory: Directory
    admin: Principal
    database: Any
    kit: Kit
    opened: list[Any] = field(default_factory=list)

    async def run(self, why="schedule", **order: Any):
        return await service.run(self.kit, self.directory, Order(why, **order))

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.database.transaction(part("test", self.directory.tenant_id)) as connection:
            return (await connection.execute(text(query), values)).all()

    async def people(self) -> dict[str, tuple[str, str, str, str]]:
        """Name, role, profile and status of those who follow the directory."""
        rows = await self.rows(
            "select sub, display_name, role, profile, status from users where iss = :iss order by sub",
            iss=self.directory.issuer,
        )
        return {row[0]: tuple(row[1:]) for row in rows}

    async def id_of(self, uid: str) -> Any:
        ((found,),) = await self.rows(
            "select id from users where iss = :iss and sub = :sub", iss=self.directory.issuer, sub=uid
        )
        return found

    async def written(self) -> dict[str, list[Any]]:
        """Everything of the tenant that a run could have written, each row with the transaction that wrote it."""
        tenant = str(self.directory.tenant_id)
        mine = {
            "users": "select id, xmin::text from users order by id",
            "directory_people": "select uid, xmin::text from directory_people order by uid",
            "audit_entries": "select count(*) from audit_entries",
            "outbox": f"select count(*) from outbox where convert_from(event, 'utf8') like '%{tenant}%'",  # noqa: S608
        }
        return {table: await self.rows(query) for table, query in mine.items()}

    async def said(self, *, kind: str = "") -> list[dict[str, Any]]:
        rows = await self.rows("select event from outbox order by position")
        events = [json.loads(bytes(row[0])) for row in rows]
        mine = [one for one in events if one.get("tenantid") == str(self.directory.tenant_id)]
        return [one["data"] | {"type": one["type"]} for one in mine if kind in one["type"]]

    async def recorded(self, about: str) -> list[str]:
        rows = await self.rows("select body from audit_entries where body like :about", about=f"%{about}%")
        return sorted(json.loads(row[0])["action"] for row in rows)

    async def sign_in(self, uid: str, role: str = "user") -> tuple[str, sessions.Session]:
        """An open browser session of somebody: cookie and record."""
        return await self.kept.open(
            user_id=str(await self.id_of(uid)), tenant_id=str(self.directory.tenant_id), role=role, profile="",
            name="", email="",
        )  # fmt: skip

    @property
    def kept(self) -> sessions.Sessions:
        return sessions.of(load_settings(), providers.redis())


@pytest.fixture
async def site(database, person, redis, monkeypatch):
    """`await site()`: one more tenant; the room's doors follow the directories of all that were made."""
    made: list[Site] = []

    async def make(**changes: Any) -> Site:
        tenant_id = ids.new_id()
        admin = await person("admin", tenant_id)
        cloud = ocs_double.Nextcloud().__enter__()
        directory = Directory(
            tenant_id, cloud.url, f"https://{tenant_id}.issuer.test", GROUPS, ocs_double.ADMIN,
            ocs_double.APP_PASSWORD, page=3,
        )  # fmt: skip
        egress = Named(load_settings(), cloud.url)
        kit = Kit(database, providers.auditor("users"), lambda one: Ocs(one, egress))
        made.append(Site(cloud, replace(directory, **changes), admin, database, kit, [egress]))
        return made[-1]

    monkeypatch.setattr(main, "followed", lambda: {one.directory.tenant_id: one.directory for one in made})
    main.kit.cache_clear()
    yield make
    main.kit.cache_clear()
    providers.named.cache_clear()
    for one in made:
        for egress in one.opened:
            await egress.close()
        one.cloud.__exit__()


@pytest.fixture
async def door(caller):
    """`door(principal)`: the room as that caller reaches it."""
    clients: list[httpx.AsyncClient] = []

    def make(principal: Principal) -> httpx.AsyncClient:
        clients.append(caller(main.room, principal))
        return clients[-1]

    yield make
    for one in clients:
        await one.aclose()
