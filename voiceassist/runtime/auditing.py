"""Writing the audit: an entry joins its tenant's chain in the transaction of what it is about, or in one of its own.

A tenant has a few chains, so that as many transactions may add at once. The database says which is free, holds it until
the transaction ends, and tells the last MAC; the new one is made here, because the database never has the key. What
cannot be recorded does not happen: the error of a failed write rolls back, and the caller's door answers 503.
"""

import ipaddress
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from voiceassist.adapters.postgres import Database
from voiceassist.core import clock, hash_chain, ids
from voiceassist.core.errors import UnavailableError, VoiceAssistError
from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import PURPOSES, Act, Purpose, purpose_of
from voiceassist.runtime import logging, metrics, tracing
from voiceassist.runtime.audit_keys import AuditKeys

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = logging.get_logger(__name__)

VERSION = 1
UNRECORDED = "AUDIT_UNAVAILABLE"
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2: `sub`

_network: ContextVar[str] = ContextVar("voiceassist_network", default="")
_purpose: ContextVar[Purpose | None] = ContextVar("voiceassist_purpose", default=None)


class Writer:
    """The auditor on PostgreSQL. `part` is the room or service that writes."""

    def __init__(self, database: Database, keys: AuditKeys, *, part: str, chains: int = 4) -> None:
        self._database, self._keys, self._part, self._chains = database, keys, part, chains

    async def record(self, act: Act, connection: "AsyncConnection | None" = None) -> None:
        """See `ports.auditing.Auditor`."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if connection is None:
                async with self._database.transaction(act.principal) as own:
                    await self._append(own, act)
            else:
                await self._append(connection, act)
        except (SQLAlchemyError, VoiceAssistError, OSError) as error:
            metrics.AUDIT_FAILURES.inc()
            log.error("audit.unwritten", action=act.action, **logging.error_fields(error))
            raise UnavailableError("The act could not be put on record.", code=UNRECORDED, retry_after=5) from None
        metrics.AUDIT_ENTRIES.labels(act.outcome).inc()

    async def _append(self, connection: "AsyncConnection", act: Act) -> None:
        tenant, person = act.principal.tenant_id, act.principal.user_id
        key = self._keys.current(tenant)
        claim, add = _statements()
        claimed = await connection.execute(claim, {"tenant": tenant, "person": person, "chains": self._chains})
        chain, number, before, iss, sub = claimed.one()
        told = self._entry(act) | {"chain": chain, "number": number + 1, "key": key.name}
        told["by"] |= {"iss": iss or "", "sub": _plain(sub or act.principal.subject)}
        body = hash_chain.canonical(told)
        mac = hash_chain.mac(key.secret, bytes(before) if before else hash_chain.GENESIS, body)
        await connection.execute(add, {"body": body.decode(), "mac": mac})

    def _entry(self, act: Act) -> dict[str, Any]:
        principal = act.principal
        patient = self._keys.patients(principal.tenant_id, act.patient)[0] if act.patient else ""
        return {
            "v": VERSION,
            "id": str(ids.new_id()),
            "tenant": str(principal.tenant_id),
            "at": clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "action": act.action,
            "outcome": act.outcome,
            "by": _actor(principal),
            "in": self._part,
            "objects": list(act.objects),
            "patient": patient,
            "purpose": act.purpose or _purpose.get() or purpose_of(principal),
            "session": _plain(principal.session_id)[:64],
            "network": _network.get(),
            "trace": tracing.current_trace_id() or "",
            "facts": dict(act.facts),
        }


def _actor(principal: Principal) -> dict[str, Any]:
    """Who acts, and the part that acts for somebody: the one place that knows how a principal says it."""
    return {
        "user": str(principal.user_id or ""),
        "role": principal.role,
        "profile": _plain(principal.profile),
        "act": " ".join(principal.actors),
    }


def _plain(text: str) -> str:
    """An issuer chooses subjects; no control character of theirs gets into an entry."""
    return "".join(character for character in text if character.isprintable())[:LONGEST_SUBJECT]


@lru_cache(maxsize=1)
def _statements() -> tuple[Any, Any]:
    from sqlalchemy import text

    return (
        text(
            "select chain, number, mac, iss, sub"
            " from audit_claim(cast(:tenant as uuid), cast(:person as uuid), cast(:chains as int))"
        ),
        text("insert into audit_entries (body, mac) values (:body, :mac)"),
    )


def came_from(address: str, purpose: str = "") -> None:
    """Remember for this request what kind of network it came from, and the purpose it states.

    Of the network the kind alone: an address is an identifier of a person. Of purposes those that HL7 knows.
    """
    _network.set(network_of(address))
    _purpose.set(cast("Purpose", purpose) if purpose in PURPOSES else None)


def network_of(address: str) -> str:
    """loopback, private, public; empty where nobody knows."""
    try:
        found = ipaddress.ip_address(address.strip().rpartition(",")[2].strip())
    except ValueError:
        return ""
    if found.is_loopback:
        return "loopback"
    return "public" if found.is_global else "private"
