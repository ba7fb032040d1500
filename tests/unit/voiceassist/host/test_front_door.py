"""The rules of the front door that need no server: headers, origins, bodies, pages, merging."""

import asyncio
from pathlib import Path

import pytest

from voiceassist.core.errors import (
    ForbiddenError,
    NotFoundError,
    PayloadTooLargeError,
    UnauthenticatedError,
    UnsupportedFormatError,
    ValidationError,
)
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.runtime import tokens, workloads
from voiceassist.runtime.host import headers
from voiceassist.runtime.host.admission import Admission, origins
from voiceassist.runtime.host.answer import Bounded
from voiceassist.runtime.host.api import Api
from voiceassist.runtime.host.callers import Caller, cookie
from voiceassist.runtime.host.forward import Body, head
from voiceassist.runtime.host.gateway import ambiguous, exposition
from voiceassist.runtime.host.openapi import merge
from voiceassist.runtime.host.pages import Pages
from voiceassist.runtime.host.realtime import SECRET_SUBPROTOCOL, offered_as, sendable
from voiceassist.runtime.host.rooms import InProcess
from voiceassist.runtime.host.wire import Address
from voiceassist.runtime.scopes import SCOPES
from voiceassist.runtime.settings import Settings
from voiceassist.runtime.wiring import Room, Wiring

WORKLOAD = workloads.derived("s" * 40)
SETTINGS = Settings(workload=WORKLOAD)
ADMISSION = Admission(settings=SETTINGS, callers=None, limiter=None)


def scope(method="POST", path="/api/v1/documents", **named):
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]
    return {"type": "http", "method": method, "path": path, "headers": told}


def inward(told, **options):
    return headers.inward(
        told, principal=service("x"), audience="phi", settings=SETTINGS, address="192.0.2.7", **options
    )


def test_credentials_and_claims_about_origin_stay_outside():
    told = [
        (b"authorization", b"Bearer forged"),
        (b"cookie", b"va_session=1"),
        (b"x-forwarded-for", b"127.0.0.1"),
        (b"x-real-ip", b"127.0.0.1"),
        (b"forwarded", b"for=127.0.0.1"),
        (b"traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"),
        (b"x-csrf-token", b"t"),
        (b"x-client-secret", b"ek_forged"),
        (b"ce-type", b"planted"),
        (b"accept", b"application/json"),
    ]
    passed = dict(inward(told))
    assert passed.keys() == {b"accept", b"authorization", b"x-forwarded-for", b"x-forwarded-proto"}
    assert passed[b"x-forwarded-for"] == b"192.0.2.7"
    token = passed[b"authorization"].decode().removeprefix("Bearer ")
    assert tokens.verify(token, audience="phi", workload=WORKLOAD).subject == "x"


def test_the_auth_room_reads_cookies_and_the_broker_event_headers():
    told = [(b"cookie", b"a=1"), (b"x-csrf-token", b"t"), (b"ce-id", b"1")]
    assert {b"cookie", b"x-csrf-token"} <= dict(inward(told, keep_cookies=True)).keys()
    assert b"ce-id" in dict(inward(told, keep_event=True))


def test_hop_by_hop_headers_end_here_in_both_directions():
    told = [
        (b"connection", b"close, X-Private"),
        (b"keep-alive", b"timeout=5"),
        (b"transfer-encoding", b"chunked"),
        (b"upgrade", b"h2c"),
        (b"te", b"trailers"),
        (b"x-private", b"1"),
        (b"etag", b"e"),
    ]
    assert headers.end_to_end(told) == [(b"etag", b"e")]
    assert b"x-private" not in dict(headers.outward(told, secure=True))


async def test_a_body_without_a_length_is_forwarded():
    """Chunked uploads: what says that a body is coming must survive until the last hop that needs it."""
    told = inward([(b"transfer-encoding", b"chunked"), (b"content-type", b"text/plain")])
    parts = [{"type": "http.request", "body": b"one ", "more_body": True}, {"type": "http.request", "body": b"two"}]

    async def receive():
        return parts.pop(0)

    request = {"type": "http", "method": "POST", "path": "/x", "headers": told}
    body, framed = Body(request, receive), b""
    assert head(Address.of("http://room"), "/x", request, body).endswith(b"\r\ntransfer-encoding: chunked\r\n\r\n")
    while not body.ended:
        framed += await body.next()
    assert framed == b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/auth/x/../introspect",
        "/api/v1/library/../answers",
        "/api/v1/calculators/./x",
        "/api/v1//answers",
        "//api/v1/answers",
        "/api/v1/documents/..",
        "/api/v1\\answers",
    ],
)
def test_paths_that_somebody_else_would_tidy_up_lead_nowhere(path):
    assert ambiguous(path)


