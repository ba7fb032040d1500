"""Whose request this is, and where it may be worked on (SPEC P11.8).

Whoever asks may keep a request inside, by a header or, in a voice session, by its settings; what a room asks of another
room carries it on. There is no word for the other way: nobody can send a request out that policy keeps here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from voiceassist.core.identity import Principal

Route = Literal["auto", "local"]

HEADER = "x-voiceassist-route"
LOCAL = "local"
# Which conversation a request belongs to: its stand-ins stay the same from one request to the next.
CONVERSATION = "x-voiceassist-conversation"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# What an answer says whose making sent something to a model outside.
WENT = "x-voiceassist-went"
CLOUD = "cloud"


@dataclass(slots=True)
class Way:
    """Of one request: whether something of it went to a model outside, here or in a room that was asked."""

    cloud: bool = False


_way: ContextVar[Way | None] = ContextVar("voiceassist_way", default=None)
_local: ContextVar[bool] = ContextVar("voiceassist_local", default=False)
_tenant: ContextVar[UUID | None] = ContextVar("voiceassist_tenant", default=None)
_conversation: ContextVar[str] = ContextVar("voiceassist_conversation", default="")
_caller: ContextVar[Principal | None] = ContextVar("voiceassist_caller", default=None)


@contextmanager
def request(
    tenant_id: UUID | None = None, *, route: str = "auto", caller: Principal | None = None, conversation: str = ""
) -> Iterator[Way]:
    """For what is done on behalf of a tenant, of a caller where one asked, and in a conversation where there is one;
    whatever is not the word for local, or no id, changes nothing."""
    way = Way()
    told = conversation if _ID.fullmatch(conversation) else _conversation.get()
    set_to: list[tuple[ContextVar[Any], Any]] = [
        (_way, way),
        (_tenant, tenant_id),
        (_local, _local.get() or route.strip().lower() == LOCAL),
        (_caller, caller or _caller.get()),
        (_conversation, told),
    ]
    before = [(variable, variable.set(value)) for variable, value in set_to]
    try:
        yield way
    finally:
        for variable, token in before:
            variable.reset(token)


def is_local() -> bool:
    """Whether nothing of this request may go to a model outside."""
    return _local.get()


def went_out() -> None:
    """Something of this request leaves for a model outside."""
    if way := _way.get():
        way.cloud = True


def tenant() -> UUID | None:
    return _tenant.get()


def caller() -> Principal | None:
    return _caller.get()


def conversation() -> str:
    return _conversation.get()


def headers() -> dict[str, str]:
    """What a call to another room carries."""
    told = {HEADER: LOCAL} if is_local() else {}
    return told | ({CONVERSATION: _conversation.get()} if _conversation.get() else {})
