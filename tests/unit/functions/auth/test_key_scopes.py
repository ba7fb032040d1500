"""What keys may carry, and that the key of this machine's command line may call every function of the installation."""

import pytest

from functions.auth.keys import check_scopes, known_scopes
from functions.auth.seed import key_scopes
from voiceassist.core.errors import ForbiddenError, ValidationError
from voiceassist.runtime.scopes import SCOPES, allowed
from voiceassist.runtime.wiring import Room, Wiring

KNOWN = frozenset({"kb:read", "calc:run", "voice:talk", "documents:write", "events:publish", "events:operate"})


def room(name, scope):
    named = {"name": name, "scope": scope}
    return Room(**dict.fromkeys(set(Room.__dataclass_fields__) - set(named)), **named)


def test_the_scopes_of_the_wiring_come_to_those_of_the_house():
    rooms = {"oncall": room("oncall", "oncall:read"), "silent": room("silent", ""), "twin": room("twin", "kb:read")}
    own = sorted(allowed("user", SCOPES.values()))
    assert key_scopes(Wiring(rooms)) == sorted([*own, "oncall:read"])
    assert key_scopes(Wiring({})) == own


def test_a_role_gives_away_no_more_than_it_has():
    assert allowed("viewer", KNOWN) == {"kb:read", "calc:run", "voice:talk"}
    assert allowed("user", KNOWN) == KNOWN - {"events:operate"}
    assert allowed("admin", KNOWN) == KNOWN
    assert allowed("viewer", ["", "nothing", "wards:erase"]) == frozenset()


@pytest.mark.parametrize(
    ("role", "wanted", "error", "fault"),
    [
        ("admin", ("kb:read", "made:up"), ValidationError, ("/body/scopes/1", "UNKNOWN_SCOPE")),
        ("viewer", ("documents:write",), ForbiddenError, ("/body/scopes/0", "NOT_ALLOWED")),
        ("viewer", ("kb:read", "events:publish"), ForbiddenError, ("/body/scopes/1", "NOT_ALLOWED")),
        ("user", ("events:operate",), ForbiddenError, ("/body/scopes/0", "NOT_ALLOWED")),
    ],
)
def test_a_scope_nobody_knows_or_not_of_the_role_is_pointed_at(role, wanted, error, fault):
    with pytest.raises(error) as raised:
        check_scopes(role, wanted, KNOWN)
    assert [(one.pointer, one.code) for one in raised.value.errors] == [fault]


def test_what_is_allowed_passes():
    check_scopes("viewer", ("kb:read",), KNOWN)
    check_scopes("admin", tuple(KNOWN), KNOWN)
    assert set(SCOPES.values()) <= known_scopes()
