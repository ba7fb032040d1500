"""Every event type of the house: its payload, who says it, who hears it, one example. A noun, a module.

    EVENT_TYPES            the rows, by type
    read(payload, data)    the data of a heard event; unknown fields are ignored
    check(type, data)      refuse data that breaks its schema; unknown fields are refused
    schema(type)           the JSON schema, also under events/schemas/ (`python -m events.schemas`)

Payloads carry ids, hashes and counts, never clinical text or names. Within `.v1` a payload may only grow, by
fields with a default: doors ignore fields they do not know, so that an older room survives a newer neighbour,
while `check` (used by whoever publishes, and by the broker) refuses them, because a field nobody declared is
where patient data would slip in.
"""

from events.catalog.answer import AnswerAbstained, AnswerGiven
from events.catalog.audit import AuditAnchored, AuditBroken
from events.catalog.calculator import CalculatorComputed
from events.catalog.canary import CanarySearched
from events.catalog.described import schema, schema_uri
from events.catalog.directory import DirectoryHeld
from events.catalog.document import (
    DocumentCleared,
    DocumentDeleted,
    DocumentFailed,
    DocumentIndexed,
    DocumentQuarantined,
    DocumentSuperseded,
    DocumentUploaded,
)
from events.catalog.emergency import EmergencyOpened
from events.catalog.factor import FactorChanged
from events.catalog.grant import GrantReused
from events.catalog.key import KeyCreated, KeyRevoked
from events.catalog.payload import EventType, Payload
from events.catalog.phi import PhiScanCompleted, PhiScanRequested
from events.catalog.ping import Ping
from events.catalog.reading import PayloadError, check, read
from events.catalog.subscription import SubscriptionTested
from events.catalog.table import EVENT_TYPES
from events.catalog.user import UserCreated, UserDisabled, UserSynced, UserUpdated

__all__ = [
    "EVENT_TYPES",
    "AnswerAbstained",
    "AnswerGiven",
    "AuditAnchored",
    "AuditBroken",
    "CalculatorComputed",
    "CanarySearched",
    "DirectoryHeld",
    "DocumentCleared",
    "DocumentDeleted",
    "DocumentFailed",
    "DocumentIndexed",
    "DocumentQuarantined",
    "DocumentSuperseded",
    "DocumentUploaded",
    "EmergencyOpened",
    "EventType",
    "FactorChanged",
    "GrantReused",
    "KeyCreated",
    "KeyRevoked",
    "Payload",
    "PayloadError",
    "PhiScanCompleted",
    "PhiScanRequested",
    "Ping",
    "SubscriptionTested",
    "UserCreated",
    "UserDisabled",
    "UserSynced",
    "UserUpdated",
    "check",
    "read",
    "schema",
    "schema_uri",
]
