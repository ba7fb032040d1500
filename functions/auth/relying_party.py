"""The conversation with an issuer: discovery against the pinned address, keys, code for token, the end of a sign-in."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from functions.auth import id_token, logout_token
from functions.auth.domain import code_challenge, roles_of
from functions.auth.id_token import TokenRefusedError
from functions.auth.logout_token import Ended
from functions.auth.pending import PreLogin
from voiceassist.core.errors import UnavailableError
from voiceassist.runtime import http
from voiceassist.runtime.jose import unverified
from voiceassist.runtime.key_sets import RemoteKeys, key_id
from voiceassist.runtime.settings import Provider, Settings

if TYPE_CHECKING:
    import httpx

DISCOVERY_SECONDS = 300.0
CALLBACK = "/api/v1/auth/callback"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class RelyingParty:
    """One client of one issuer; remembers discovery and keys for five minutes.

    Each issuer has a redirect URI of its own, so that what comes back says whom it was asked of, even where the issuer
    does not (RFC 9700, section 4.4.2.2).
    """

    def __init__(self, provider: Provider, redirect_uri: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.provider = provider
        self._algorithms = frozenset(provider.algorithms.split(","))
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._found: tuple[float, dict[str, Any]] | None = None
        self._keys = RemoteKeys(self._key_set, clock=clock)

    async def start(self, pre_login: PreLogin) -> str:
        """Where to send the browser."""
        endpoints = await self.discovered()
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self.provider.scope,
            "state": pre_login.state,
            "nonce": pre_login.nonce,
            "code_challenge": code_challenge(pre_login.verifier),
            "code_challenge_method": "S256",
        }
        return f"{endpoints['authorization_endpoint']}?{urlencode(query)}"

    async def finish(self, code: str, told_issuer: str | None, pre_login: PreLogin) -> dict[str, Any]:
        """Checked claims of the ID token for an authorization code; raises TokenRefusedError.

        Where it leaves out mail address or roles they are asked for at the UserInfo endpoint; it has the last word.
        """
        endpoints = await self.discovered()
        promised = endpoints.get("authorization_response_iss_parameter_supported") is True
        if told_issuer != self.provider.issuer and (promised or told_issuer is not None):
            raise TokenRefusedError("mix_up")  # RFC 9207
        answer = await self._exchange(endpoints["token_endpoint"], code, pre_login.verifier)
        token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str) or not isinstance(access_token, str):
            raise TokenRefusedError("answer")
        claims = id_token.verify(
            token,
            await self._keys.holding(key_id(token)),
            issuer=self.provider.issuer,
            client_id=self.provider.client_id,
            algorithms=self._algorithms,
            nonce=pre_login.nonce,
            access_token=access_token,
            now=time.time(),
        )
        place = endpoints.get("userinfo_endpoint")
        if told_enough(claims) or not isinstance(place, str):
            return claims
        return await self._told_about(claims["sub"], place, access_token) | claims

    async def ended(self, token: str) -> Ended:
        """What a logout token of this issuer ends; raises jose.TokenRefusedError."""
        return logout_token.verify(
            token,
            await self._keys.holding(key_id(token)),
            issuer=self.provider.issuer,
            client_id=self.provider.client_id,
            algorithms=self._algorithms,
            now=time.time(),
        )

    async def discovered(self) -> dict[str, Any]:
        if self._found is None or self._clock() - self._found[0] > DISCOVERY_SECONDS:
            document = await _json("GET", f"{self.provider.issuer}/.well-known/openid-configuration")
            if document.get("issuer") != self.provider.issuer or not self._usable(document):
                raise UnavailableError("The sign-in service is not the configured one.", code="ISSUER_MISMATCH")
            self._found = (self._clock(), document)
        return self._found[1]

    def _usable(self, document: dict[str, Any]) -> bool:
        """Everything is there, and nothing of it is less private than the issuer."""
        scheme = "https://" if self.provider.issuer.startswith("https://") else ("https://", "http://")
        named = [document.get(name) for name in ENDPOINTS]
        named += [document["userinfo_endpoint"]] if "userinfo_endpoint" in document else []
        return all(isinstance(address, str) and address.startswith(scheme) for address in named)

    async def _key_set(self) -> dict[str, Any]:
        return await _json("GET", (await self.discovered())["jwks_uri"])

    async def _exchange(self, url: str, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        identifier, secret = self.provider.client_id, self.provider.client_secret
        if self.provider.client_auth == "client_secret_post":
            told = {"client_id": identifier, "client_secret": secret}
            return await _json("POST", url, refused="code", data=form | told)
        # RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
        basic = (quote_plus(identifier), quote_plus(secret))
        return await _json("POST", url, refused="code", data=form, auth=basic)

    async def _told_about(self, sub: str, url: str, access_token: str) -> dict[str, Any]:
        """OpenID Connect Core, section 5.3.2: about the same person, or it is not taken."""
        bearer = {"authorization": f"Bearer {access_token}"}
        told = await _json("GET", url, refused="userinfo", headers=bearer)
        if told.get("sub") != sub:
            raise TokenRefusedError("userinfo")
        return told


class RelyingParties:
    """Every issuer that people may come from."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._made = {
            name: RelyingParty(provider, settings.base_url + CALLBACK + (f"/{name}" if name else ""), clock=clock)
            for name, provider in settings.oidc.by_name().items()
        }

    def named(self, name: str) -> RelyingParty | None:
        return self._made.get(name)

    def offered(self, tenant: str = "") -> dict[str, RelyingParty]:
        """Those of a tenant, or all, by name."""
        return {name: one for name, one in self._made.items() if not tenant or str(one.provider.tenant) == tenant}

    def issuing(self, token: str) -> RelyingParty:
        """Whose a token says it is, among those in the settings; TokenRefusedError for anybody else's."""
        issuer = unverified(token)[1].get("iss")
        for one in self._made.values():
            if one.provider.issuer and one.provider.issuer == issuer:
                return one
        raise TokenRefusedError("iss")


def told_enough(claims: Mapping[str, Any]) -> bool:
    return "email" in claims and ("groups" in claims or bool(roles_of(claims)))


async def _json(method: str, url: str, *, refused: str = "", **options: Any) -> dict[str, Any]:
    """The object that was answered. `refused` is the reason where a refusal is the caller's and not our own fault."""
    answer = await _sent(method, url, **options)
    try:
        document = answer.json()
    except ValueError:
        document = None
    if refused and answer.status_code in {400, 401}:
        if isinstance(document, dict) and document.get("error") in {"invalid_client", "unauthorized_client"}:
            raise UnavailableError(
                "The sign-in service does not know this installation; its client secret may be wrong.",
                code="ISSUER_REFUSES_CLIENT",
            )
        raise TokenRefusedError(refused)
    if answer.status_code != 200 or not isinstance(document, dict):
        raise UnavailableError("The sign-in service answered with an error.", code="ISSUER_UNAVAILABLE")
    return document


async def _sent(method: str, url: str, headers: Mapping[str, str] | None = None, **options: Any) -> "httpx.Response":
    import httpx

    asked = {"accept": "application/json", **(headers or {})}
    try:
        return await http.client().request(method, url, headers=asked, **options)
    except httpx.HTTPError:
        raise UnavailableError("The sign-in service is not available.", code="ISSUER_UNAVAILABLE") from None
