"""Access tokens for API clients and SDKs, the keys that sign them, and what applications were granted."""

import time
from functools import lru_cache
from typing import Any
from uuid import UUID

from fastapi import Response
from starlette.requests import Request
from starlette.responses import JSONResponse

from functions.auth import access, browser, granting, oauth, schema
from functions.auth.browser import Reader, Writer
from functions.auth.granting import Asked, Issuing, Tokens
from functions.auth.key_ring import KeyRing
from voiceassist.runtime import access_tokens, door, dpop, http_room, logging, providers
from voiceassist.runtime.jose import TokenRefusedError
from voiceassist.runtime.origins import addresses
from voiceassist.runtime.settings import load_settings

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)

MAX_FORM = 16_384


@lru_cache(maxsize=1)
def ring() -> KeyRing:
    return KeyRing(providers.database(), providers.keyring())


def issuing() -> Issuing:
    return Issuing(
        database=providers.database(),
        redis=providers.redis(),
        ring=ring(),
        auditor=providers.auditor("auth"),
        issuer=load_settings().base_url,
    )


@router.get("/api/v1/auth/jwks.json")
async def key_set(answer: Response) -> dict[str, Any]:
    """The public keys that access tokens are checked with (RFC 7517)."""
    answer.headers["cache-control"] = "public, max-age=300"
    return await ring().document()


@router.post("/api/v1/auth/token")
async def token(request: Request) -> Response:
    """A token for one part of the installation (RFC 6749): by an API key, or by a refresh token."""
    try:
        form = oauth.fields(await door.read_limited(request, MAX_FORM))
        asked = Asked(form.get("audience", ""), form.get("scope", ""), await _proven(request))
        made = await _granted(form, asked)
    except oauth.OAuthError as error:
        return oauth.response(error)
    return _told(made, asked)


async def _granted(form: dict[str, str], asked: Asked) -> Tokens:
    match form.get("grant_type", ""):
        case "client_credentials":
            return await granting.by_key(form.get("client_secret", ""), asked, at=issuing())
        case "refresh_token":
            return await granting.by_refresh(
                form.get("refresh_token", ""), form.get("client_id", ""), asked, at=issuing()
            )
        case _:
            raise oauth.UnsupportedGrantError("Only client_credentials and refresh_token are offered.")


async def _proven(request: Request) -> str:
    """The thumbprint of the key pair that signed a proof for this request; empty without a proof."""
    proofs = request.headers.getlist(dpop.HEADER)
    if not proofs:
        return ""
    try:
        proof = proofs[0] if len(proofs) == 1 else ""  # with two nobody knows which one counts
        jkt = dpop.thumbprint(proof)
        places = addresses(load_settings(), request.url.path)
        jti = dpop.check(proof, method="POST", addresses=places, credential="", jkt=jkt, now=time.time())
        await dpop.Replays(providers.redis()).first(jkt, jti)
    except TokenRefusedError:
        raise oauth.InvalidProofError("The proof is not valid.") from None
    return jkt


def _told(made: Tokens, asked: Asked) -> Response:
    """RFC 6749, section 5.1."""
    body: dict[str, Any] = {
        "access_token": made.access,
        "token_type": "DPoP" if asked.jkt else "Bearer",
        "expires_in": access_tokens.LIFETIME_SECONDS,
        "scope": " ".join(sorted(made.scopes)),
    }
    if made.refresh:
        body["refresh_token"] = made.refresh
    return JSONResponse(body, headers={"cache-control": "no-store"})


@router.post("/api/v1/auth/grants", status_code=201)
async def create_grant(body: schema.NewGrant, request: Request, caller: Writer, answer: Response) -> schema.MadeGrant:
    """Let an application ask for access tokens; needs a second factor of the last five minutes."""
    answer.headers["cache-control"] = "no-store"
    made = await granting.create(caller, await browser.session(request), body, at=issuing())
    log.info("auth.grant_created", user_id=caller.subject)
    return made


@router.get("/api/v1/auth/grants")
async def list_grants(caller: Reader) -> schema.AppGrants:
    """What one's own applications were granted, newest first."""
    return schema.AppGrants(items=tuple(await granting.listed(caller, at=issuing())))


@router.delete("/api/v1/auth/grants/{grant_id}", status_code=204)
async def end_grant(grant_id: UUID, caller: Writer) -> None:
    """End a grant, with its tokens and its sockets."""
    await granting.end(caller, grant_id, at=issuing())
    log.info("auth.grant_ended", user_id=caller.subject)
