"""The steps of a sign-in; each takes what it needs and answers with what the door must say."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from functions.auth import store
from functions.auth.domain import accepted_step, identity_of
from functions.auth.pending import Challenge, Pending
from voiceassist.adapters import crypto
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import ForbiddenError, MfaRequiredError, UnauthenticatedError
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.runtime import metrics
from voiceassist.runtime.sessions import Session, Sessions

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ACTING = service("auth")


async def first_factor_passed(claims: Mapping[str, Any], *, client: str, database: Database, pending: Pending) -> str:
    """Know the person and open a challenge; answers its cookie value."""
    person = identity_of(claims)
    async with database.transaction(ACTING) as connection:
        user = await store.upsert(connection, DEFAULT_TENANT, person)
    if not user.active:
        metrics.AUTH_FAILURES.labels("disabled").inc()
        raise ForbiddenError("This account is disabled.")
    return await pending.challenge(
        Challenge(
            user_id=str(user.id),
            tenant_id=str(user.tenant_id),
            role=user.role,
            profile=user.profile,
            name=user.name,
            email=user.email,
            client=client,
        )
    )


async def second_factor(
    code: str, *, cookie: str, client: str, kek: str, database: Database, pending: Pending, sessions: Sessions
) -> tuple[str, Session]:
    """Complete a live challenge: a new session. Without one the code is not even looked at."""
    challenge = await pending.challenged(cookie, client)
    if challenge is None:
        metrics.AUTH_FAILURES.labels("no_challenge").inc()
        raise UnauthenticatedError("Please sign in again.")
    await pending.count_try(challenge)
    async with database.transaction(ACTING) as connection:
        accepted = await _accepted(connection, challenge, code, kek)
    if not accepted:
        metrics.AUTH_FAILURES.labels("code").inc()
        raise MfaRequiredError("The code is not right, or it was used before.")
    if not await pending.settle(cookie, challenge):
        raise UnauthenticatedError("Please sign in again.")
    return await sessions.open(
        user_id=challenge.user_id,
        tenant_id=challenge.tenant_id,
        role=challenge.role,
        profile=challenge.profile,
        name=challenge.name,
        email=challenge.email,
    )


async def _accepted(connection: "AsyncConnection", challenge: Challenge, code: str, kek: str) -> bool:
    """Check the code and spend its step in one transaction, so that a code works once."""
    user_id = UUID(challenge.user_id)
    factor = await store.factor(connection, user_id)
    if factor is None or not await store.is_active(connection, user_id):
        return False
    secret = unseal_secret(kek, UUID(challenge.tenant_id), user_id, factor.sealed)
    step = accepted_step(secret, code, seconds=time.time(), last_step=factor.last_step)
    if step is None or not await store.spend_step(connection, user_id, step):
        return False
    await store.signed_in(connection, user_id)
    return True


def seal_secret(kek: str, tenant_id: UUID, user_id: UUID, secret: str) -> bytes:
    key = crypto.tenant_key(kek, tenant_id, "mfa")
    return crypto.seal(secret.encode(), key=key, place=_place(user_id))


def unseal_secret(kek: str, tenant_id: UUID, user_id: UUID, sealed: bytes) -> str:
    key = crypto.tenant_key(kek, tenant_id, "mfa")
    return crypto.unseal(sealed, key=key, place=_place(user_id)).decode()


def _place(user_id: UUID) -> str:
    return f"mfa_totp|secret|{user_id}"
