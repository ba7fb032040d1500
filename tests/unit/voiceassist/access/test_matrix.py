"""Every route of every room, asked through its real door in every role, of one's own tenant and another one.

Only what lies behind the decision is replaced: a route that was let through answers 299 instead of doing its work.
"""

import importlib
import time
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import yaml
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.responses import Response

from voiceassist.core.errors import ForbiddenError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.runtime import door, http_room, tokens, wiring, workloads
from voiceassist.runtime.access import Record, bundles, guard, permit
from voiceassist.runtime.host import catalog, event_log
from voiceassist.runtime.host.openapi import merge
from voiceassist.runtime.settings import Settings

WORKLOAD = workloads.derived("s" * 40)
OTHER = UUID("01900000-0000-7000-8000-0000000000ff")
USER = UUID("01900000-0000-7000-8000-000000000011")
LET_THROUGH = 299
EXPECTED = yaml.safe_load((Path(__file__).resolve().parents[3] / "data/access/matrix.yaml").read_text())
OWN = {"catalogue": catalog.openapi(), "events": event_log.description()}


def scopes():
    import json

    listed = json.loads(bundles.packaged().data["permissions.json"])["permissions"]["scopes"]
    return frozenset(scope for several in listed.values() for scope in several)


def person(role, profile="", **more):
    return Principal(
        subject=str(USER), tenant_id=DEFAULT_TENANT, role=role, user_id=USER, profile=profile,
        **{"second_factor_at": time.time()} | more,
    )  # fmt: skip


ACTORS = {
    "admin": person("admin"),
    "auditor": person("viewer", "auditor"),
    "viewer": person("viewer", "observer"),
    "clinician": person("user", "physician"),
    "nurse": person("user", "nurse"),
    "user": person("user"),
    "researcher": person("user", "researcher"),
    "integrator": person("user", "physician", scopes=scopes(), second_factor_at=0),
    "operator": person("admin", scopes=scopes(), second_factor_at=0),
    "keyless": person("user", "physician", scopes=frozenset({"none:of_them"}), second_factor_at=0),
    "service": service("broker"),
}


@pytest.fixture(autouse=True)
def _just_signed_in():
    """Minutes lie between the collection of a whole run and these tests."""
    for name, who in ACTORS.items():
        if who.second_factor_at:
            ACTORS[name] = replace(who, second_factor_at=time.time())


PEOPLE = {"admin", "auditor", "viewer", "clinician", "nurse", "user", "researcher"}


def rooms():
    """The app of each room that has one, by name."""
    found = {name: importlib.import_module(f"functions.{name}.main").room for name in wiring.load().rooms}
    return {name: room for name, room in found.items() if room.app is not None}


ROOMS = rooms()


def may(told):
    names = set(told.split())
    return names if "everybody" not in names else set(ACTORS) - {"keyless"}


def expected(room):
    """Without `operator`, who is named for the gateway only: its key does what both an admin and a key may."""
    return {route: may(told) for route, told in EXPECTED[room].items()}


def declared(room):
    return {f"{method} {route.path}": route for route in routes(room) for method in route.methods}


def routes(room):
    """Those of the app and of the routers it has taken in."""
    routers = [room.app, *(one.original_router for one in room.app.routes if hasattr(one, "original_router"))]
    return [
        one for router in routers for one in router.routes if getattr(one, "path", "/openapi.json") != "/openapi.json"
    ]


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_every_route_has_a_line_and_every_line_a_route(name):
    assert set(declared(ROOMS[name])) == set(EXPECTED[name])


def test_there_is_no_room_without_lines():
    assert set(EXPECTED) == {*ROOMS, "gateway"}


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_no_route_goes_round_the_policy(name):
    assert [route.path for route in routes(ROOMS[name]) if not hasattr(route, "action")] == []


def test_the_merged_document_tells_the_action_of_every_route():
    merged = merge({name: room.app.openapi() for name, room in ROOMS.items()} | OWN)
    told = {
        f"{method.upper()} {path}": operation.get("x-action")
        for path, operations in merged["paths"].items()
        for method, operation in operations.items()
    }
    assert [route for route, action in told.items() if not action] == []
    listed = {route for lines in EXPECTED.values() for route in lines}
    assert set(told) - listed == set()


def test_a_route_without_an_action_cannot_be_declared():
    app = http_room.http_app(door.Room("sample"), title="Sample", actions={"GET /api/v1/sample": "sample.read"})
    with pytest.raises(http_room.SettingsError):
        app.post("/api/v1/sample")(lambda: None)
    app.get("/api/v1/sample")(lambda: None)
    with pytest.raises(http_room.SettingsError):
        app.include_router(APIRouter())
    with pytest.raises(http_room.SettingsError):
        http_room.router({}).get("/api/v1/sample")(lambda: None)


@pytest.fixture
def stubbed(monkeypatch):
    async def let_through(_self, scope, receive, send):
        await Response(status_code=LET_THROUGH)(scope, receive, send)

    monkeypatch.setattr(APIRoute, "handle", let_through)
    monkeypatch.setattr(door, "load_settings", lambda: Settings(workload=WORKLOAD))


def address(path):
    return "/".join(str(USER) if part.startswith("{") else part for part in path.split("/"))


async def statuses(room, caller):
    """What the door answers to each route, asked by `caller`."""
    issuer = caller.subject if caller.is_service else "gateway"
    bearer = tokens.mint(caller, issuer=issuer, audience=room.name, workload=WORKLOAD)
    headers = {"authorization": f"Bearer {bearer}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=room), base_url="http://room") as client:
        return {
            route: (await client.request(route.split()[0], address(route.split()[1]), headers=headers)).status_code
            for route in declared(room)
        }


@pytest.mark.req("P7.4")
@pytest.mark.parametrize("actor", sorted(ACTORS.keys() - {"operator"}))
@pytest.mark.parametrize("name", sorted(ROOMS))
async def test_a_role_enters_where_the_table_says_so_and_nowhere_else(stubbed, name, actor):
    found = await statuses(ROOMS[name], ACTORS[actor])
    assert set(found.values()) <= {LET_THROUGH, 403}
    allowed = {route for route, status in found.items() if status == LET_THROUGH}
    assert allowed == {route for route, who in expected(name).items() if actor in who}


@pytest.mark.parametrize("name", sorted(ROOMS))
async def test_nobody_enters_without_identity(stubbed, name):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=ROOMS[name]), base_url="http://room") as client:
        for route in declared(ROOMS[name]):
            method, path = route.split()
            assert (await client.request(method, address(path))).status_code == 401


@pytest.mark.req("P7.4")
@pytest.mark.parametrize("actor", sorted(ACTORS))
async def test_the_gateways_own_routes_are_of_the_same_table(actor):
    for route, who in expected("gateway").items():
        method, path = route.split()
        action = next(own["paths"][path][method.lower()]["x-action"] for own in OWN.values() if path in own["paths"])
        decision = await guard().decide(http_room.access.asked(ACTORS[actor], action, now=time.time()))
        assert decision.allow == (actor in who), route


@pytest.mark.parametrize("actor", sorted(ACTORS))
async def test_a_record_of_another_tenant_is_nobodys(actor):
    actions = {route.action for room in ROOMS.values() for route in routes(room)}
    assert len(actions) > 20
    for action in sorted(actions):
        with pytest.raises(ForbiddenError):
            await permit(ACTORS[actor], action, record=Record(tenant_id=OTHER))
