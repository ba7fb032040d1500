"""A provider tells that somebody signed out there (OpenID Connect Back-Channel Logout 1.0)."""

import contextlib
import time

from fastapi import Response
from starlette.requests import Request

from functions.auth import access, browser, cutoff, oauth
from functions.auth.logout_token import Ended
from functions.auth.routes import sign_in
from functions.auth.upstream import marks
from voiceassist.core.errors import UnavailableError, VoiceAssistError
from voiceassist.ports.auditing import Act
from voiceassist.runtime import door, http_room, logging, metrics, providers
from voiceassist.runtime.jose import MAX_BYTES, TokenRefusedError

log = logging.get_logger(__name__)
router = http_room.router(access.ACTIONS)

MAX_FORM = 2 * MAX_BYTES  # a token and what forms add to it


@router.post("/api/v1/auth/backchannel-logout", response_class=Response)
async def backchannel_logout(request: Request) -> Response:
    """End what came from a person's or a session's sign-in at the provider; 200 also where nothing did."""
    try:
        form = oauth.fields(await door.read_limited(request, MAX_FORM), longest=MAX_BYTES)
        party = sign_in.relying_parties().issuing(form.get("logout_token", ""))
        told = await party.ended(form.get("logout_token", ""))
        await browser.upstream().first(party.provider.issuer, told)
    except oauth.OAuthError as error:
        return oauth.response(error)
    except TokenRefusedError as fault:
        metrics.AUTH_FAILURES.labels(f"logout_{fault.reason}").inc()
        log.warning("auth.logout_refused", reason=fault.reason)
        return oauth.response(oauth.OAuthError("The logout token is not valid."))
    try:
        count = await _ended(party.provider.issuer, told)
    except VoiceAssistError:
        await browser.upstream().again(party.provider.issuer, told)
        raise
    log.info("auth.signed_out_upstream", count=count)
    return Response(status_code=200, headers={"cache-control": "no-store"})


async def _ended(issuer: str, told: Ended) -> int:
    """How many sessions were ended. First factors go first, so that none becomes a session meanwhile."""
    names, upstream = marks(issuer, told.sub, told.sid), browser.upstream()
    await upstream.end(names[-1], time.time())
    user_id = await upstream.user_of(names[-1])
    if not user_id:
        return 0
    ended = await cutoff.marked(browser.open_sessions(), providers.redis(), user_id, names)
    for session in ended:
        with contextlib.suppress(UnavailableError):  # nobody stays signed in because the record is not to be had
            await providers.auditor("auth").record(Act(session.principal(), "session.closed", facts={"by": "provider"}))
    return len(ended)
