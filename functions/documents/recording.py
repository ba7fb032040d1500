"""Who saw or changed which documents, on record before the answer leaves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from voiceassist.core.identity import Principal
from voiceassist.ports.auditing import Act, named
from voiceassist.runtime import providers

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PART = "documents"


async def record(
    connection: "AsyncConnection | None",
    caller: Principal,
    action: str,
    documents: Sequence[UUID],
    *,
    found: bool = True,
    facts: Mapping[str, int | str | bool] | None = None,
) -> None:
    """Last in its transaction: no record, no answer. Without one it is written by itself, for what is rolled back."""
    objects = named("document", documents)
    act = Act(caller, action, "success" if found else "not_found", objects, facts=facts or {})
    await providers.auditor(PART).record(act, connection)
