"""The door of auth: sign-in by the issuer, second factor, session, and what API keys are worth."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.auth import access
from functions.auth.routes import (
    account_sessions,
    accounts,
    api_keys,
    back_channel,
    directory,
    own_factors,
    second_factor,
    sessions,
    sign_in,
    tokens,
)
from voiceassist.runtime import door, providers
from voiceassist.runtime.http_room import http_app


async def redis_answers() -> None:
    await providers.redis().ping()


room = door.Room("auth", checks={"postgres": lambda: providers.database().ping(), "redis": redis_answers})
app = http_app(room, title="Auth", actions=access.ACTIONS)
PARTS = (
    sign_in,
    back_channel,
    second_factor,
    own_factors,
    sessions,
    tokens,
    api_keys,
    accounts,
    account_sessions,
    directory,
)
for part in PARTS:
    app.include_router(part.router)


@functions_framework.aio.http
async def auth(_request: Request) -> Any:
    return room
