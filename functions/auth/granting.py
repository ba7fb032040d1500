"""Access tokens for integrators: with an API key, or for an application that a person granted something.

Browsers have none of this: they keep their session in a cookie. A refresh token works once; its second use says that
somebody has a copy, so the whole grant ends at once, with every socket it opened (SPEC N48).
"""

import asyncio
import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from events.catalog import GrantReused
from functions.auth import grant_store, key_store, keys
from functions.auth.grant_store import Standing
from functions.auth.key_ring import KeyRing
from functions.auth.oauth import InvalidClientError, InvalidGrantError, InvalidScopeError, InvalidTargetError
from functions.auth.schema import AppGrant, MadeGrant, NewGrant
from functions.auth.service import ACTING
from voiceassist.adapters.postgres import Database
from voiceassist.core import ids
from voiceassist.core.errors import ConflictError, NotFoundError
from voiceassist.core.identity import Principal, service
from voiceassist.ports.auditing import Act, Auditor
from voiceassist.runtime import access_tokens, logging, metrics, outbox, revocation, scopes, wiring
from voiceassist.runtime.credentials import ApiKey
from voiceassist.runtime.revocation import Revocations
from voiceassist.runtime.sessions import Session

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

PREFIX = "vr_"
MOST_LIVING = 50
PAGE = 200
# RFC 8176: how a person had signed in who granted something; a key is software's own.
OF_PEOPLE = ("pwd", "otp", "mfa")
OF_KEYS = ("swk",)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a token is asked for: the part of the installation it is to open, and with which of the scopes."""

    audience: str
    scope: str
    jkt: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """`refresh` is empty where an API key asked, which can ask again."""

    access: str
    scopes: frozenset[str]
    refresh: str = ""


@dataclass(frozen=True, slots=True)
class Issuing:
    """What making a token needs. `issuer` is the address of this installation."""

    database: Database
    redis: "Redis"
    ring: KeyRing
    auditor: Auditor
    issuer: str


async def create(owner: Principal, signed_in: Session, wanted: NewGrant, *, at: Issuing) -> MadeGrant:
    """Grant an application something of one's own; its first refresh token is told this once."""
    assert owner.user_id is not None  # noqa: S101 - a browser session is a person's
    keys.check_scopes(owner.role, wanted.scopes, await asyncio.to_thread(keys.known_scopes))
    token = PREFIX + secrets.token_urlsafe(32)
    about = {
        "id": ids.new_id(),
        "tenant": owner.tenant_id,
        "owner": owner.user_id,
        "name": wanted.name,
        "scopes": sorted(set(wanted.scopes)),
        "jkt": wanted.dpop_jkt,
        "amr": list(OF_PEOPLE),
        "auth_time": datetime.fromtimestamp(int(signed_in.mfa_at), UTC),
    }
    async with at.database.transaction(_acting(owner)) as connection:
        if await grant_store.living(connection, owner.user_id) >= MOST_LIVING:
            raise ConflictError("You have granted too much; end something first.", code="TOO_MANY_GRANTS")
        made = await grant_store.add(connection, about, token)
        await at.auditor.record(Act(owner, "grant.created", objects=(f"grant:{made.id}",)), connection)
    return MadeGrant(**made.model_dump(), refresh_token=token)


async def listed(owner: Principal, *, at: Issuing) -> list[AppGrant]:
    assert owner.user_id is not None  # noqa: S101 - a browser session is a person's
    async with at.database.transaction(_acting(owner)) as connection:
        return await grant_store.listed(connection, owner.user_id, PAGE)


async def end(owner: Principal, grant_id: UUID, *, at: Issuing) -> None:
    """From now on nothing of it opens anything."""
    async with at.database.transaction(_acting(owner)) as connection:
        if not await grant_store.end(connection, grant_id, "owner", owner.user_id):
            raise NotFoundError("There is no such grant of yours, or it has ended.")
        await at.auditor.record(Act(owner, "grant.ended", objects=(f"grant:{grant_id}",)), connection)
    await Revocations(at.redis).revoke(revocation.application(grant_id))


