"""The rows of the catalogue, one module per noun."""

from collections.abc import Mapping
from types import MappingProxyType

from events.catalog import (
    answer,
    audit,
    calculator,
    canary,
    directory,
    document,
    emergency,
    factor,
    grant,
    key,
    phi,
    ping,
    subscription,
    user,
)
from events.catalog.payload import EventType

_NOUNS = (
    document, calculator, answer, factor, key, grant, subscription, phi, canary, ping, audit, emergency, user, directory
)  # fmt: skip
_ROWS: tuple[EventType, ...] = tuple(row for noun in _NOUNS for row in noun.EVENTS)

EVENT_TYPES: Mapping[str, EventType] = MappingProxyType({row.type: row for row in _ROWS})