@pytest.mark.parametrize(
    "path", ["/", "/voice/", "/api/v1/answers", "/issuer/.well-known/openid-configuration", "/a..b/"]
)
def test_plain_paths_are_not_ambiguous(path):
    assert not ambiguous(path)


def test_files_are_found_by_their_own_name_only(tmp_path):
    (tmp_path / "voice").mkdir()
    (tmp_path / "voice" / "index.html").write_text("raw")
    (tmp_path / "a.js").write_text("1")
    pages = Pages(tmp_path, SETTINGS.base_url)
    assert pages.owns("/a.js")
    for path in ("/voice/index.html", "/voice/index.html/", "/voice/index.html//", "/" + "x" * 5000, "/a\x00.js"):
        assert not pages.owns(path), path


async def test_a_host_name_that_is_none_is_the_callers_fault(tmp_path):
    request = {"type": "http", "method": "GET", "path": "/voice/", "headers": [(b"host", b"[")]}
    with pytest.raises(ValidationError):
        await Pages(tmp_path, SETTINGS.base_url)(request, None, None)


async def test_rooms_in_one_process_are_held_to_their_concurrency(tmp_path):
    now, most, release = 0, 0, asyncio.Event()

    async def app(_scope, _receive, _send):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await release.wait()
        now -= 1

    declared = room(concurrency=2)
    runner = InProcess(Wiring({"ingestion": declared}), load=lambda _room: app)
    await runner.start()
    request = {"type": "http", "path": "/", "headers": []}
    calls = [asyncio.ensure_future(runner.serve(declared, request, None, None)) for _ in range(5)]
    await asyncio.sleep(0)
    release.set()
    await asyncio.wait_for(asyncio.gather(*calls), 5)
    assert most == 2


def room(**changes):
    fields = {"name": "ingestion", "target": "ingestion", "source": Path("x"), "min_scale": 0, "max_scale": 1}
    fields |= {"concurrency": 0, "timeout_seconds": 5, "scale_down_delay_seconds": 0, "warm_for_voice": False}
    return Room(**(fields | dict.fromkeys(("routes", "needs", "says"), ()) | changes))


async def test_nobody_is_never_forwarded_as_the_gateway_itself():
    class Open:
        async def admit(self, _scope, _purpose):
            return None

        def body_limit(self, _scope, _purpose):
            return 0

    class Rooms:
        async def serve(self, room, scope, _receive, _send):
            token = dict(scope["headers"])[b"authorization"].decode().removeprefix("Bearer ")
            heard.append((room.name, tokens.verify(token, audience=room.name, workload=WORKLOAD).subject))

    heard = []
    api = Api(settings=SETTINGS, admission=Open(), runner=Rooms(), wire=None)
    request = {"type": "http", "method": "GET", "path": "/x", "headers": []}
    await api.room(room(name="auth"), request, None, None)
    with pytest.raises(UnauthenticatedError):
        await api.room(room(name="documents"), request, None, None)
    assert heard == [("auth", "gateway")]


def test_answers_name_no_server_and_always_carry_the_security_headers():
    said = dict(headers.outward([(b"Server", b"uvicorn"), (b"x-google-status", b"crash")], secure=True))
    assert b"server" not in said
    assert b"x-google-status" not in said
    assert said[b"x-content-type-options"] == b"nosniff"
    assert said[b"referrer-policy"] == b"no-referrer"
    assert said[b"cross-origin-opener-policy"] == b"same-origin"
    assert said[b"permissions-policy"] == b"microphone=(self), camera=(), geolocation=()"
    assert said[b"content-security-policy"].startswith(b"default-src 'none'")
    assert said[b"cache-control"] == b"no-store"
    assert b"strict-transport-security" in said
    assert b"strict-transport-security" not in dict(headers.outward([], secure=False))


