"""The error family of the house; every code and status of the API stands here once.

    VoiceAssistError
    ├── ValidationError            400  VALIDATION_ERROR
    ├── UnauthenticatedError       401  UNAUTHENTICATED
    │   └── MfaRequiredError       401  MFA_REQUIRED
    ├── ForbiddenError             403  FORBIDDEN
    ├── NotFoundError              404  NOT_FOUND
    ├── MethodNotAllowedError      405  METHOD_NOT_ALLOWED
    ├── ConflictError              409  CONFLICT
    ├── ErasedError                410  ERASED
    ├── PayloadTooLargeError       413  PAYLOAD_TOO_LARGE
    ├── UnsupportedFormatError     415  UNSUPPORTED_FORMAT
    ├── NeedsInputError            422  NEEDS_INPUT
    ├── RateLimitedError           429  RATE_LIMITED
    ├── ExternalApiError           502  EXTERNAL_API_ERROR
    └── UnavailableError           503  KB_UNAVAILABLE (or another code of a dependency)
        └── DependencyTimeoutError 504  TOOL_TIMEOUT

`detail` is a constant sentence written by us: it never holds input, because problem documents are
copied into logs, dead letters and other people's bug reports (RFC 9457, section 5).
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong or missing field: a JSON pointer (RFC 6901) and a code, never the value."""

    pointer: str
    code: str
    detail: str = ""


class VoiceAssistError(Exception):
    """Root of the family; caught only at doors."""

    status: ClassVar[int] = 500
    code: str = "INTERNAL"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after
        if code is not None:
            self.code = code


class ValidationError(VoiceAssistError):
    status = 400
    code = "VALIDATION_ERROR"
    title = "The request is not valid"


class UnauthenticatedError(VoiceAssistError):
    status = 401
    code = "UNAUTHENTICATED"
    title = "Sign-in is required"


class MfaRequiredError(UnauthenticatedError):
    code = "MFA_REQUIRED"
    title = "The second factor is required"


class ForbiddenError(VoiceAssistError):
    status = 403
    code = "FORBIDDEN"
    title = "This is not allowed for your role"


class NotFoundError(VoiceAssistError):
    status = 404
    code = "NOT_FOUND"
    title = "Not found"


class MethodNotAllowedError(VoiceAssistError):
    status = 405
    code = "METHOD_NOT_ALLOWED"
    title = "This method is not offered here"


class ConflictError(VoiceAssistError):
    status = 409
    code = "CONFLICT"
    title = "The resource is in another state"


class ErasedError(VoiceAssistError):
    """The data is there and can never be read again: its keys were destroyed."""

    status = 410
    code = "ERASED"
    title = "The data was erased"


class PayloadTooLargeError(VoiceAssistError):
    status = 413
    code = "PAYLOAD_TOO_LARGE"
    title = "The body is too large"


class UnsupportedFormatError(VoiceAssistError):
    status = 415
    code = "UNSUPPORTED_FORMAT"
    title = "This format is not supported"


class NeedsInputError(VoiceAssistError):
    status = 422
    code = "NEEDS_INPUT"
    title = "An input is missing"


class RateLimitedError(VoiceAssistError):
    status = 429
    code = "RATE_LIMITED"
    title = "Too many requests"


class ExternalApiError(VoiceAssistError):
    status = 502
    code = "EXTERNAL_API_ERROR"
    title = "Another service answered with an error"


class UnavailableError(VoiceAssistError):
    status = 503
    code = "KB_UNAVAILABLE"
    title = "A needed service is not available"


class DependencyTimeoutError(UnavailableError):
    status = 504
    code = "TOOL_TIMEOUT"
    title = "A needed service did not answer in time"


class SettingsError(VoiceAssistError):
    """A setting is missing, malformed or not allowed in this profile; raised at start only."""

    code = "SETTINGS"
    title = "The settings are not usable"


class PermanentEventError(VoiceAssistError):
    """An event that will never succeed: the door answers 422 and the broker dead-letters it."""

    status = 422
    code = "EVENT_REJECTED"
    title = "The event cannot be handled"
