"""Errors a client is told about: constant sentences, never a word of what it sent."""

from typing import Any

from voiceassist.core.errors import VoiceAssistError


class ProtocolError(VoiceAssistError):
    """A client event that cannot be carried out; the session goes on."""

    status = 400
    code = "invalid_value"
    title = "The event is not valid"

    def __init__(self, message: str, *, code: str = "invalid_value", param: str | None = None) -> None:
        super().__init__(message, code=code)
        self.param = param

    def wire(self, event_id: str | None) -> dict[str, Any]:
        """The `error` member of an error event; `event_id` is the client's own."""
        return {
            "type": "invalid_request_error",
            "code": self.code,
            "message": self.detail,
            "param": self.param,
            "event_id": event_id,
        }


def missing(param: str) -> ProtocolError:
    return ProtocolError("A required parameter is missing.", code="missing_required_parameter", param=param)


def item_taken() -> ProtocolError:
    return ProtocolError("An item with this id already exists.", code="item_already_exists", param="item.id")


def item_unknown(param: str = "item_id") -> ProtocolError:
    return ProtocolError("There is no such item in this conversation.", code="item_not_found", param=param)
