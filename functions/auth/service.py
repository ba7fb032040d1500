"""The steps of a sign-in; each takes what it needs and answers with what the door must say."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from functions.auth import accounts, factor_store, factors, recording, store
from functions.auth.domain import identity_of
from functions.auth.factors import Person, Tools
from functions.auth.pending import Challenge, Pending
from functions.auth.schema import Offered, Proof
from functions.auth.upstream import marks
from voiceassist.adapters.postgres import Database
from voiceassist.core.errors import ForbiddenError, MfaRequiredError, UnauthenticatedError
from voiceassist.core.identity import DEFAULT_TENANT, service
from voiceassist.ports.auditing import Auditor
from voiceassist.runtime import metrics
from voiceassist.runtime.sessions import Session, Sessions
from voiceassist.runtime.settings import Provider

ACTING = service("auth")


async def first_factor_passed(
    claims: Mapping[str, Any],
    *,
    provider: Provider,
    client: str,
    database: Database,
    pending: Pending,
    cut_off: Callable[[str], Awaitable[None]],
    invitation: str,
    auditor: Auditor,
) -> str:
    """Know the person and open a challenge; answers its cookie value.

    Whose role the issuer has changed is signed out everywhere first: `cut_off` is told the user's id. The tenant is
    the provider's, whatever its token says.
    """
    person, tenant = identity_of(claims, provider.groups), provider.tenant
    async with database.transaction(service("auth", tenant)) as connection:
        if tenant != DEFAULT_TENANT:
            await store.keep_tenant(connection, tenant, provider.label)
        before = await store.role_of(connection, person.iss, person.sub)
        user = await store.upsert(connection, tenant, person)
        if invitation and user.active:
            await accounts.join(connection, invitation, user.id, person.email, auditor=auditor)
            user = await store.upsert(connection, tenant, person)
        if before not in {None, (user.role, user.profile)}:
            await cut_off(str(user.id))  # where that fails nothing is written, so that the next sign-in tries again
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
            upstream=marks(person.iss, person.sub, claims.get("sid")),
            passed_at=time.time(),
        )
    )


async def second_factor(
    proof: Proof,
    *,
    cookie: str,
    client: str,
    device: str,
    pending: Pending,
    tools: Callable[[UUID], Awaitable[Tools]],
    database: Database,
    sessions: Sessions,
) -> tuple[str, Session]:
    """Complete a live challenge: a new session. Without one the proof is not even looked at."""
    challenge = await challenged(cookie, client, pending)
    person = person_of(challenge, cookie)
    await _proven(person, proof, tools=await tools(person.tenant_id), database=database)
    return await complete(challenge, cookie, device=device, pending=pending, sessions=sessions)


async def step_up(proof: Proof, person: Person, *, tools: Tools, database: Database) -> None:
    """One more proof of whoever is signed in; MfaRequiredError when it proves nothing."""
    await _proven(person, proof, tools=tools, database=database)
    await tools.pending.proven(str(person.user_id))


async def _proven(person: Person, proof: Proof, *, tools: Tools, database: Database) -> None:
    """What proves nothing is on record, too, as often as somebody may try."""
    await tools.pending.count_try(str(person.user_id))
    kind = recording.kind_of(proof)
    try:
        async with database.transaction(service("auth", person.tenant_id)) as connection:
            await factors.prove(connection, person, proof, tools)
            await store.signed_in(connection, person.user_id)
            if kind == "recovery_code":
                await recording.factor(connection, person, "spent", kind=kind)
    except MfaRequiredError:
        await recording.factor(None, person, "shown", kind=kind, outcome="refused")
        raise


async def challenged(cookie: str, client: str, pending: Pending) -> Challenge:
    """The live challenge of this client, or UnauthenticatedError."""
    challenge = await pending.challenged(cookie, client)
    if challenge is None:
        metrics.AUTH_FAILURES.labels("no_challenge").inc()
        raise UnauthenticatedError("Please sign in again.")
    return challenge


def person_of(about: Challenge | Session, attempt: str) -> Person:
    return Person(
        user_id=UUID(about.user_id),
        tenant_id=UUID(about.tenant_id),
        standing=(about.role, about.profile),
        name=about.name,
        email=about.email,
        attempt=attempt,
    )


async def complete(
    challenge: Challenge, cookie: str, *, device: str, pending: Pending, sessions: Sessions
) -> tuple[str, Session]:
    """End a met challenge, once: the session."""
    if not await pending.settle(cookie):
        raise UnauthenticatedError("Please sign in again.")
    await pending.proven(challenge.user_id)
    return await sessions.open(
        user_id=challenge.user_id,
        tenant_id=challenge.tenant_id,
        role=challenge.role,
        profile=challenge.profile,
        name=challenge.name,
        email=challenge.email,
        device=device,
        upstream=challenge.upstream,
        passed_at=challenge.passed_at,
    )


async def offered(person: Person, *, database: Database) -> Offered:
    """How a begun sign-in can go on."""
    async with database.transaction(service("auth", person.tenant_id)) as connection:
        found = await factor_store.all_of(connection, person.user_id)
    enrolled = bool(found.authenticator_since or found.passkeys)
    return Offered(
        code=found.authenticator_since is not None,
        passkey=bool(found.passkeys),
        recovery_code=enrolled and found.recovery_codes_left > 0,
        enrol=not enrolled,
    )
