"""Checks of authorization and token requests (RFC 6749, RFC 7636, RFC 9700): pure, no network, no clock."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from voiceassist.adapters.issuer.grants import Authorization

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
MAX_VALUE = 512


@dataclass(frozen=True, slots=True)
class Client:
    """The only client: the auth room. `redirect_uri` is compared as a whole string."""

    client_id: str
    client_secret: str
    redirect_uri: str


class UntrustedRequestError(Exception):
    """Client or redirect URI do not match: nobody may be redirected, the person is told instead."""


class OAuthError(Exception):
    """An error of RFC 6749, section 4.1.2.1 or 5.2, by its registered code."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def check_authorization(parameters: Sequence[tuple[str, str]], client: Client) -> Authorization:
    """A request that may be shown a sign-in form; PKCE with S256 is not optional."""
    query = dict(parameters)
    if len(query) != len(parameters):
        raise UntrustedRequestError  # RFC 6749, section 3.1: parameters must not repeat
    if query.get("client_id") != client.client_id or query.get("redirect_uri") != client.redirect_uri:
        raise UntrustedRequestError
    if query.get("response_type") != "code":
        raise OAuthError("unsupported_response_type")
    if "request" in query or "request_uri" in query:
        raise OAuthError("request_not_supported")
    if query.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(query.get("code_challenge", "")):
        raise OAuthError("invalid_request", "PKCE with S256 is required.")
    scope = query.get("scope", "")
    if "openid" not in scope.split():
        raise OAuthError("invalid_scope", "The scope openid is required.")
    state, nonce = query.get("state", ""), query.get("nonce", "")
    if not 0 < len(state) <= MAX_VALUE or not 0 < len(nonce) <= MAX_VALUE:
        raise OAuthError("invalid_request", "state and nonce are required.")
    return Authorization(client.redirect_uri, state, nonce, scope, query["code_challenge"])


def authenticate_client(authorization: str, client: Client) -> None:
    """client_secret_basic: both parts are form-encoded before base64 (RFC 6749, section 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # not base64, or not UTF-8 inside
        raise OAuthError("invalid_client") from None
    known = hmac.compare_digest(unquote_plus(name).encode(), client.client_id.encode())
    proven = hmac.compare_digest(unquote_plus(secret).encode(), client.client_secret.encode())
    if scheme.lower() != "basic" or not client.client_secret or not (known and proven):
        raise OAuthError("invalid_client")


def check_verifier(verifier: str, challenge: str) -> None:
    """RFC 7636, section 4.6."""
    if not VERIFIER.fullmatch(verifier):
        raise OAuthError("invalid_grant")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(digest, challenge):
        raise OAuthError("invalid_grant")