def test_a_page_keeps_its_own_policy():
    said = headers.outward([(b"content-security-policy", b"mine"), (b"cache-control", b"public")], secure=True)
    assert [value for key, value in said if key == b"content-security-policy"] == [b"mine"]
    assert [value for key, value in said if key == b"cache-control"] == [b"public"]


@pytest.mark.parametrize(
    "told",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://localhost.evil.example:8443"},
        {"origin": "http://localhost:8443"},
        {"origin": "https://localhost:8444"},
        {"origin": "null"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_writes_from_other_sites_are_refused(told):
    with pytest.raises(ForbiddenError):
        ADMISSION.check_origin(scope(**told))


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"origin": "https://localhost:8443", "sec_fetch_site": "same-origin"},
        {"origin": "https://127.0.0.1:8443"},
        {"origin": "null", "sec_fetch_site": "same-origin"},
    ],
)
def test_writes_from_our_own_pages_pass(told):
    ADMISSION.check_origin(scope(**told))


def test_in_production_only_the_configured_name_is_ours():
    assert origins(Settings(profile="production", base_url="https://va.hospital.example")) == {
        "https://va.hospital.example"
    }


def caller(by, scopes=(), csrf="c" * 20):
    who = Principal("u", DEFAULT_TENANT, "user", scopes=frozenset(scopes))
    return Caller(who, by, csrf)


def test_a_cookie_needs_the_sessions_token_for_a_write_only():
    ADMISSION.authorise(caller("cookie"), scope("GET"), "documents")
    ADMISSION.authorise(caller("cookie"), scope(x_csrf_token="c" * 20), "documents")
    for wrong in ({}, {"x_csrf_token": "d" * 20}, {"x_csrf_token": ""}):
        with pytest.raises(ForbiddenError) as refused:
            ADMISSION.authorise(caller("cookie"), scope(**wrong), "documents")
        assert refused.value.code == "CSRF"


@pytest.mark.req("P2.15")
@pytest.mark.parametrize("purpose", SCOPES)
def test_a_key_needs_the_scope_of_the_purpose(purpose):
    ADMISSION.authorise(caller("key", [SCOPES[purpose]]), scope(), purpose)
    with pytest.raises(ForbiddenError):
        ADMISSION.authorise(caller("key", set(SCOPES.values()) - {SCOPES[purpose]}), scope(), purpose)


@pytest.mark.parametrize("purpose", ["auth", "a room that is not listed"])
def test_a_key_reaches_no_room_that_is_not_listed(purpose):
    with pytest.raises(ForbiddenError):
        ADMISSION.authorise(caller("key", SCOPES.values()), scope(), purpose)


def other_room(name, scope=""):
    named = {"name": name, "scope": scope}
    return Room(**dict.fromkeys(set(Room.__dataclass_fields__) - set(named)), **named)


def test_a_room_of_the_hospitals_own_says_what_a_key_needs():
    rooms = {room.name: room for room in (other_room("oncall", "oncall:read"), other_room("silent"))}
    admission = Admission(settings=SETTINGS, callers=None, limiter=None, wiring=Wiring(rooms))
    admission.authorise(caller("key", ["oncall:read"]), scope(), "oncall")
    admission.authorise(caller("key", [SCOPES["documents"]]), scope(), "documents")
    for room, scopes in (("oncall", SCOPES.values()), ("silent", ["silent:read", "", *SCOPES.values()])):
        with pytest.raises(ForbiddenError):
            admission.authorise(caller("key", scopes), scope(), room)


def test_the_wiring_can_neither_open_the_way_in_nor_ease_a_scope_of_the_house():
    rooms = {name: other_room(name, "oncall:read") for name in ("auth", "documents")}
    admission = Admission(settings=SETTINGS, callers=None, limiter=None, wiring=Wiring(rooms))
    for room in rooms:
        with pytest.raises(ForbiddenError):
            admission.authorise(caller("key", ["oncall:read"]), scope(), room)


