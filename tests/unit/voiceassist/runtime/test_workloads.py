"""The key pairs of the parts: whose a key is, which a process holds, and what no setting may hold."""

import json

import pytest

from voiceassist.core.errors import SettingsError
from voiceassist.core.identity import service
from voiceassist.runtime import tokens, workloads
from voiceassist.runtime.engines.services import PARTS, own_keys
from voiceassist.runtime.settings import Settings, Workload, parse

KNOWN = workloads.derived("s" * 40)
KEY, KEYS = "VOICEASSIST_WORKLOAD__KEY", "VOICEASSIST_WORKLOAD__KEYS"


def kids(text):
    return {key["kid"] for key in json.loads(text)["keys"]}


def test_every_part_has_a_key_of_its_own_and_the_same_after_a_restart():
    assert kids(KNOWN.key) == kids(KNOWN.keys) == {"gateway", "realtime", "broker", "operator", *workloads.rooms()}
    assert len({key["d"] for key in json.loads(KNOWN.key)["keys"]}) == len(kids(KNOWN.key))
    workloads._derived.cache_clear()
    assert workloads.derived("s" * 40) == KNOWN != workloads.derived("t" * 40)


def test_what_all_know_holds_nothing_to_sign_with():
    assert all(key.keys() == {"kty", "crv", "x", "y", "kid", "alg"} for key in json.loads(KNOWN.keys)["keys"])


@pytest.mark.req("P2.14")
@pytest.mark.parametrize("process", PARTS)
def test_a_process_of_the_local_stack_is_given_its_own_keys_and_no_other(process):
    environ = {KEY: KNOWN.key, KEYS: KNOWN.keys}
    assert kids(own_keys(environ, PARTS[process])[KEY]) == set(PARTS[process])
    assert "operator" not in PARTS[process]


def test_a_key_takes_the_place_of_another_while_both_are_known():
    """Public first, then the private one of the part, then the old public one goes."""
    fresh = json.loads(workloads.only(workloads.derived("t" * 40), "phi"))["keys"][0] | {"kid": "phi.2"}
    public = {name: value for name, value in fresh.items() if name != "d"}
    both = json.dumps({"keys": [*json.loads(KNOWN.keys)["keys"], public]})
    old = Workload(key=workloads.only(KNOWN, "phi"), keys=both)
    new = Workload(key=json.dumps({"keys": [*json.loads(old.key)["keys"], fresh]}), keys=both)
    for signer in (old, new):
        token = tokens.mint(service("phi"), issuer="phi", audience="auth", workload=signer)
        assert tokens.verify(token, audience="auth", workload=old) == service("phi")
    assert workloads.signing(new, "phi").kid == "phi.2"


def test_the_gateway_relays_in_its_own_name_what_a_room_left_behind():
    gateway = Workload(key=workloads.only(KNOWN, "gateway"), keys=KNOWN.keys)
    assert workloads.speaker(gateway, "documents") == "gateway"
    assert workloads.speaker(KNOWN, "documents") == "documents"


def changed(text, **changes):
    listed = json.loads(text)["keys"]
    listed[0] = {name: value for name, value in (listed[0] | changes).items() if value is not None}
    return json.dumps({"keys": listed})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (KEYS, KNOWN.key),  # private keys for everybody
        (KEY, KNOWN.keys),  # nothing to sign with
        (KEYS, "{"),
        (KEYS, "[]"),
        (KEYS, '{"keys": ["x"]}'),
        (KEYS, changed(KNOWN.keys, kty="oct", k="c2VjcmV0")),
        (KEYS, changed(KNOWN.keys, crv="P-384")),
        (KEYS, changed(KNOWN.keys, alg="HS256")),
        (KEYS, changed(KNOWN.keys, kid=None)),
        (KEYS, changed(KNOWN.keys, kid="")),
        (KEYS, changed(KNOWN.keys, kid=".2")),
        (KEYS, changed(KNOWN.keys, kid="realtime")),  # two keys of one name
    ],
)
def test_no_process_starts_with_keys_that_are_none(name, value):
    with pytest.raises(SettingsError) as refused:
        parse({name: value})
    assert name in refused.value.detail
    assert value not in refused.value.detail


def test_a_key_that_is_no_point_of_the_curve_is_told_when_it_is_used():
    bent = Workload(keys=changed(KNOWN.keys, y="AAAA"))
    with pytest.raises(SettingsError):
        workloads.known(bent, "gateway")


def test_settings_take_the_keys_from_the_environment():
    assert parse({KEY: KNOWN.key, KEYS: KNOWN.keys}) == Settings(workload=KNOWN)
