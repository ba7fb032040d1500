"""Items that a client puts into the conversation."""

from realtime.conversation import Item, Part
from realtime.protocol import client
from realtime.protocol.errors import ProtocolError


def item_of(given: client.AnyItem, item_id: str) -> Item:
    """An item the client created; raises ProtocolError for content that does not suit its role."""
    match given:
        case client.FunctionCallIn():
            call = {"type": "function_call", "name": given.name, "arguments": given.arguments}
            return Item(item_id, other=call | {"call_id": given.call_id or item_id})
        case client.FunctionOutputIn():
            output = {"type": "function_call_output", "call_id": given.call_id, "output": given.output}
            return Item(item_id, other=output)
    return Item(item_id, given.role, [_part(given.role, part) for part in given.content])


_PARTS = {
    ("user", "input_text"): "input_text",
    ("user", "text"): "input_text",
    ("user", "input_audio"): "input_audio",
    ("system", "input_text"): "input_text",
    ("system", "text"): "input_text",
    ("assistant", "output_text"): "output_text",
    ("assistant", "text"): "output_text",
    ("assistant", "output_audio"): "output_audio",
}


def _part(role: str, given: client.ContentPart) -> Part:
    kind = _PARTS.get((role, given.type))
    if kind is None:
        raise ProtocolError("This content is not supported here.", param="item.content")
    if kind == "input_audio" and given.audio is not None:
        return Part(kind, given.transcript, client.audio_bytes(given.audio, param="item.content"))
    return Part(kind, given.text if kind.endswith("text") else (given.transcript or ""))
