"""The gateway as a stranger meets it: refusals, headers, pages, health, one trace id."""

import json
import re
import socket
import subprocess
import sys
import time

import httpx
import pytest

from voiceassist.runtime import wiring

CANARY = "zz-canary-7461"
ROOMS = wiring.load()


def routes(host, clinician):
    """Every (method, path) of every room's OpenAPI document, with parameters filled in."""
    document = clinician.http.get("/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for method in operations:
            filled = re.sub(r"{[a-z_]*id}", "01900000-0000-7000-8000-0000000000ff", path)
            yield method.upper(), re.sub(r"{[^}]*}", "x", filled)


OPEN = {
    ("GET", "/api/v1/auth/login"),
    ("GET", "/api/v1/auth/callback"),
    ("GET", "/api/v1/auth/me"),
    ("GET", "/api/v1/auth/jwks.json"),  # public keys
    # What these ask for is a credential of its own: a key, a refresh or logout token, the secret of an invitation.
    ("POST", "/api/v1/auth/token"),
    ("POST", "/api/v1/auth/backchannel-logout"),
    ("POST", "/api/v1/auth/invitations/show"),
    ("POST", "/api/v1/auth/invitations/accept"),
    ("POST", "/api/v1/auth/mfa/verify"),
}


@pytest.mark.req("P2.6")
def test_no_route_of_any_room_is_open_without_a_session(host, clinician, problem):
    every = list(routes(host, clinician))
    covered = {room for _, path in every if (room := ROOMS.room_for(path))}
    assert {room.name for room in covered} == {room.name for room in ROOMS.rooms.values() if room.routes}
    with host.client() as client:
        for method, path in every:
            if (method, path) not in OPEN:
                problem(client.request(method, path), 401, "UNAUTHENTICATED")


def test_an_ended_session_opens_nothing(host, clinician, problem):
    with host.client(headers={"cookie": "__Host-va_session=ended"}) as client:
        problem(client.get("/api/v1/documents"), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/v1", "/api/v2/documents", "/issuer", "/nothing", "/voice/x"])
def test_unknown_addresses_are_a_problem_document(host, problem, path):
    with host.client() as client:
        body = problem(client.get(f"{path}/{CANARY}?q={CANARY}"), 404, "NOT_FOUND")
        assert CANARY not in json.dumps(body)


def test_an_unknown_address_inside_a_room_is_one_too(clinician, problem):
    body = problem(clinician.http.get(f"/api/v1/documents/{CANARY}/x/y"), 404, "NOT_FOUND")
    assert CANARY not in json.dumps(body)


@pytest.mark.parametrize("content", [b"{", b"[1]", b'"x"', b"", b"\xff\xfe", b'{"question": 7}', b"[" * 20_000])
def test_malformed_bodies_are_refused_without_an_echo(clinician, problem, content):
    told = {"x-csrf-token": clinician.csrf, "content-type": "application/json"}
    path = "/api/v1/calculators/interpret"
    answer = clinician.http.post(path, content=content + CANARY.encode() if content else b"", headers=told)
    body = problem(answer, 400, "VALIDATION_ERROR")
    assert CANARY not in json.dumps(body)


def test_large_bodies_are_refused_by_their_length(host, clinician, problem):
    told = {"x-csrf-token": clinician.csrf, "content-type": "application/json"}
    large = b'{"text": "' + b"x" * host.settings.limits.body_bytes + b'"}'
    problem(clinician.http.post("/api/v1/calculators/interpret", content=large, headers=told), 413, "PAYLOAD_TOO_LARGE")


def test_large_bodies_are_refused_while_they_come(host, clinician, problem):
    def endless():
        for _ in range(40):
            yield b"x" * 65_536

    told = {"x-csrf-token": clinician.csrf, "content-type": "application/json"}
    answer = clinician.http.post("/api/v1/calculators/interpret", content=endless(), headers=told)
    problem(answer, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_other_formats_are_refused(clinician, problem, media_type):
    told = {"x-csrf-token": clinician.csrf, "content-type": media_type}
    answer = clinician.http.post("/api/v1/calculators/interpret", content=b"x=1", headers=told)
    problem(answer, 415, "UNSUPPORTED_FORMAT")


def test_wrong_methods_are_refused(clinician, host, key, problem):
    answer = clinician.http.request("PUT", "/api/v1/calculators", headers={"x-csrf-token": clinician.csrf})
    problem(answer, 405, "METHOD_NOT_ALLOWED")
    with host.client(headers=key) as client:
        problem(client.get("/events"), 405, "METHOD_NOT_ALLOWED")
        problem(client.get("/v1/realtime/client_secrets"), 405, "METHOD_NOT_ALLOWED")
        problem(client.post("/voice/"), 405, "METHOD_NOT_ALLOWED")


def test_the_trace_of_the_caller_goes_on(host, clinician):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    told = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = clinician.http.get("/api/v1/calculators", headers=told)
    assert answer.headers.get_list("x-trace-id") == [trace]
    assert clinician.http.get("/api/v1/calculators", headers={"traceparent": "rubbish"}).headers["x-trace-id"] != trace


def test_identity_cannot_be_brought_from_outside(host, problem):
    from voiceassist.core.identity import service
    from voiceassist.runtime import tokens

    token = tokens.mint(service("gateway"), issuer="gateway", audience="calculators", workload=host.settings.workload)
    with host.client(headers={"authorization": f"Bearer {token}"}) as client:
        problem(client.get("/api/v1/documents"), 401, "UNAUTHENTICATED")


def test_rooms_answer_nobody_who_does_not_identify_himself(host, problem):
    internal = f"http://127.0.0.1:{host.settings.host.rooms_port}"
    with httpx.Client(base_url=internal, trust_env=False) as client:
        problem(client.get("/documents/api/v1/documents"), 401, "UNAUTHENTICATED")
        problem(client.post("/notifications/", content=b"{}"), 401, "UNAUTHENTICATED")
        problem(client.get("/nowhere/x"), 404, "NOT_FOUND")
        assert client.get("/documents/health").status_code == 200


def test_one_document_describes_every_room(clinician):
    document = clinician.http.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/auth/me", "/api/v1/calculators", "/api/v1/documents"} <= document["paths"].keys()
    assert "/api/v1/auth/introspect" not in document["paths"]
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert reference in document["components"]["schemas"]


@pytest.mark.parametrize("path", ["/login", "/token", "/authorize", "/jwks.json"])
def test_the_issuer_answers_at_its_own_address_only(host, problem, path):
    with host.client() as client:
        problem(client.request("GET" if path == "/jwks.json" else "POST", path), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/auth/x/../introspect",
        "/api/v1/auth/%2e%2e/auth/introspect",
        "/api/v1/library%2f..%2fanswers",
        "/api/v1//documents",
        "//api/v1/documents",
        "/api/v1/documents%5c",
        "/" + "x" * 5000,
    ],
)
def test_tricky_paths_lead_nowhere(host, path):
    answer = raw_get(host, path)
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"application/problem+json" in answer


def test_a_forwarded_address_counts_from_a_trusted_proxy_only(start_host, host, problem):
    elsewhere = {"x-forwarded-for": "203.0.113.9"}
    with host.client() as client:
        assert client.get("/metrics", headers=elsewhere).status_code == 200  # nobody is trusted: still this machine
    with start_host(HOST__TRUSTED_PROXIES="127.0.0.1, ::1").client() as client:
        problem(client.get("/metrics", headers=elsewhere), 404, "NOT_FOUND")
        assert client.get("/metrics").status_code == 200


def test_proxies_that_cannot_be_read_stop_the_start(host):
    environ = host.environ | {"VOICEASSIST_HOST__TRUSTED_PROXIES": "everybody"}
    environ |= {
        f"VOICEASSIST_HOST__{name}": str(port) for name, port in zip(("PORT", "ROOMS_PORT"), free_ports(), strict=True)
    }
    started = subprocess.run(
        [sys.executable, "-m", "voiceassist.runtime.host"], env=environ, capture_output=True, text=True, timeout=60
    )
    assert started.returncode == 2
    assert started.stderr.splitlines()[-1].startswith("VOICEASSIST_HOST__TRUSTED_PROXIES must list networks")


def free_ports():
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_the_page_comes_with_a_fresh_nonce_and_a_strict_policy(start_host, tmp_path):
    build = tmp_path / "dist"
    (build / "voice").mkdir(parents=True)
    (build / "assets").mkdir()
    (tmp_path / "secret.txt").write_text("outside")
    (build / "voice" / "index.html").write_text(
        '<meta name="csp-nonce" content="__CSP_NONCE__"><script nonce="__CSP_NONCE__" src="/assets/a.js"></script>'
        "<meta name=session content=__SESSION__>"
    )
    (build / "assets" / "a.js").write_text("export {}")
    (build / "assets" / "a.js.br").write_bytes(b"smaller")
    (build / "assets" / "a.js.map").write_text("{}")
    (build / "favicon.svg").write_text("<svg/>")
    host = start_host(HOST__STATIC_DIR=str(build))
    with host.client(headers={"accept-encoding": "identity"}) as client:
        assert client.get("/").headers["location"] == "/voice/"
        first, second = client.get("/voice/"), client.get("/voice/")
        nonces = [set(re.findall(r'(?:content|nonce)="([^"]+)"', page.text)) for page in (first, second)]
        assert len(nonces[0]) == len(nonces[1]) == 1
        assert nonces[0] != nonces[1]
        policy = first.headers["content-security-policy"]
        nonce = nonces[0].pop()
        assert policy == (
            f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; worker-src 'self'; "
            f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; media-src 'self' blob:; "
            "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "
            "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types va"
        )
        assert "content=none" in first.text
        assert "content=perhaps" in client.get("/voice/", headers={"cookie": "a=b"}).text
        assert first.headers["permissions-policy"] == "microphone=(self), camera=(), geolocation=()"
        assert first.headers["cache-control"] == "no-store"
        asset = client.get("/assets/a.js")
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "javascript" in asset.headers["content-type"]
        assert client.get("/favicon.svg").headers["cache-control"] == "no-cache"
        with client.stream("GET", "/assets/a.js", headers={"accept-encoding": "br"}) as packed:
            assert packed.headers["content-encoding"] == "br"
            assert b"".join(packed.iter_raw()) == b"smaller"
        for path in (
            "/assets/a.js.map",
            "/voice/index.html",
            "/assets/../../secret.txt",
            "/%2e%2e/secret.txt",
            "/assets",
        ):
            assert client.get(path).status_code == 404
        elsewhere = client.get("/voice/", headers={"host": f"127.0.0.1:{host.settings.host.port}"})
        assert elsewhere.headers["location"] == f"{host.url}/voice/"
    assert raw_get(host, "/../secret.txt").startswith(b"HTTP/1.1 404")


def test_the_copy_of_the_page_that_browsers_keep_is_the_same_for_everybody(start_host, tmp_path):
    (tmp_path / "voice").mkdir()
    (tmp_path / "voice" / "index.html").write_text("<script nonce=__CSP_NONCE__></script><meta content=__SESSION__>")
    (tmp_path / "voice" / "sw.js").write_text("self.x = 1")
    (tmp_path / "voice" / "manifest.webmanifest").write_text("{}")
    host = start_host(HOST__STATIC_DIR=str(tmp_path))
    with host.client() as client:
        pages = [client.get("/voice/offline"), client.get("/voice/offline", headers={"cookie": "va_session=a"})]
        for page in pages:
            (nonce,) = re.findall("<script nonce=([^>]+)>", page.text)
            assert page.text == f"<script nonce={nonce}></script><meta content=perhaps>"
            assert f"'nonce-{nonce}'" in page.headers["content-security-policy"]
            assert page.headers["cache-control"] == "no-store"
            assert "set-cookie" not in page.headers
        worker = client.get("/voice/sw.js")
        assert "javascript" in worker.headers["content-type"]
        assert worker.headers["cache-control"] == "no-store"
        assert worker.headers["content-security-policy"] == (
            "default-src 'none'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        # It may see the page's folder, never the whole of this origin.
        assert "service-worker-allowed" not in worker.headers
        manifest = client.get("/voice/manifest.webmanifest")
        assert manifest.headers["content-type"].startswith("application/manifest+json")
        assert manifest.headers["cache-control"] == "no-cache"


def raw_get(host, path):
    """A path that a well-behaved client would have tidied up."""
    port = host.settings.host.port
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        host.tls.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        tls.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n".encode())
        return tls.recv(65_536)


def test_an_unbuilt_page_is_one_plain_sentence(start_host, tmp_path):
    host = start_host(HOST__STATIC_DIR=str(tmp_path))
    with host.client() as client:
        answer = client.get("/voice/")
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("text/plain")
        assert "make install" in answer.text


@pytest.mark.req("P3.9")
def test_readiness_names_what_is_down(start_host):
    port = httpx.URL("http://127.0.0.1:9")  # the discard port: nobody listens
    host = start_host(QDRANT__URL=str(port), REALTIME__URL=str(port))
    with host.client() as client:
        answer = client.get("/ready")
        assert answer.status_code == 503
        body = answer.json()
        assert body["status"] == "down"
        assert body["dependencies"]["qdrant"] == body["dependencies"]["realtime"] == "down"
        assert body["dependencies"]["postgres"] == body["dependencies"]["redis"] == "healthy"
        assert client.get("/health").status_code == 200


def test_metrics_count_by_route_and_never_by_address(host, clinician):
    clinician.http.get(f"/api/v1/documents/{CANARY}")
    text = clinician.http.get("/metrics").text
    assert 'voiceassist_http_requests_total{code="200",function="gateway"' in text
    assert CANARY not in text
    internal = httpx.get(f"http://127.0.0.1:{host.settings.host.rooms_port}/metrics", trust_env=False)
    assert "voiceassist_http_requests_total" in internal.text


def test_an_event_reaches_the_broker_with_its_headers(start_host, key, problem, clinician):
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    heard = {}

    class Broker(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            if body == b"<x/>":  # the host's outbox relay may bring what other tests left unsent
                heard["headers"] = {name.lower(): value for name, value in self.headers.items()}
                heard["path"] = self.path
                heard["body"] = body
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Broker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        host = start_host(BROKER_URL=f"http://127.0.0.1:{server.server_port}/voiceassist/default")
        event = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-type": "t", "content-type": "text/xml"}
        with host.client() as client:
            problem(client.post("/events", headers=event, content=b"<x/>"), 401, "UNAUTHENTICATED")
            assert heard == {}
            assert client.post("/events", headers=event | key, content=b"<x/>").status_code == 202
    finally:
        server.shutdown()
        server.server_close()
    assert heard["path"] == "/voiceassist/default"
    assert heard["body"] == b"<x/>"
    assert heard["headers"]["ce-id"] == "1"
    assert heard["headers"]["content-type"] == "text/xml"
    assert not heard["headers"]["authorization"].endswith(key["authorization"].split()[1])


def test_services_that_are_away_are_a_503(start_host, key, problem):
    host = start_host(BROKER_URL="http://127.0.0.1:9/voiceassist/default", REALTIME__URL="http://127.0.0.1:9")
    with host.client(headers=key) as client:
        problem(client.post("/events", content=b"{}"), 503, "SERVICE_UNAVAILABLE")
        problem(client.post("/v1/realtime/client_secrets", json={}), 503, "SERVICE_UNAVAILABLE")


def test_a_taken_port_is_one_sentence(host, tmp_path):
    second = subprocess.run(
        [sys.executable, "-m", "voiceassist.runtime.host"], env=host.environ, capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 2
    assert f"Port {host.settings.host.port} cannot be used" in second.stderr
    assert "Traceback" not in second.stderr


def test_the_host_ends_within_seconds_and_leaves_its_port(start_host):
    host = start_host()
    with host.client() as client:
        client.get("/health")
        began = time.monotonic()
        assert host.stop() == 0
    assert time.monotonic() - began < 20  # a busy machine takes some
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", host.settings.host.port), timeout=1)


@pytest.mark.req("P2.13")
def test_old_tls_is_refused(host):
    import ssl

    context = host.tls
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", host.settings.host.port)) as plain,
        pytest.raises(ssl.SSLError),
        context.wrap_socket(plain, server_hostname="localhost"),
    ):
        pass
