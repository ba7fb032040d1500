"""A function in few lines: the guard, the FastAPI app behind it, and what functions-framework serves.

    room, app, oncall = skill("oncall", title="On call")

    @app.post("/api/v1/oncall/ask")
    async def ask(question: Question) -> Spoken: ...

The third name must be the room's own: functions-framework looks it up in the module (docs/guides/new-function.md).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import functions_framework.aio
from fastapi import FastAPI
from starlette.requests import Request

from voiceassist.runtime.door import Check, Room
from voiceassist.runtime.http_room import http_app

Target = Callable[[Request], Awaitable[Any]]


def skill(
    name: str, *, title: str, checks: dict[str, Check] | None = None, actions: str | Mapping[str, str] = "room.use"
) -> tuple[Room, FastAPI, Target]:
    """Room, app and target, as the other rooms write them out; `checks` are those of door.Room.

    What it does is `room.use` to the policy, which is for everybody who works with patients; `actions` says otherwise.
    """
    room = Room(name, checks=checks)
    app = http_app(room, title=title, actions=actions)

    async def target(_request: Request) -> Any:
        return room

    target.__name__ = name
    functions_framework.aio.http(target)  # notes in its registry, by that name, how it is called
    return room, app, target
