"""What the subscriptions API says and hears."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from voiceassist.contracts.answers import Contract

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Sink = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Filters = Annotated[
    list[dict[str, Any]],
    Field(
        description="Filters of the CloudEvents Subscriptions API, all of which must match: exact, prefix, suffix, "
        "all, any, not, cesql. An empty list hears everything the owner may see.",
        examples=[[{"exact": {"type": "org.voiceassist.document.indexed.v1"}}]],
    ),
]


class New(Contract):
    name: Name
    sink: Sink
    filters: Filters = Field(default_factory=list)
    active: bool = True


class Change(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name | None = None
    sink: Sink | None = None
    filters: Filters | None = None
    active: bool | None = None


class Subscription(Contract):
    """`disabled_reason`: why we ended it ourselves, GONE when the sink answered 410."""

    id: UUID
    owner_id: UUID
    name: str
    sink: str
    filters: list[dict[str, Any]]
    active: bool
    disabled_reason: str | None
    previous_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


class Shown(Subscription):
    """`ready`: whether the broker delivers to it now; null while it does not know yet."""

    ready: bool | None
    reason: str = ""


class Made(Subscription):
    """`secret` signs what is delivered; it is told this once."""

    secret: str


class Subscriptions(Contract):
    items: tuple[Subscription, ...]
    next_cursor: str | None = None


class Secret(Contract):
    """The secret before this one signs too until `previous_secret_until`."""

    secret: str
    previous_secret_until: datetime


class Tested(Contract):
    """The id of the event under way; look for it among the deliveries."""

    event_id: str


class Delivery(Contract):
    """One try: `outcome` is delivered, gone, refused, busy or failed; `status` what the sink answered."""

    id: UUID
    at: datetime
    event_id: str
    event_type: str
    outcome: str
    status: int | None
    duration_ms: int


class Deliveries(Contract):
    items: tuple[Delivery, ...]
    next_cursor: str | None = None
