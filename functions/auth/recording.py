"""What becomes of somebody's second factors is on record, in the transaction of what it is about."""

from typing import TYPE_CHECKING, cast

from functions.auth.factors import Person
from functions.auth.schema import Proof
from voiceassist.core.identity import Principal, Role
from voiceassist.ports.auditing import Act, Outcome, named
from voiceassist.runtime import providers

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def factor(
    connection: "AsyncConnection | None", who: Person, done: str, *, kind: str, outcome: Outcome = "success"
) -> None:
    """`done` is what follows `factor.`; `kind`: authenticator, passkey or recovery_code. Last in a transaction."""
    act = Act(actor(who), f"factor.{done}", outcome, named("user", [who.user_id]), facts={"kind": kind})
    await providers.auditor("auth").record(act, connection)


def kind_of(proof: Proof) -> str:
    """What was shown."""
    if proof.code is not None:
        return "authenticator"
    return "recovery_code" if proof.recovery_code is not None else "passkey"


def actor(who: Person) -> Principal:
    role, profile = who.standing
    return Principal(str(who.user_id), who.tenant_id, cast("Role", role), user_id=who.user_id, profile=profile)
