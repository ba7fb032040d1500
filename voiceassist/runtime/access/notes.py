"""Decisions on record by their shape, so that a new policy can be tried on what is really asked.

A shape says role, profile, kind of credential, action, purpose and how fresh the second factor was: no person, no
record, no text. The gateway notes it; a shape is written once an hour, and forgotten after thirty days.
"""

import hashlib
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from voiceassist.adapters.redis import PREFIX
from voiceassist.core.identity import Principal
from voiceassist.runtime import logging

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.get_logger(__name__)

HEADER = b"x-action"  # what a room tells the gateway it was asked for, from door to door only
EVERY_SECONDS = 3600
KEEP_SECONDS = 30 * 86_400
MOST = 5_000  # shapes of a tenant
FRESH, STALE = 10, 3600  # seconds: a second factor younger and older than a step-up asks for
STEP_UP_SECONDS = 300
PURPOSES = frozenset({"", "TREAT", "HPAYMT", "HOPERAT", "HRESCH", "ETREAT", "PUBHLTH", "HSYSADMIN"})


class Notes:
    """Of one process. Nobody waits for it, and a store that is away loses a shape until the next hour."""

    def __init__(self, redis: "Redis", *, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._now = now
        self._noted: dict[str, float] = {}

    async def note(self, principal: Principal, action: str, purpose: str) -> None:
        now = self._now()
        request = shape(principal, action, purpose, now=now)
        body = msgspec.json.encode(request)
        name = hashlib.sha256(body).hexdigest()[:32]
        known = f"{principal.tenant_id} {name}"
        if now - self._noted.get(known, -math.inf) < EVERY_SECONDS:
            return
        if len(self._noted) > 4 * MOST:
            self._noted.clear()
        self._noted[known] = now
        await self._write(_key(principal.tenant_id), name, body)

    async def _write(self, key: str, name: str, body: bytes) -> None:
        from redis.exceptions import RedisError

        try:
            if await self._redis.hlen(key) < MOST:
                await self._redis.hset(key, name, body)
                await self._redis.expire(key, KEEP_SECONDS)
        except (RedisError, OSError) as error:
            log.warning("access.not_noted", **logging.error_fields(error))


async def read(redis: "Redis", tenant_id: UUID) -> list[dict[str, Any]]:
    """The shapes of a tenant as requests to the policy, by action; none where the store is away."""
    from redis.exceptions import RedisError

    try:
        found = await redis.hvals(_key(tenant_id))
    except (RedisError, OSError) as error:
        log.warning("access.no_notes", **logging.error_fields(error))
        return []
    requests = [msgspec.json.decode(one, type=dict[str, Any]) for one in found]
    return sorted(requests, key=lambda one: (one["action"], one["subject"]["role"], one["subject"]["profile"]))


def shape(principal: Principal, action: str, purpose: str, *, now: float) -> dict[str, Any]:
    verified = principal.second_factor_at
    age = None if not verified else FRESH if now - verified <= STEP_UP_SECONDS else STALE
    return {
        "action": action,
        "subject": {
            "id": "self",
            "tenant": "here",
            "role": principal.role,
            "profile": principal.profile[:40],
            "key": bool(principal.scopes),
            "scopes": sorted(principal.scopes),
            "mfa_age": age,
        },
        "resource": {"tenant": "here", "owner": "", "shared": False},
        "purpose": purpose if purpose in PURPOSES else "other",
        "break_glass": {},
        "now": 1_000_000,
    }


def _key(tenant_id: UUID) -> str:
    return f"{PREFIX}access:{tenant_id}"
