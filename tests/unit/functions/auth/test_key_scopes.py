"""The key of this machine's command line may call every function of the installation."""

from functions.auth.seed import CLI_SCOPES, key_scopes
from voiceassist.runtime.wiring import Room, Wiring


def room(name, scope):
    named = {"name": name, "scope": scope}
    return Room(**dict.fromkeys(set(Room.__dataclass_fields__) - set(named)), **named)


def test_the_scopes_of_the_wiring_come_to_those_of_the_house():
    rooms = {"oncall": room("oncall", "oncall:read"), "silent": room("silent", ""), "twin": room("twin", "kb:read")}
    assert key_scopes(Wiring(rooms)) == sorted([*CLI_SCOPES, "oncall:read"])
    assert key_scopes(Wiring({})) == sorted(CLI_SCOPES)
