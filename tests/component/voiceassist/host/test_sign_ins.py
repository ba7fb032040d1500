"""The list of sign-ins, how they end, step-up, and tickets for the socket, at the real door."""

import asyncio
import contextlib
import re

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import InvalidStatus

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Safari/604.1"
COOKIE = "__Host-va_session"
PATH = "/api/v1/auth/sessions"


def jar(browser):
    return browser.http.cookies.get(COOKIE)


def listed(browser):
    return browser.http.get(PATH).json()["items"]


@pytest.fixture
def alone(browser):
    """An administrator, signed in here and nowhere else; other tests go on as the clinician."""
    here = browser("admin", agent=FIREFOX).sign_in()
    assert here.http.delete(PATH, headers={"x-csrf-token": here.csrf}).status_code == 200
    return here


@pytest.mark.req("P2.4")
def test_a_person_sees_each_device_and_ends_one(alone, browser, problem):
    there = browser("admin", agent=SAFARI).sign_in()
    found = listed(alone)
    assert [(one["device"], one["current"]) for one in found] == [
        ("Safari on iPhone", False),
        ("Firefox on Linux", True),
    ]
    assert all(one["started_at"] <= one["last_used_at"] < one["ends_at"] for one in found)
    assert jar(alone) not in str(found)
    path = f"{PATH}/{found[0]['id']}"
    assert alone.http.delete(path, headers={"x-csrf-token": alone.csrf}).status_code == 204
    problem(there.http.get("/api/v1/auth/me"), 401, "UNAUTHENTICATED")
    assert alone.http.get("/api/v1/auth/me").status_code == 200
    problem(alone.http.delete(path, headers={"x-csrf-token": alone.csrf}), 404, "NOT_FOUND")


@pytest.mark.req("P2.4")
def test_all_others_end_at_once(alone, browser, problem):
    others = [browser("admin", agent=SAFARI).sign_in() for _ in range(2)]
    ended = alone.http.delete(PATH, headers={"x-csrf-token": alone.csrf})
    assert ended.json() == {"ended": 2}
    for other in others:
        problem(other.http.get("/api/v1/documents"), 401, "UNAUTHENTICATED")
    assert [one["current"] for one in listed(alone)] == [True]


def test_sessions_of_others_are_not_seen_and_not_ended(alone, browser, problem):
    other = browser().sign_in()
    (mine,) = [one for one in listed(other) if one["current"]]
    assert mine["id"] not in str(listed(alone))
    problem(alone.http.delete(f"{PATH}/{mine['id']}", headers={"x-csrf-token": alone.csrf}), 404, "NOT_FOUND")
    assert other.http.get("/api/v1/auth/me").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/auth/sessions", "/api/v1/auth/sessions/" + "0" * 32])
def test_ending_needs_the_sessions_token(alone, problem, path):
    problem(alone.http.delete(path), 403, "CSRF")
    problem(alone.http.delete(path, headers={"x-csrf-token": "x"}), 403, "CSRF")


def test_the_session_has_a_new_secret_after_each_sign_in_and_the_old_one_is_worthless(alone, browser, problem):
    before = jar(alone)
    again = browser("admin", agent=FIREFOX)
    again.http.cookies.set(COOKIE, before, domain="localhost.local", path="/")
    again.sign_in()
    assert jar(again) != before
    problem(alone.http.get("/api/v1/auth/me"), 401, "UNAUTHENTICATED")


