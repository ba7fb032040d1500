"""What is stored for an event that enters a broker: who hears it, how far it may still travel, its trace."""

import msgspec

from events.broker.jobs import Entry
from events.broker.routes import BrokerName, Routing
from events.envelope import CloudEvent
from voiceassist.core.errors import ValidationError
from voiceassist.runtime import tracing

TTL = "knativebrokerttl"
FIRST_TTL = 255


def entry_for(
    routing: Routing,
    broker: BrokerName,
    event: CloudEvent,
    *,
    now: int,
    ttl: int | None = None,
    trace: str | None = None,
) -> Entry:
    """What to store for an event that enters `broker`. A `ttl` given belongs to a reply and counts down."""
    remaining = _remaining(event) if ttl is None else ttl
    if remaining <= 0:
        raise ValidationError("The event has passed too many brokers.", code="TTL_EXCEEDED")
    if TTL in event.extensions:
        rest = {name: value for name, value in event.extensions.items() if name != TTL}
        event = msgspec.structs.replace(event, extensions=rest)
    routes = routing.matching(broker, event.attributes())
    key = event.extensions.get("partitionkey")
    lane = None if key is None else routing.lane(str(key))
    keyed = [(route.name, lane if route.ordered else None) for route in routes]
    return Entry(str(broker), event, keyed, now, remaining, _carried(event) or trace)


def _remaining(event: CloudEvent) -> int:
    value = event.extensions.get(TTL)
    if value is None:
        return FIRST_TTL
    text = str(value)
    return min(int(text[:4]), FIRST_TTL) - 1 if text.isascii() and text.isdigit() else 0


def _carried(event: CloudEvent) -> str | None:
    """The event's own trace (distributed tracing extension) goes before that of the request."""
    value = event.extensions.get("traceparent")
    context = tracing.parse(value) if isinstance(value, str) else None
    return context.traceparent if context else None
