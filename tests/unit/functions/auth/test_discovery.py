"""A discovery document may name nothing that is less private than its issuer."""

import httpx
import pytest

from functions.auth.relying_party import RelyingParty
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import http
from voiceassist.runtime.settings import Provider

ISSUER = "https://id.example"
GOOD = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
    "userinfo_endpoint": f"{ISSUER}/userinfo",
}


async def discovered(monkeypatch, document):
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=document))
    monkeypatch.setattr(http, "client", lambda: httpx.AsyncClient(transport=transport))
    return await RelyingParty(Provider(issuer=ISSUER), "https://va.example/callback").discovered()


async def test_a_document_of_the_pinned_issuer_is_taken(monkeypatch):
    assert await discovered(monkeypatch, GOOD) == GOOD
    without = {name: value for name, value in GOOD.items() if name != "userinfo_endpoint"}
    assert await discovered(monkeypatch, without) == without


@pytest.mark.req("N45")
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize("value", ["http://id.example/x", "file:///etc/passwd", "//id.example/x", "", None, 7])
async def test_an_address_without_tls_is_refused(monkeypatch, name, value):
    with pytest.raises(UnavailableError) as refused:
        await discovered(monkeypatch, GOOD | {name: value})
    assert refused.value.code == "ISSUER_MISMATCH"