@pytest.mark.req("P2.10")
def test_a_second_code_renews_the_session_and_the_old_cookie_is_worthless(alone, browser, problem):
    before, csrf = jar(alone), alone.csrf
    used = alone.code()
    problem(alone.post("/api/v1/auth/mfa/step-up", json={"code": used}), 401, "MFA_REQUIRED")
    answer = alone.post("/api/v1/auth/mfa/step-up", json={"code": alone.code(1)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["csrf_token"] != csrf
    assert jar(alone) != before
    assert jar(alone).partition(".")[0] == before.partition(".")[0]
    old = browser(agent=FIREFOX)
    old.http.cookies.set(COOKIE, before, domain="localhost.local", path="/")
    problem(old.http.get("/api/v1/auth/me"), 401, "UNAUTHENTICATED")
    problem(alone.post("/api/v1/auth/logout"), 403, "CSRF")


def test_a_code_alone_steps_nobody_up(browser, problem):
    here = browser()
    problem(here.http.post("/api/v1/auth/mfa/step-up", json={"code": here.code()}), 401, "UNAUTHENTICATED")


# Tickets


@pytest.fixture
def speaker(browser):
    return browser(agent=FIREFOX).sign_in()


def ticket_of(browser, **body):
    headers = {"x-csrf-token": browser.csrf, "origin": browser.host.url}
    answer = browser.http.post("/api/v1/auth/ws-ticket", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"wt_[\w-]{43}", answer.json()["ticket"])
    assert answer.json()["expires_in"] == 30
    return answer.json()["ticket"]


def dial(host, ticket, origin=None):
    url = host.url.replace("https", "wss") + "/v1/realtime"
    offered = ["realtime", f"voiceassist-ticket.{ticket}"]
    return connect(url, ssl=host.tls, subprotocols=offered, origin=origin or host.url, proxy=None)


async def echo(socket):
    async for message in socket:
        await socket.send(message)


@contextlib.asynccontextmanager
async def listening(port, seen):
    async def handler(socket):
        seen.append(socket.request.headers)
        await echo(socket)

    async with serve(handler, "127.0.0.1", port):
        yield


@pytest.mark.req("P2.6")
async def test_a_ticket_opens_one_socket_for_the_session_that_asked(speaker, host, voice_port):
    from voiceassist.runtime import tokens

    ticket, seen = await asyncio.to_thread(ticket_of, speaker), []
    async with listening(voice_port, seen):
        async with dial(host, ticket) as socket:
            assert socket.subprotocol == "realtime"
            await socket.send("x")
            assert await socket.recv() == "x"
        with pytest.raises(InvalidStatus) as refused:
            await dial(host, ticket)
        assert refused.value.response.status_code == 401
    (headers,) = seen
    assert ticket not in str(headers)
    token = headers["authorization"].removeprefix("Bearer ")
    principal = tokens.verify(token, audience="realtime", workload=host.settings.workload)
    assert principal.session_id == jar(speaker).partition(".")[0]
    assert principal.actors == ("gateway",)


@pytest.mark.parametrize("ticket", ["wt_" + "x" * 43, "", "ek_x", "wt_" + "x" * 3000])
async def test_an_invented_ticket_opens_nothing(host, ticket):
    with pytest.raises(InvalidStatus) as refused:
        await dial(host, ticket)
    assert refused.value.response.status_code == 401


async def test_a_ticket_belongs_to_the_site_that_asked(speaker, host, voice_port):
    ticket = await asyncio.to_thread(ticket_of, speaker)
    other = host.url.replace("localhost", "127.0.0.1")  # ours too in development, but another origin
    for origin in (other, host.url):
        with pytest.raises(InvalidStatus) as refused:
            await dial(host, ticket, origin)
        assert refused.value.response.status_code == 401  # by the second try it is used up


@pytest.mark.parametrize("body", [{"purpose": "dashboard"}, {"purpose": ""}, {"user_id": "x"}])
def test_a_ticket_is_for_a_known_purpose(speaker, problem, body):
    headers = {"x-csrf-token": speaker.csrf}
    problem(speaker.http.post("/api/v1/auth/ws-ticket", json=body, headers=headers), 400, "VALIDATION_ERROR")


def test_a_ticket_needs_a_session_and_its_token(speaker, browser, key, host, problem):
    problem(speaker.http.post("/api/v1/auth/ws-ticket", json={}), 403, "CSRF")
    problem(browser().http.post("/api/v1/auth/ws-ticket", json={}), 401, "UNAUTHENTICATED")
    with host.client() as keyed:
        problem(keyed.post("/api/v1/auth/ws-ticket", json={}, headers=key), 403, "FORBIDDEN")
