"""The accounts are the room auth's: it is told what the directory says, with this room's own token."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from voiceassist.contracts.directory import Applied, AppliedAll, Apply, Described
from voiceassist.core.errors import NotFoundError, UnavailableError
from voiceassist.core.identity import service
from voiceassist.runtime import http
from voiceassist.runtime.settings import load_settings

ROOM = "users"
SECONDS = 30.0


async def apply(tenant_id: UUID, issuer: str, people: Sequence[Described]) -> tuple[Applied, ...]:
    """In the order of `people`. UnavailableError: nothing of it was done, or nobody knows; it may be asked again."""
    answer = await http.call(
        "POST",
        f"{load_settings().room('auth')}/api/v1/auth/directory",
        principal=service(ROOM, tenant_id),
        issuer=ROOM,
        audience="auth",
        content=Apply(issuer=issuer, people=tuple(people)).model_dump_json(),
        headers={"content-type": "application/json"},
        timeout=SECONDS,
    )
    if answer.status_code == 404:
        raise NotFoundError("The settings name a tenant that there is not.", code="NO_TENANT")
    if answer.status_code != 200:
        raise UnavailableError("The accounts could not be changed.", code="ACCOUNTS_UNAVAILABLE")
    return AppliedAll.model_validate(msgspec.json.decode(answer.content)).items
