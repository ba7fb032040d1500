"""The conversation with the issuer: discovery against the pinned address, keys, code for token."""

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from functions.auth import id_token
from functions.auth.domain import code_challenge
from functions.auth.id_token import TokenRefusedError
from functions.auth.pending import PreLogin
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import http
from voiceassist.runtime.settings import Settings

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import KeySet

DISCOVERY_SECONDS = 300.0
KEYS_SECONDS = 300.0
REFETCH_SECONDS = 30.0  # a flood of unknown key ids must not become a flood of requests
CALLBACK = "/api/v1/auth/callback"


class RelyingParty:
    """One client of one issuer; remembers discovery and keys for five minutes."""

    def __init__(self, settings: Settings) -> None:
        self._oidc = settings.oidc
        self._redirect_uri = settings.base_url + CALLBACK
        self._found: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def start(self, pre_login: PreLogin) -> str:
        """Where to send the browser."""
        endpoints = await self.discovered()
        query = {
            "response_type": "code",
            "client_id": self._oidc.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid profile email",
            "state": pre_login.state,
            "nonce": pre_login.nonce,
            "code_challenge": code_challenge(pre_login.verifier),
            "code_challenge_method": "S256",
        }
        return f"{endpoints['authorization_endpoint']}?{urlencode(query)}"

    async def finish(self, code: str, told_issuer: str | None, pre_login: PreLogin) -> dict[str, Any]:
        """Checked ID-token claims for an authorization code; raises TokenRefusedError."""
        endpoints = await self.discovered()
        promised = endpoints.get("authorization_response_iss_parameter_supported") is True
        if told_issuer != self._oidc.issuer and (promised or told_issuer is not None):
            raise TokenRefusedError("mix_up")  # RFC 9207
        answer = await self._exchange(endpoints["token_endpoint"], code, pre_login.verifier)
        token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str) or not isinstance(access_token, str):
            raise TokenRefusedError("answer")
        return id_token.verify(
            token,
            await self.keys(key_id(token)),
            issuer=self._oidc.issuer,
            client_id=self._oidc.client_id,
            nonce=pre_login.nonce,
            access_token=access_token,
            now=time.time(),
        )

    async def discovered(self) -> dict[str, Any]:
        if self._found is None or time.monotonic() - self._found[0] > DISCOVERY_SECONDS:
            document = await self._json("GET", f"{self._oidc.issuer}/.well-known/openid-configuration")
            endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            complete = all(isinstance(document.get(name), str) for name in endpoints)
            if document.get("issuer") != self._oidc.issuer or not complete:
                raise UnavailableError("The sign-in service is not the configured one.", code="ISSUER_MISMATCH")
            self._found = (time.monotonic(), document)
        return self._found[1]

    async def keys(self, kid: str | None) -> "KeySet":
        """The issuer's signing keys; an unknown key id asks again, at most once in 30 seconds."""
        age = time.monotonic() - self._keys[0] if self._keys else KEYS_SECONDS
        known = self._keys is not None and any(key.kid == kid for key in self._keys[1].keys)
        if self._keys is None or age >= (KEYS_SECONDS if known else REFETCH_SECONDS):
            endpoints = await self.discovered()
            self._keys = (time.monotonic(), signing_keys(await self._json("GET", endpoints["jwks_uri"])))
        return self._keys[1]

    async def _exchange(self, url: str, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        # RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
        basic = (quote_plus(self._oidc.client_id), quote_plus(self._oidc.client_secret))
        return await self._json("POST", url, data=form, auth=basic)

    async def _json(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        answer = await _sent(method, url, **options)
        if answer.status_code in {400, 401}:
            raise TokenRefusedError("code")
        try:
            document = answer.json() if answer.status_code == 200 else None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise UnavailableError("The sign-in service answered with an error.", code="ISSUER_UNAVAILABLE")
        return document


async def _sent(method: str, url: str, **options: Any) -> "httpx.Response":
    import httpx

    try:
        return await http.client().request(method, url, headers={"accept": "application/json"}, **options)
    except httpx.HTTPError:
        raise UnavailableError("The sign-in service is not available.", code="ISSUER_UNAVAILABLE") from None


def signing_keys(document: dict[str, Any]) -> "KeySet":
    """Public signing keys only: a symmetric or encryption key in the set must never verify anything."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    listed = document.get("keys")
    usable = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("kty") in {"EC", "RSA"} and key.get("use", "sig") == "sig"
    ]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError):
        raise UnavailableError("The sign-in service's keys are not usable.", code="ISSUER_UNAVAILABLE") from None


def key_id(token: str) -> str | None:
    """The unverified `kid`, only to decide whether keys must be fetched again."""
    import base64
    import binascii
    import json

    first = token.partition(".")[0][:4096]
    try:
        header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    kid = header.get("kid") if isinstance(header, dict) else None
    return kid if isinstance(kid, str) else None
