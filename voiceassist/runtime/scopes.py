"""What an API key may be allowed to do, and whom it may be given to."""

from collections.abc import Iterable

from voiceassist.core.identity import Role
from voiceassist.runtime.wiring import Wiring

# What a key needs per room or service of the house. Another room says it by the annotation `scope` of its wiring; where
# nobody says it no key may call.
SCOPES = {
    "calculators": "calc:run",
    "retrieval": "kb:read",
    "documents": "documents:write",
    "notifications": "notifications:read",
    "realtime": "voice:talk",
    "events": "events:publish",
    "event_log": "events:operate",
    "subscriptions": "events:subscribe",
}
# What changes nothing for others, so that a viewer's key may do it; and what only an admin's may.
LOOKING = frozenset({"read", "run", "talk"})
OPERATING = frozenset({"operate"})
# Without patients' data: here a token passes for its five minutes while nobody can say whether it was revoked.
WITHOUT_PHI = frozenset({"calculators", "events", "subscriptions"})


def without_phi(purpose: str) -> bool:
    """Whether a part of the installation holds nobody's data (SPEC P2.7); of parts we do not know it is not said."""
    return purpose in WITHOUT_PHI


def of(wiring: Wiring) -> dict[str, str]:
    """What a key needs per room; the way in is for nobody's key, whatever its wiring says."""
    declared = {room.name: room.scope for room in wiring.rooms.values() if room.scope and room.name != "auth"}
    return declared | SCOPES


def allowed(role: Role, scopes: Iterable[str]) -> frozenset[str]:
    """Those that a key of this role may carry."""
    return frozenset(scope for scope in scopes if _may(role, scope.partition(":")[2]))


def _may(role: Role, action: str) -> bool:
    if action in OPERATING:
        return role == "admin"
    return role in {"admin", "user"} or action in LOOKING
