"""Every operation that the merged OpenAPI describes, called with what its schema allows and with what it does not.

By nobody, by a clinician's key and by an administrator: no server error and nothing done without a sign-in.
"""

import os
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = int(os.environ.get("VOICEASSIST_OPENAPI_EXAMPLES", "6"))  # of each operation, of each person
# What these ask for is a credential of its own: a key, a refresh token, the secret of an invitation.
OPEN = {
    ("GET", "/api/v1/auth/login"), ("GET", "/api/v1/auth/callback"), ("GET", "/api/v1/auth/me"),
    ("GET", "/api/v1/openapi.json"), ("GET", "/api/v1/auth/jwks.json"),
}  # fmt: skip
# Called last: what is done here may end the sign-in of the person who does it.
ENDING = {"/api/v1/auth/logout", "/api/v1/auth/sessions", "/api/v1/auth/mfa/totp", "/api/v1/auth/mfa/recovery-codes"}
PEOPLE = ("nobody", "clinician", "admin")


@pytest.fixture(scope="module")
def fuzzed(product_of):
    """A product that may be spoilt, and that refuses nobody for asking often."""
    limits = ("ADDRESS_PER_MINUTE", "USER_PER_MINUTE", "LOGIN_PER_MINUTE", "TOKEN_PER_MINUTE")
    return product_of(ROOT, **{f"VOICEASSIST_LIMITS__{name}": "100000" for name in limits})


@pytest.fixture(scope="module")
def operations(fuzzed):
    with fuzzed.key_client() as client:
        document = client.get("/api/v1/openapi.json").json()
    found = [one.ok() for one in schemathesis.openapi.from_dict(document).get_all_operations()]
    assert len(found) > 100
    return found


def client_of(product, visitor, name: str) -> httpx.Client:
    if name == "nobody":
        return product.client()
    person = product.person(name)
    signed_in = visitor(product, person["username"], person["password"], person["totp_secret"]).sign_in()
    signed_in.http.headers["x-csrf-token"] = signed_in.csrf
    return signed_in.http


def called(client: httpx.Client, case) -> httpx.Response:
    """The case as the client sends it, with no credentials but its own."""
    sent = case.as_transport_kwargs(base_url=str(client.base_url).rstrip("/"))
    request = requests.Request(
        sent["method"], sent["url"], params=sent.get("params"), json=sent.get("json"), data=sent.get("data"),
        files=sent.get("files"), headers=sent.get("headers"),
    ).prepare()  # fmt: skip
    own = {"authorization", "cookie", "x-csrf-token", "content-length"}
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in own]
    return client.request(request.method, request.url, content=request.body, headers=headers)


class Findings:
    """What is wrong with the answers, and which operations anybody succeeded with."""

    def __init__(self, clients: dict[str, httpx.Client]) -> None:
        self.clients = clients
        self.complaints: list[str] = []
        self.succeeded: set[tuple[str, str]] = set()

    def call(self, operation) -> None:
        """The operation with a few inputs that its schema allows and a few that it does not, by everybody."""

        @settings(
            max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(data=st.data())
        def calls(data):
            mode = data.draw(st.sampled_from((GenerationMode.POSITIVE, GenerationMode.NEGATIVE)))
            try:
                case = data.draw(operation.as_strategy(generation_mode=mode))
            except Unsatisfiable:  # every input is allowed here
                return
            for name, client in self.clients.items():
                self._judge(name, (operation.method.upper(), operation.path), called(client, case))

        calls()

    def _judge(self, name: str, door: tuple[str, str], answer: httpx.Response) -> None:
        what = f"{name} {' '.join(door)} {answer.status_code}"
        if answer.is_server_error:
            self.complaints.append(f"{what}: {answer.text[:300]}")
        if answer.is_client_error and answer.headers.get("content-type") != "application/problem+json":
            self.complaints.append(f"{what}: no problem+json but {answer.headers.get('content-type')}")
        if answer.is_success:
            self.succeeded.add(door)
            if name == "nobody" and door not in OPEN:
                self.complaints.append(f"{what}: done without a sign-in")


@pytest.mark.req("P9.5")
@pytest.mark.timeout(900)
def test_no_input_breaks_a_room_and_nothing_is_done_without_a_sign_in(fuzzed, operations, visitor):
    with ExitStack() as stack:
        clients = {name: stack.enter_context(closing(client_of(fuzzed, visitor, name))) for name in PEOPLE}
        findings = Findings(clients)
        for operation in operations:
            if operation.path not in ENDING:
                findings.call(operation)
        signed_in = {name: client.get("/api/v1/auth/me").status_code for name, client in clients.items()}
        assert signed_in == {"nobody": 401, "clinician": 200, "admin": 200}
        for operation in operations:
            if operation.path in ENDING:
                findings.call(operation)
    assert findings.complaints == []
    # The rest wants things that are there, or a state: it was only seen refusing.
    assert len(findings.succeeded) >= 40, sorted(findings.succeeded)
