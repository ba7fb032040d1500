"""What is wrong with something that should be a CloudEvent."""

from voiceassist.core.errors import FieldError, UnsupportedFormatError, ValidationError


class EnvelopeError(ValidationError):
    """Not a CloudEvent: 400. `attribute` and `reason` tell where and why, without the value."""

    code = "INVALID_EVENT"

    def __init__(self, attribute: str, reason: str, *, index: int | None = None) -> None:
        self.attribute = attribute
        self.reason = reason
        where = f"/{attribute}" if attribute else ""
        if index is not None:
            where = f"/{index}{where}"
        super().__init__("The request is not a valid CloudEvent", errors=(FieldError(where, reason),))


class BatchNotAcceptedError(UnsupportedFormatError):
    """A batch at a door that takes one event: 415."""

    def __init__(self) -> None:
        super().__init__("A batch of events is not accepted here")
