"""The embedded issuer as an ASGI app, mounted by the gateway at the path of its issuer URL."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from voiceassist.adapters.issuer import keys, pages, protocol
from voiceassist.adapters.issuer.directory import Directory, User
from voiceassist.adapters.issuer.grants import (
    ACCESS_SECONDS,
    CODE_SECONDS,
    SIGN_IN_SECONDS,
    Authorization,
    Code,
    Expiring,
)
from voiceassist.adapters.issuer.protocol import Client, OAuthError, UntrustedRequestError
from voiceassist.adapters.issuer.seed import users_file

ID_TOKEN_SECONDS = 300
LOGOUT_TOKEN_SECONDS = 120
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "amr", "at_hash", "sid", "name", "email", "roles"]


async def nobody(_token: str) -> bool:
    return False


class Issuer:
    """One provider. `issuer` is its URL, `report` hears the reason of each refusal (a constant word), `tell` takes a
    logout token to the client and answers whether it was accepted.
    """

    def __init__(
        self,
        *,
        issuer: str,
        data_dir: Path,
        client: Client,
        report: Callable[[str], None] = lambda _reason: None,
        tell: Callable[[str], Awaitable[bool]] = nobody,
        directory: Directory | None = None,
    ) -> None:
        self.issuer = issuer
        self.base = urlsplit(issuer).path
        self.client = client
        self.report = report
        self.tell = tell
        self.key = keys.load_or_create(data_dir / "issuer" / "key.pem")
        self.directory = directory or Directory(users_file(data_dir))
        self.sign_ins: Expiring[Authorization] = Expiring(SIGN_IN_SECONDS)
        # A spent code is remembered ten times as long as it is good, to notice its second use.
        self.codes: Expiring[Code] = Expiring(CODE_SECONDS * 10)
        self.tokens: Expiring[str] = Expiring(ACCESS_SECONDS)
        self.secure = issuer.startswith("https://")
        self._hashing = asyncio.Semaphore(2)  # argon2id takes 64 MiB each

    @property
    def cookie(self) -> str:
        return "__Host-va_issuer" if self.secure else "va_issuer"

    def app(self) -> Starlette:
        """Paths are relative to the issuer's own path."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks.json", self.jwks),
                Route("/style.css", self.style),
                Route("/authorize", self.authorize),
                Route("/login", self.login, methods=["POST"]),
                Route("/token", self.token, methods=["POST"]),
                Route("/userinfo", self.userinfo),
                Route("/logout", self.logout, methods=["GET", "POST"]),
            ]
        )

    async def discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks.json",
                "end_session_endpoint": f"{self.issuer}/logout",
                "backchannel_logout_supported": True,
                "backchannel_logout_session_supported": True,
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [keys.ALGORITHM],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "profile", "email"],
                "claims_supported": CLAIMS,
                "authorization_response_iss_parameter_supported": True,
                "request_parameter_supported": False,
                "request_uri_parameter_supported": False,
            }
        )

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse(self.key.jwks(), headers={"cache-control": "public, max-age=300"})

    async def style(self, _request: Request) -> Response:
        return Response(pages.STYLE, media_type="text/css", headers={"cache-control": "public, max-age=3600"})

    async def authorize(self, request: Request) -> Response:
        query = request.query_params
        try:
            authorization = protocol.check_authorization(query.multi_items(), self.client)
        except UntrustedRequestError:
            self.report("untrusted_client")
            return self._told(pages.UNTRUSTED, 400)
        except OAuthError as error:
            self.report(error.error)
            return self._sent_back(query.get("state", ""), error=error.error)
        browser = request.cookies.get(self.cookie) or secrets.token_urlsafe(32)
        transaction = secrets.token_urlsafe(32)
        self.sign_ins.put(transaction, replace(authorization, browser=browser))
        answer = self._page(pages.sign_in(base=self.base, transaction=transaction, refused=False))
        answer.set_cookie(
            self.cookie, browser, max_age=SIGN_IN_SECONDS, path="/", secure=self.secure, httponly=True, samesite="lax"
        )
        return answer

    async def login(self, request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=8)
        transaction, username, password = (
            str(form.get(name, ""))[:256] for name in ("transaction", "username", "password")
        )
        authorization = self.sign_ins.get(transaction)
        browser = request.cookies.get(self.cookie, "")
        if authorization is None or not secrets.compare_digest(authorization.browser.encode(), browser.encode()):
            self.report("sign_in_expired")
            return self._told(pages.EXPIRED, 400)
        address = request.client.host if request.client else ""
        async with self._hashing:
            user = await asyncio.to_thread(self.directory.check, username, password, address)
        if user is None:
            self.report("password")
            return self._page(pages.sign_in(base=self.base, transaction=transaction, refused=True), 401)
        self.sign_ins.drop(transaction)
        code = secrets.token_urlsafe(32)
        self.codes.put(code, Code(authorization, user.sub, int(time.time())))
        return self._sent_back(authorization.state, code=code)

    async def token(self, request: Request) -> Response:
        try:
            protocol.authenticate_client(request.headers.get("authorization", ""), self.client)
            form = await request.form(max_files=0, max_fields=16)
            code, user = self._redeem({name: str(value) for name, value in form.items()})
        except OAuthError as error:
            self.report(error.error)
            status = 401 if error.error == "invalid_client" else 400
            headers = {"cache-control": "no-store"}
            if status == 401:
                headers["www-authenticate"] = 'Basic realm="token"'
            return JSONResponse({"error": error.error}, status, headers)
        code.access_token = secrets.token_urlsafe(32)
        self.tokens.put(code.access_token, user.sub)
        return JSONResponse(
            {
                "access_token": code.access_token,
                "token_type": "Bearer",
                "expires_in": ACCESS_SECONDS,
                "scope": code.authorization.scope,
                "id_token": self._id_token(code, user),
            },
            headers={"cache-control": "no-store"},
        )

    def _redeem(self, form: dict[str, str]) -> tuple[Code, User]:
        """A code is good once; its second use also ends what the first one was given (RFC 6749, 4.1.2)."""
        if form.get("grant_type") != "authorization_code":
            raise OAuthError("unsupported_grant_type")
        code = self.codes.get(form.get("code", ""))
        if code is None:
            raise OAuthError("invalid_grant")
        if code.spent or time.time() - code.auth_time > CODE_SECONDS:
            self.tokens.drop(code.access_token)
            raise OAuthError("invalid_grant")
        code.spent = True
        if form.get("redirect_uri") != code.authorization.redirect_uri:
            raise OAuthError("invalid_grant")
        protocol.check_verifier(form.get("code_verifier", ""), code.authorization.code_challenge)
        user = self.directory.user(code.sub)
        if user is None:
            raise OAuthError("invalid_grant")
        return code, user

    def _id_token(self, code: Code, user: User) -> str:
        issued = int(time.time())
        return self.key.sign(
            {
                "iss": self.issuer,
                "aud": self.client.client_id,
                "iat": issued,
                "exp": issued + ID_TOKEN_SECONDS,
                "auth_time": code.auth_time,
                "nonce": code.authorization.nonce,
                "amr": ["pwd"],
                "at_hash": keys.half_hash(code.access_token),
                "sid": code.sid,
            }
            | _person(user)
        )

    async def userinfo(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        sub = self.tokens.get(token) if scheme.lower() == "bearer" else None
        user = self.directory.user(sub) if sub else None
        if user is None:
            return Response(status_code=401, headers={"www-authenticate": 'Bearer error="invalid_token"'})
        return JSONResponse(_person(user), headers={"cache-control": "no-store"})

    async def logout(self, request: Request) -> Response:
        """End a sign-in for whoever shows its ID token, however old (RP-Initiated Logout 1.0); the client is told."""
        told = request.query_params if request.method == "GET" else await request.form(max_files=0, max_fields=8)
        claims = self.key.signed(str(told.get("id_token_hint", "")))
        if claims is None or claims.get("aud") != self.client.client_id or "sid" not in claims:
            self.report("logout_hint")
            return self._told(pages.UNTRUSTED, 400)
        if not await self.tell(self.logout_token(claims["sub"], claims["sid"])):
            self.report("logout_untold")
            return self._told(pages.UNTOLD, 503)
        return self._told(pages.SIGNED_OUT, 200)

    def logout_token(self, sub: str, sid: str) -> str:
        """OpenID Connect Back-Channel Logout 1.0, section 2.4."""
        issued = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client.client_id,
            "iat": issued,
            "exp": issued + LOGOUT_TOKEN_SECONDS,
            "jti": secrets.token_hex(16),
            "sub": sub,
            "sid": sid,
            "events": {LOGGED_OUT: {}},
        }
        return self.key.sign(claims, "logout+jwt")

    def _sent_back(self, state: str, **answer: str) -> Response:
        """Redirect to the client with `iss` (RFC 9207), so that answers of two issuers cannot be mixed up."""
        query = urlencode({"state": state, "iss": self.issuer} | answer)
        return RedirectResponse(
            f"{self.client.redirect_uri}?{query}", 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"}
        )

    def _told(self, text: str, status: int) -> Response:
        return self._page(pages.message(base=self.base, text=text, start="/voice/"), status)

    def _page(self, html: str, status: int = 200) -> Response:
        headers = {"cache-control": "no-store", "content-security-policy": POLICY}
        return HTMLResponse(html, status, headers)


def _person(user: User) -> dict[str, Any]:
    return {
        "sub": user.sub,
        "name": user.name,
        "preferred_username": user.username,
        "email": user.email,
        "email_verified": True,
        "roles": [user.role],
        "va_profile": user.profile,
    }
