"""No door is open: every route of every room, refused without a sign-in; refusals echo nothing."""

import httpx
import pytest

PLANTED = "Zebulon Quackenbush 123-45-6789"


def routes(product) -> list[tuple[str, str]]:
    with product.key_client() as client:
        document = client.get("/api/v1/openapi.json").json()
    return [
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, operations in document["paths"].items()
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"}
    ]


OPEN = {
    "/api/v1/auth/login", "/api/v1/auth/callback", "/api/v1/openapi.json", "/api/v1/auth/jwks.json",
    # What these ask for is a credential of its own: a key, a refresh or logout token, the secret of an invitation.
    "/api/v1/auth/token", "/api/v1/auth/backchannel-logout", "/api/v1/auth/invitations/show",
    "/api/v1/auth/invitations/accept",
}  # fmt: skip
# The second factor is open to the unauthenticated; without a passed first factor it must say 401 to any code.
BODIES = {"/api/v1/auth/mfa/verify": {"code": "123456"}}


@pytest.mark.req("P2.6")
def test_every_route_of_every_room_wants_a_sign_in(product):
    found = routes(product)
    assert len({path.split("/")[3] for _, path in found}) >= 5
    with product.client() as client:
        for method, path in found:
            if path in OPEN:
                continue
            answer = client.request(method, path, json=BODIES.get(path))
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/api/v1/nothing-here", {}, 404),
        ("POST", "/api/v1/answers", {"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ("POST", "/api/v1/answers", {"content": PLANTED.encode(), "headers": {"content-type": "text/plain"}}, 415),
        ("POST", "/api/v1/answers", {"json": {"question": PLANTED, PLANTED: 1}}, 400),
        ("POST", "/api/v1/answers", {"json": {"question": "x" * 1_200_000}}, 413),
        ("PUT", "/api/v1/answers", {"json": {}}, 405),
    ],
)
def test_bad_calls_are_answered_by_a_problem_without_their_input(product, method, path, options, status):
    with product.key_client() as client:
        answer = client.request(method, path, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "code", "detail", "trace_id"} <= body.keys()
    assert "Quackenbush" not in answer.text


def test_nothing_typed_appears_in_any_log(product):
    with product.key_client() as client:
        client.post("/api/v1/answers", json={"question": f"Is {PLANTED} allergic?"})
        client.get(f"/api/v1/documents/{PLANTED}")
    for path in (product.data / "logs").glob("*.log"):
        assert "Quackenbush" not in path.read_text(errors="replace"), path.name


def test_readiness_names_every_engine(product):
    with product.client() as client:
        assert client.get("/health").status_code == 200
        ready = client.get("/ready")
        assert ready.status_code == 200, ready.text
        assert client.get("/metrics").status_code == 200


def test_plain_http_is_not_served(product):
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://localhost:{product.base}/health", trust_env=False)


def test_a_sign_in_with_a_wrong_key_is_refused(product):
    with product.client(authorization="Bearer va_wrong") as client:
        assert client.get("/api/v1/calculators").status_code == 401
