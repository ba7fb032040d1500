"""Accounts that follow a directory, in PostgreSQL."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from voiceassist.contracts.directory import Described
from voiceassist.core import ids

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS = (
    "id, status, role, profile, display_name as name, email, granted_role, granted_profile, from_directory,"
    " disabled_in_directory, disabled_here"
)
_ADD = """
insert into users (id, tenant_id, iss, sub, email, display_name, role, profile, granted_role, granted_profile,
                   from_directory)
values (:id, :tenant, :iss, :sub, :email, :name, :role, :profile, :role, :profile, true)
on conflict (iss, sub) do nothing returning id
"""
_FOLLOW = """
update users set email = :email, display_name = :name, role = :role, profile = :profile, granted_role = :role,
    granted_profile = :profile, from_directory = true, status = :status, disabled_in_directory = :disabled_in_directory,
    disabled_here = :disabled_here, updated_at = now()
where id = :id
"""


@dataclass(frozen=True, slots=True)
class Found:
    """An account, locked until the transaction ends."""

    id: UUID
    status: str
    role: str
    profile: str
    name: str
    email: str
    granted_role: str | None
    granted_profile: str
    from_directory: bool
    disabled_in_directory: bool
    disabled_here: bool

    @property
    def standing(self) -> tuple[str, str]:
        return self.role, self.profile

    def is_as(self, person: Described) -> bool:
        """Whether it follows the directory already, in everything but whether it is open."""
        told = (person.name, person.email, person.role, person.profile, person.role, person.profile)
        kept = (self.name, self.email, self.role, self.profile, self.granted_role, self.granted_profile)
        return self.from_directory and told == kept


async def has_tenant(connection: "AsyncConnection", tenant_id: UUID) -> bool:
    return (await _run(connection, "select 1 from tenants where id = :id", id=tenant_id)).first() is not None


async def found(connection: "AsyncConnection", issuer: str, subjects: list[str]) -> dict[str, Found]:
    """Those that there are, by subject."""
    rows = await _run(
        connection,
        # In one order, so that two transactions do not wait for each other.
        f"select sub, {_COLUMNS} from users where iss = :iss and sub = any(:subjects) order by id for update",  # noqa: S608 - ours
        iss=issuer,
        subjects=subjects,
    )
    return {row[0]: Found(*row[1:]) for row in rows.all()}


async def add(connection: "AsyncConnection", tenant_id: UUID, issuer: str, person: Described) -> UUID | None:
    """The new account; None where another tenant, whose rows nobody sees here, has the subject."""
    made = await _run(
        connection,
        _ADD,
        id=ids.new_id(),
        tenant=tenant_id,
        iss=issuer,
        sub=person.sub,
        email=person.email,
        name=person.name,
        role=person.role,
        profile=person.profile,
    )
    return made.scalar_one_or_none()  # type: ignore[no-any-return]


async def follow(
    connection: "AsyncConnection",
    user_id: UUID,
    person: Described,
    *,
    status: str,
    disabled_in_directory: bool,
    disabled_here: bool,
) -> None:
    """Role and profile are granted as by an invitation, so that a sign-in keeps them."""
    await _run(
        connection,
        _FOLLOW,
        id=user_id,
        email=person.email,
        name=person.name,
        role=person.role,
        profile=person.profile,
        status=status,
        disabled_in_directory=disabled_in_directory,
        disabled_here=disabled_here,
    )


async def bury(connection: "AsyncConnection", user_id: UUID) -> None:
    await _run(
        connection,
        "update users set status = 'deprovisioned', disabled_in_directory = true, updated_at = now() where id = :id",
        id=user_id,
    )


async def _run(connection: "AsyncConnection", statement: str, **values: Any) -> Any:
    from sqlalchemy import text

    return await connection.execute(text(statement), values)