async def by_key(key: str, asked: Asked, *, at: Issuing) -> Tokens:
    """RFC 6749, section 4.4: an API key is the client's secret. InvalidClientError for one that opens nothing."""
    async with at.database.transaction(ACTING) as connection:
        state = await key_store.state(connection, key)
    if not state.active or state.jkt != asked.jkt:
        metrics.AUTH_FAILURES.labels("key").inc()
        raise InvalidClientError("The key is not valid.")
    known = ApiKey(**state.model_dump() | {"scopes": tuple(state.scopes)})
    now = int(time.time())
    return await _made(known.principal(), asked, auth_time=now, amr=OF_KEYS, at=at)


async def by_refresh(token: str, client: str, asked: Asked, *, at: Issuing) -> Tokens:
    """RFC 6749, section 6. InvalidGrantError for a token that is not good; what is asked for wrongly spends none."""
    client_id = _client(client)
    following = PREFIX + secrets.token_urlsafe(32)
    async with at.database.transaction(ACTING) as connection:
        standing = await grant_store.rotate(connection, token, following, client=client_id, jkt=asked.jkt)
        if standing is not None:
            made = await _made(_person(standing), asked, auth_time=standing.auth_time, amr=tuple(standing.amr), at=at)
            return replace(made, refresh=following)
        stolen = await grant_store.reused(connection, token)
        if stolen:
            await _end_reused(connection, *stolen)
    if stolen:
        await _tell_reused(*stolen, at=at)
    metrics.AUTH_FAILURES.labels("refresh_reuse" if stolen else "refresh").inc()
    raise InvalidGrantError("The refresh token is not valid.")


async def _end_reused(connection: "AsyncConnection", grant_id: UUID, tenant_id: UUID, owner_id: UUID) -> None:
    if await grant_store.end(connection, grant_id, "reuse"):
        payload = GrantReused(grant_id=grant_id, tenant_id=tenant_id, owner_id=owner_id)
        event = outbox.event_of("auth", payload.TYPE, payload, subject=str(grant_id), key=str(grant_id))
        await outbox.add(connection, "auth", event)


async def _tell_reused(grant_id: UUID, tenant_id: UUID, owner_id: UUID, *, at: Issuing) -> None:
    """The grant has ended already: nothing that fails from here on may bring it back."""
    metrics.REFRESH_REUSED.inc()
    log.warning("auth.refresh_reused", user_id=str(owner_id))
    await Revocations(at.redis).revoke(revocation.application(grant_id))
    await outbox.nudge(at.database)
    act = Act(
        service("auth", tenant_id),
        "grant.reused",
        outcome="refused",
        objects=(f"grant:{grant_id}", f"user:{owner_id}"),
    )
    await at.auditor.record(act)


async def _made(principal: Principal, asked: Asked, *, auth_time: int, amr: tuple[str, ...], at: Issuing) -> Tokens:
    """A token for one part, with no more than was granted and than the person's role still allows."""
    needed = (await asyncio.to_thread(_needed)).get(asked.audience)
    granted = scopes.allowed(principal.role, principal.scopes)
    wanted = frozenset(asked.scope.split()) or granted
    if not wanted <= granted:
        raise InvalidScopeError("That scope was not granted.")
    if needed is None or needed not in wanted:
        raise InvalidTargetError("The token would open nothing there.")
    key = await at.ring.signer()
    claims = access_tokens.claims_of(
        replace(principal, scopes=wanted),
        issuer=at.issuer,
        audience=asked.audience,
        client=principal.session_id.partition("-")[2],
        jti=str(ids.new_id()),
        now=int(time.time()),
        auth_time=auth_time,
        amr=amr,
        jkt=asked.jkt,
    )
    return Tokens(access_tokens.sign(claims, key.private, key.kid), wanted)


@lru_cache(maxsize=1)
def _needed() -> dict[str, str]:
    """The scope that each part of the installation asks for."""
    return scopes.of(wiring.load())


def _person(standing: Standing) -> Principal:
    return Principal(
        subject=str(standing.owner_id),
        tenant_id=standing.tenant_id,
        role=standing.role,
        user_id=standing.owner_id,
        profile=standing.profile,
        scopes=frozenset(standing.scopes),
        session_id=revocation.application(standing.id),
    )


def _client(told: str) -> UUID:
    try:
        return UUID(told)
    except ValueError:
        raise InvalidClientError("The client is not known.") from None


def _acting(owner: Principal) -> Principal:
    return service("auth", owner.tenant_id)
