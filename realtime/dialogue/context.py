"""What a dialogue has open and knows, as bytes: so that a conversation goes on in another process."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from pydantic import BaseModel

from realtime.dialogue.clarify import amounts, asking, confirming, dosing
from realtime.dialogue.manager import CONTEXT_TERMS, Dialogue, Open, Waiting
from realtime.dialogue.reply import Reply


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of a dialogue that are about the conversation: packs, rooms and phrases are the process's own."""

    open: Open | None
    waiting: Waiting | None
    dose: dosing.Open | None
    last: Reply | None
    row: int
    topics: tuple[str, ...]
    asked: asking.Asked | None
    answered: dict[str, str]
    doubted: confirming.Open | None
    insisted: tuple[str, ...]
    amount: amounts.Open | None = None
    confirmed: tuple[str, ...] = ()


def packed(dialogue: Dialogue) -> bytes:
    context = Context(
        dialogue.open,
        dialogue.waiting,
        dialogue.dose,
        dialogue.last,
        dialogue.row,
        tuple(dialogue.topics),
        dialogue.asking.asked,
        dialogue.asking.answered,
        dialogue.confirming.open,
        tuple(sorted(dialogue.confirming.insisted)),
        dialogue.amounts.open,
        tuple(sorted(dialogue.amounts.confirmed)),
    )
    return msgspec.json.encode(context, enc_hook=_told)


def unpack(dialogue: Dialogue, data: bytes) -> None:
    """Take over what was packed; of another release, or broken, it is left: then the dialogue begins anew."""
    try:
        context = msgspec.json.decode(data, type=Context, dec_hook=_read)
    except (msgspec.MsgspecError, ValueError):
        return
    dialogue.open, dialogue.waiting, dialogue.dose = context.open, context.waiting, context.dose
    dialogue.last, dialogue.row = context.last, context.row
    dialogue.topics = deque(context.topics, CONTEXT_TERMS)
    dialogue.asking = replace(dialogue.asking, asked=context.asked, answered=context.answered)
    dialogue.confirming = replace(dialogue.confirming, open=context.doubted, insisted=set(context.insisted))
    dialogue.amounts = amounts.Amounts(context.amount, set(context.confirmed))
    dialogue.mark()


def _told(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise NotImplementedError


def _read(kind: type, value: Any) -> Any:
    if issubclass(kind, BaseModel):
        return kind.model_validate(value)
    raise NotImplementedError
