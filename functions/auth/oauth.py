"""The token endpoint's own language (RFC 6749, sections 3.2 and 5.2): a form in, an error word out."""

from typing import ClassVar
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from voiceassist.core.errors import VoiceAssistError
from voiceassist.runtime import problem

MOST_FIELDS = 12
LONGEST_VALUE = 2_048


class OAuthError(VoiceAssistError):
    """A refusal of the token endpoint; `error` is the word of the RFC."""

    status = 400
    title = "The token request is refused"
    code = "INVALID_REQUEST"
    error: ClassVar[str] = "invalid_request"


class InvalidClientError(OAuthError):
    status = 401
    code = "INVALID_CLIENT"
    error = "invalid_client"


class InvalidGrantError(OAuthError):
    code = "INVALID_GRANT"
    error = "invalid_grant"


class InvalidScopeError(OAuthError):
    code = "INVALID_SCOPE"
    error = "invalid_scope"


class InvalidTargetError(OAuthError):
    """RFC 8707, section 2."""

    code = "INVALID_TARGET"
    error = "invalid_target"


class InvalidProofError(OAuthError):
    """RFC 9449, section 5."""

    code = "INVALID_DPOP_PROOF"
    error = "invalid_dpop_proof"


class UnsupportedGrantError(OAuthError):
    code = "UNSUPPORTED_GRANT_TYPE"
    error = "unsupported_grant_type"


def fields(body: bytes, *, longest: int = LONGEST_VALUE) -> dict[str, str]:
    """The form's fields; OAuthError for what is no form, or tells a field twice (section 3.2)."""
    try:
        told = body.decode("ascii")
        pairs = parse_qsl(told, keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise OAuthError("The body is not a form.") from None
    found = dict(pairs)
    if not found or len(found) != len(pairs) or any(len(value) > longest for value in found.values()):
        raise OAuthError("There is no field, one was told twice, or one is too long.")
    return found


def response(error: OAuthError) -> Response:
    """A problem document that also says the word which OAuth clients look for."""
    headers = {"cache-control": "no-store"}
    if error.status == 401:
        headers["www-authenticate"] = 'Bearer realm="voiceassist"'
    return JSONResponse(
        problem.document(error) | {"error": error.error}, error.status, headers, media_type=problem.MEDIA_TYPE
    )
