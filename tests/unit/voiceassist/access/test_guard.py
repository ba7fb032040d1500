"""The guard refuses whatever is not a clear yes, and tells nothing of what it was asked."""

import asyncio
import json
from uuid import UUID

import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voiceassist.adapters.rego.cpp import RegoCppEngine
from voiceassist.adapters.rego.opa import OpaServer
from voiceassist.adapters.rego.rust import RegorusEngine
from voiceassist.core.errors import ForbiddenError, MfaRequiredError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.ports.policy import Bundle, Decision, PolicyError, decision_of
from voiceassist.runtime.access import Guard, Record, asked, bundles, guard, permit
from voiceassist.runtime.access.guarding import engine_of
from voiceassist.runtime.settings import Access

OTHER = UUID("01900000-0000-7000-8000-0000000000ff")
USER = UUID("01900000-0000-7000-8000-000000000011")
NOW = 1_800_000_000.0


def person(role="user", profile="physician", **more):
    return Principal(subject=str(USER), tenant_id=DEFAULT_TENANT, role=role, user_id=USER, profile=profile, **more)


def request(action="question.ask", **more):
    return asked(person(), action, now=NOW, **more)


class Fails:
    revision = "r"

    def __init__(self, work):
        self._work = work

    async def decide(self, _request):
        return await self._work()


async def raises():
    raise RuntimeError("Zebulon Quackenbush")


async def never():
    await asyncio.sleep(60)


async def nothing():
    return decision_of(None, "r")


@pytest.mark.parametrize("work", [raises, never, nothing])
async def test_no_decision_is_a_refusal_and_says_nothing(work):
    with structlog.testing.capture_logs() as lines:
        decision = await Guard(Fails(work), seconds=0.05).decide(request())
        with pytest.raises(ForbiddenError) as refused:
            await permit(person(), "question.ask", by=Guard(Fails(work), seconds=0.05))
    assert decision == Decision(allow=False, reasons=("undecided",), revision="r")
    assert refused.value.code == "ACCESS_UNDECIDED"
    assert "Quackenbush" not in json.dumps(lines)
    assert str(USER) not in json.dumps(lines)
    assert {line["event"] for line in lines} == {"access.undecided", "access.refused"}


@pytest.mark.parametrize(
    "found",
    [None, True, [], {}, {"allow": True}, {"allow": "yes", "reasons": []}, {"allow": True, "reasons": ["x"]},
     {"allow": False, "reasons": [1]}, {"allow": 1, "reasons": []}],
)  # fmt: skip
def test_what_is_no_decision_is_none(found):
    with pytest.raises(PolicyError):
        decision_of(found, "r")


@pytest.mark.parametrize("engine", [RegorusEngine, RegoCppEngine])
@pytest.mark.parametrize(
    "module",
    [
        "package voiceassist.authz\n\nimport rego.v1\n\ndecision := {",
        "package voiceassist.other\n\nimport rego.v1\n\ndecision := {}\n",
        'package voiceassist.authz\n\nimport rego.v1\n\ndecision := {"allow": 1, "reasons": []}\n',
    ],
)
async def test_a_broken_policy_never_decides(engine, module):
    with pytest.raises(PolicyError):
        await engine(Bundle({"authz.rego": module}, {})).decide(request())


@pytest.mark.parametrize("engine", [RegorusEngine, RegoCppEngine])
async def test_every_engine_keeps_the_contract(engine):
    made = engine(bundles.packaged())
    yes = await made.decide(request())
    no = await made.decide(asked(person("admin"), "question.ask", now=NOW))
    assert yes == Decision(allow=True, reasons=(), revision=bundles.packaged().revision)
    assert no == Decision(allow=False, reasons=("action_not_permitted",), revision=made.revision)
    assert not (await made.decide({})).allow


async def test_an_engine_is_asked_from_many_threads():
    made = RegorusEngine(bundles.packaged())
    answers = await asyncio.gather(*(asyncio.to_thread(made.decide_now, request()) for _ in range(50)))
    assert {answer.allow for answer in answers} == {True}


async def opa(asked_for: Request) -> Response:
    """The REST API of Open Policy Agent, as its documentation has it; the decision is made by a real engine."""
    body = await asked_for.json()
    engine = RegorusEngine(bundles.packaged())
    decision = engine.decide_now(body["input"])
    provenance = {"version": "1.20.2", "bundles": {"authz": {"revision": engine.revision}}}
    result = {"allow": decision.allow, "reasons": list(decision.reasons)}
    told = {"result": result, "decision_id": "1"}
    return JSONResponse(told | ({"provenance": provenance} if "provenance" in asked_for.query_params else {}))


def server(monkeypatch, handler):
    import httpx

    app = Starlette(routes=[Route("/v1/data/voiceassist/authz/decision", handler, methods=["POST"])])
    made = OpaServer("http://opa:8181/", token="t" * 20, seconds=0.5)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), headers=made._headers)
    monkeypatch.setattr(made, "_client", client)
    return made


async def test_a_server_of_opa_decides(monkeypatch):
    made = server(monkeypatch, opa)
    assert await made.decide(request()) == Decision(allow=True, reasons=(), revision=bundles.packaged().revision)
    refused = await made.decide(asked(person("viewer"), "question.ask", now=NOW))
    assert refused.reasons == ("action_not_permitted",)
    assert made.revision == bundles.packaged().revision


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "{}"), (200, "[]"), (200, "no json"), (500, "{}"), (200, '{"result": {"allow": true}}'), (302, "{}")],
)
async def test_an_answer_of_opa_that_is_none_refuses(monkeypatch, status, body):
    async def odd(_request: Request) -> Response:
        return Response(body, status, media_type="application/json")

    with pytest.raises(PolicyError):
        await server(monkeypatch, odd).decide(request())


async def test_a_server_that_is_away_refuses():
    away = OpaServer("http://127.0.0.1:9", seconds=0.2)
    assert not (await Guard(away, seconds=0.3).decide(request())).allow


def test_the_settings_choose_the_engine():
    assert isinstance(engine_of(bundles.packaged(), Access()), RegorusEngine)
    assert isinstance(engine_of(bundles.packaged(), Access(engine="regopy")), RegoCppEngine)
    assert isinstance(engine_of(bundles.packaged(), Access(engine="opa", opa_url="http://opa:8181")), OpaServer)
    with pytest.raises(PolicyError):
        engine_of(bundles.packaged(), Access(engine="opa"))


def test_what_is_asked_holds_ids_and_words_only():
    record = Record(owner_id=OTHER, until=NOW + 60)
    told = asked(person(name="Robin Hale", second_factor_at=NOW - 7), "document.read", record=record, now=NOW)
    assert "Robin" not in json.dumps(told)
    assert told["subject"]["mfa_age"] == 7
    assert told["break_glass"] == {"subject": str(USER), "owner": str(OTHER), "until": NOW + 60}
    assert asked(service("gateway"), "phi.scan", now=NOW)["subject"]["mfa_age"] is None


async def test_a_refusal_says_what_would_help(monkeypatch):
    with pytest.raises(MfaRequiredError) as old:
        await permit(person(), "break_glass.open")
    assert old.value.code == "STEP_UP_REQUIRED"
    with pytest.raises(ForbiddenError) as scope:
        await permit(person(scopes=frozenset({"calc:run"})), "question.ask")
    assert scope.value.code == "FORBIDDEN"
    assert "scope" in scope.value.detail
    with pytest.raises(ForbiddenError):
        await permit(person(), "document.read", record=Record(tenant_id=OTHER))
    assert (await permit(person(), "question.ask")).revision == guard().revision
