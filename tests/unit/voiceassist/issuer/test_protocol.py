"""What the embedded issuer refuses, and what it forgets."""

import base64

import pytest

from voiceassist.adapters.issuer import protocol
from voiceassist.adapters.issuer.directory import BLOCK_SECONDS, FAILURE_WINDOW_SECONDS, Lockout
from voiceassist.adapters.issuer.grants import MAX_ENTRIES, Expiring
from voiceassist.adapters.issuer.protocol import Client, OAuthError, UntrustedRequestError

CLIENT = Client("voiceassist", "se:cr%et", "https://localhost:8443/api/v1/auth/callback")
GOOD = {
    "response_type": "code",
    "client_id": "voiceassist",
    "redirect_uri": CLIENT.redirect_uri,
    "scope": "openid profile",
    "state": "s",
    "nonce": "n",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


def request(**changes):
    return [(name, value) for name, value in (GOOD | changes).items() if value is not None]


def basic(name, secret):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def test_a_whole_request_is_taken():
    assert protocol.check_authorization(request(), CLIENT).state == "s"


REDIRECTS = [
    None,
    "",
    CLIENT.redirect_uri + "/",
    CLIENT.redirect_uri + "?next=https://evil.example",
    CLIENT.redirect_uri.replace("8443", "8444"),
    CLIENT.redirect_uri.replace("localhost", "localhost@evil.example"),
    CLIENT.redirect_uri.replace("https", "http"),
    CLIENT.redirect_uri.replace("localhost", "localhost.evil.example"),
    "https://evil.example/api/v1/auth/callback",
]


@pytest.mark.parametrize("redirect_uri", REDIRECTS)
def test_nobody_is_redirected_to_an_unknown_place(redirect_uri):
    with pytest.raises(UntrustedRequestError):
        protocol.check_authorization(request(redirect_uri=redirect_uri), CLIENT)


def test_an_unknown_client_and_repeated_parameters_are_not_redirected():
    with pytest.raises(UntrustedRequestError):
        protocol.check_authorization(request(client_id="other"), CLIENT)
    with pytest.raises(UntrustedRequestError):
        protocol.check_authorization([*request(), ("state", "t")], CLIENT)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "https://evil.example"}, "request_not_supported"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"state": ""}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"nonce": "n" * 513}, "invalid_request"),
    ],
)
def test_weaker_flows_are_refused(changes, error):
    with pytest.raises(OAuthError) as refused:
        protocol.check_authorization(request(**changes), CLIENT)
    assert refused.value.error == error


def test_the_client_proves_itself():
    protocol.authenticate_client(basic("voiceassist", "se%3Acr%25et"), CLIENT)


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !!!", "Basic " + "é", basic("voiceassist", "other"), basic("other", "se%3Acr%25et"),
     basic("voiceassist", ""), "Bearer " + basic("voiceassist", "se%3Acr%25et").split()[1]],
)  # fmt: skip
def test_other_proofs_are_refused(authorization):
    with pytest.raises(OAuthError):
        protocol.authenticate_client(authorization, CLIENT)


def test_a_client_without_a_secret_never_passes():
    with pytest.raises(OAuthError):
        protocol.authenticate_client(basic("voiceassist", ""), Client("voiceassist", "", CLIENT.redirect_uri))


def test_the_verifier_of_rfc_7636():
    protocol.check_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", GOOD["code_challenge"])
    for wrong in ("", "short", "x" * 43, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\n", "é" * 43):
        with pytest.raises(OAuthError):
            protocol.check_verifier(wrong, GOOD["code_challenge"])


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.mark.req("P2.11")
def test_the_sixth_failure_blocks_account_and_address_for_an_hour():
    clock = Clock()
    lockout = Lockout(clock)
    for _ in range(5):
        lockout.failed("clinician", "a")
    assert not lockout.blocked("clinician", "a")
    lockout.failed("clinician", "a")
    assert lockout.blocked("clinician", "a")
    assert not lockout.blocked("clinician", "b")
    assert not lockout.blocked("admin", "a")
    clock.seconds += BLOCK_SECONDS + 1
    assert not lockout.blocked("clinician", "a")


def test_old_failures_and_a_success_are_forgiven():
    clock = Clock()
    lockout = Lockout(clock)
    for _ in range(5):
        lockout.failed("clinician", "a")
    clock.seconds += FAILURE_WINDOW_SECONDS + 1
    lockout.failed("clinician", "a")
    assert not lockout.blocked("clinician", "a")
    for _ in range(4):
        lockout.failed("clinician", "a")
    lockout.succeeded("clinician", "a")
    lockout.failed("clinician", "a")
    assert not lockout.blocked("clinician", "a")


def test_entries_end_and_cannot_grow_without_bound():
    clock = Clock()
    memory = Expiring(10, clock)
    memory.put("a", 1)
    assert memory.get("a") == 1
    clock.seconds += 11
    assert memory.get("a") is None
    for number in range(MAX_ENTRIES + 5):
        memory.put(str(number), number)
    assert memory.get("0") is None
    assert memory.get(str(MAX_ENTRIES + 4)) == MAX_ENTRIES + 4
