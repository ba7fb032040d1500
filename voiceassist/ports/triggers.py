"""Knative Triggers: who is told which events. In a cluster its API server keeps them, locally our broker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

API_VERSION = "eventing.knative.dev/v1"


@dataclass(frozen=True, slots=True)
class Kept:
    """A Trigger that is there. `ready` is None while that is not known yet; `reason` says why it is not."""

    name: str
    ready: bool | None
    reason: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


class Triggers(Protocol):
    """Raises UnavailableError where the keeper does not answer or does not let us."""

    async def apply(self, trigger: Mapping[str, Any]) -> Kept:
        """Create or replace a Trigger object; raises TriggerRefusedError when its filters cannot be used."""
        ...

    async def get(self, name: str) -> Kept | None: ...

    async def listed(self) -> list[Kept]: ...

    async def delete(self, name: str) -> None:
        """Deleting what is not there is no error."""
        ...
