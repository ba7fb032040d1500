"""RFC 9457 problem documents, rendered in this one place and without any input."""

from typing import Any

import orjson
from starlette.responses import Response

from voiceassist.core.errors import (
    MethodNotAllowedError,
    NotFoundError,
    PayloadTooLargeError,
    UnauthenticatedError,
    UnsupportedFormatError,
    ValidationError,
    VoiceAssistError,
)
from voiceassist.runtime.tracing import current_trace_id

MEDIA_TYPE = "application/problem+json"


def document(error: VoiceAssistError) -> dict[str, Any]:
    """The members `type,title,status,code,detail,trace_id,errors[]` (SPEC G27)."""
    body: dict[str, Any] = {
        "type": f"urn:voiceassist:problem:{error.code.lower().replace('_', '-')}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "trace_id": current_trace_id(),
    }
    if error.errors:
        body["errors"] = [
            {"pointer": field.pointer, "code": field.code} | ({"detail": field.detail} if field.detail else {})
            for field in error.errors
        ]
    return body


def response(error: VoiceAssistError) -> Response:
    headers = {"cache-control": "no-store"}
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if error.status == 401:
        headers["www-authenticate"] = 'Bearer realm="voiceassist"'
    if error.code == "STEP_UP_REQUIRED":  # RFC 9470, section 3
        headers["www-authenticate"] = 'Bearer error="insufficient_user_authentication", max_age="300"'
    return Response(orjson.dumps(document(error)), error.status, headers, MEDIA_TYPE)


def of_status(status: int) -> VoiceAssistError:
    """The family member for a bare status, as Starlette raises them."""
    known: dict[int, type[VoiceAssistError]] = {
        401: UnauthenticatedError,
        404: NotFoundError,
        405: MethodNotAllowedError,
        413: PayloadTooLargeError,
        415: UnsupportedFormatError,
    }
    if status in known:
        return known[status]()
    return ValidationError() if 400 <= status < 500 else VoiceAssistError()