def test_bodies_are_judged_by_their_headers_first():
    limits = SETTINGS.limits
    json = {"content_type": "application/json; charset=utf-8"}
    assert ADMISSION.body_limit(scope("GET"), "retrieval") == limits.body_bytes
    assert ADMISSION.body_limit(scope(content_length="10", **json), "retrieval") == limits.body_bytes
    form = {"content_type": "multipart/form-data; boundary=x", "content_length": "2000000"}
    assert ADMISSION.body_limit(scope(**form), "documents") == limits.upload_bytes
    part = {"content_type": "application/octet-stream", "content_length": "8388608"}
    assert ADMISSION.body_limit(scope(**part), "documents") == limits.part_bytes
    with pytest.raises(UnsupportedFormatError):
        ADMISSION.body_limit(scope(**part | {"content_length": "5"}), "retrieval")
    with pytest.raises(PayloadTooLargeError):
        ADMISSION.body_limit(scope(**part | {"content_length": "8388609"}), "documents")
    assert ADMISSION.body_limit(scope(content_length="5", content_type="image/png"), "events") == limits.body_bytes


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"content_length": "1048577", "content_type": "application/json"}, PayloadTooLargeError),
        ({"content_length": "10", "content_type": "text/plain"}, UnsupportedFormatError),
        ({"content_length": "10"}, UnsupportedFormatError),
        ({"transfer_encoding": "chunked", "content_type": "text/xml"}, UnsupportedFormatError),
        ({"content_length": "10", "content_type": "multipart/form-data"}, UnsupportedFormatError),
        ({"content_length": "-1", "content_type": "application/json"}, ValidationError),
        ({"content_length": "1e3", "content_type": "application/json"}, ValidationError),
    ],
)
def test_wrong_bodies_are_refused_unread(told, error):
    with pytest.raises(error):
        ADMISSION.body_limit(scope(**told), "retrieval")


async def test_a_body_that_grows_over_its_limit_looks_like_a_client_that_left():
    parts = iter([{"type": "http.request", "body": b"x" * 60, "more_body": True}] * 2)
    sent = []

    async def receive():
        return next(parts)

    async def send(message):
        sent.append(message)

    bounded = Bounded(receive, send, 100)
    assert (await bounded.receive())["type"] == "http.request"
    assert (await bounded.receive())["type"] == "http.disconnect"
    assert (await asyncio.wait_for(bounded.receive(), 1))["type"] == "http.disconnect"
    await bounded.send({"type": "http.response.start"})
    assert bounded.exceeded
    assert sent == []


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("va_session=abc", "abc"),
        ("a=1; va_session=abc; b=2", "abc"),
        ('va_session="abc"', "abc"),
        ("va_session=abc; va_session=def", ""),
        ("xva_session=abc", ""),
        ("va_session", ""),
        ("", ""),
        ("va_session=\x7f", ""),
    ],
)
def test_a_cookie_counts_only_when_it_is_the_only_one_of_its_name(told, value):
    assert cookie(scope(cookie=told), "va_session") == value


def test_the_secret_of_a_subprotocol_and_close_codes():
    assert (
        offered_as(SECRET_SUBPROTOCOL, ["realtime", "openai-insecure-api-key.ek_1", "openai-beta.realtime-v1"])
        == "ek_1"
    )
    assert offered_as(SECRET_SUBPROTOCOL, ["realtime"]) == ""
    assert [sendable(code) for code in (None, 1005, 1006, 1015, 1000, 4001)] == [1001, 1001, 1001, 1001, 1000, 4001]


async def test_metrics_are_for_this_machine_only():
    with pytest.raises(NotFoundError):
        await exposition({"type": "http", "client": ("192.0.2.7", 5)}, None, None)


def test_schemas_of_one_name_and_two_meanings_are_kept_apart():
    def document(path, schema):
        reference = {"$ref": "#/components/schemas/Item"}
        return {
            "paths": {path: {"get": {"responses": {"200": {"content": {"application/json": {"schema": reference}}}}}}},
            "components": {"schemas": {"Item": schema, "Same": {"type": "string"}}},
        }

    merged = merge({"a": document("/a", {"type": "object"}), "b": document("/b", {"type": "array"})})
    assert merged["components"]["schemas"].keys() == {"Item", "Same", "BItem"}
    answer = merged["paths"]["/b"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/BItem"}
    assert merged["paths"]["/a"]["get"]["tags"] == ["a"]
    assert merged["openapi"] == "3.1.0"
