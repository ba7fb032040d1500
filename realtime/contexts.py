"""What an engine is asked: the words of the question, and the conversation that they stand in."""

from collections.abc import Iterator

from realtime.conversation import Conversation, Item
from realtime.effects import Answer
from realtime.engine import Called, Context, Entry, Function, FunctionCall, Returned, Said
from realtime.pending import Asked
from realtime.protocol.settings import Chosen, SessionSettings


def answer_of(asked: Asked, conversation: Conversation) -> Answer:
    """The request to the engine, once every word of the question is known."""
    settings = asked.response.settings
    output = settings.audio.output
    items = asked.items if asked.apart else conversation.items
    return Answer(
        asked.response.id,
        " ".join(item.text for item in asked.items if item.role == "user" and item.text),
        settings.speaks,
        output.format,
        asked.instead,
        settings.route,
        settings.known,
        output.speed,
        Context(
            item_id=asked.response.item_id,
            entries=tuple(_entries(items)),
            instructions=settings.instructions,
            functions=_functions(settings),
            choice=settings.tool_choice.name if isinstance(settings.tool_choice, Chosen) else settings.tool_choice,
        ),
    )


def _entries(items: list[Item]) -> Iterator[Entry]:
    for item in items:
        if item.role is not None:
            if item.text:
                yield Said(item.id, item.role, item.text)
        elif item.other["type"] == "function_call":
            call = FunctionCall(item.other["call_id"], item.other["name"], item.other["arguments"])
            yield Called(item.id, call)
        else:
            yield Returned(item.id, item.other["call_id"], item.other["output"])


def _functions(settings: SessionSettings) -> tuple[Function, ...]:
    if settings.tool_choice == "none":
        return ()
    return tuple(Function(tool.name, tool.description, tool.parameters) for tool in settings.tools)
