"""Who acts: the principal that every store query and every audit line needs."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Role = Literal["admin", "viewer", "user", "service"]
ROLES: tuple[Role, ...] = ("admin", "viewer", "user", "service")

# One organisation per fresh installation (G5); its row is created by the first migration.
DEFAULT_TENANT = UUID("01900000-0000-7000-8000-000000000001")


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated user or service.

    `user_id` is None for services, whose name stands in `subject`. `session_id` names the sign-in, key or grant with
    which the principal ends. `second_factor_at` is Unix time, 0 where there was none: of services, API keys and what
    acts for a session later. `actors` are the parts of the installation that act for the subject here, the latest
    first: whose call this is, and by which way it came (RFC 8693, section 4.1).
    """

    subject: str
    tenant_id: UUID
    role: Role
    user_id: UUID | None = None
    profile: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)
    session_id: str = ""
    name: str = ""
    second_factor_at: float = 0.0
    actors: tuple[str, ...] = ()

    @property
    def is_service(self) -> bool:
        return self.role == "service"


def service(name: str, tenant_id: UUID = DEFAULT_TENANT) -> Principal:
    return Principal(subject=name, tenant_id=tenant_id, role="service")
