"""Ticks of a schedule: what Knative's PingSource says."""

from events.catalog.payload import EventType, Identifier, Payload, Slug


class Ping(Payload, frozen=True, kw_only=True):
    """A schedule came due. The extension `schedule` tells which; the PingSource's own object holds ids at most."""

    TYPE = "dev.knative.sources.ping"
    OPEN = dict[Slug, Identifier]


EVENTS = (
    EventType(
        payload=Ping,
        says=(),
        heard_by=(
            "audit",
            "canary",
            "conversations",
            "documents",
            "ingestion",
            "notifications",
            "subscriptions",
            "users",
        ),
        example=Ping(),
        external=True,
    ),
)
