"""The rows of the catalogue, one module per noun."""

from collections.abc import Mapping
from types import MappingProxyType

from events.catalog import answer, calculator, document, key, ping, subscription
from events.catalog.payload import EventType

_ROWS = (*document.EVENTS, *calculator.EVENTS, *answer.EVENTS, *key.EVENTS, *subscription.EVENTS, *ping.EVENTS)

EVENT_TYPES: Mapping[str, EventType] = MappingProxyType({row.type: row for row in _ROWS})
