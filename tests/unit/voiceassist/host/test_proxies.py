"""Whose address counts when proxies stand in front."""

import pytest

from voiceassist.core.errors import SettingsError
from voiceassist.runtime.host.limits import Limiter
from voiceassist.runtime.host.proxies import Proxies
from voiceassist.runtime.settings import Limits


def seen(networks, peer, *told):
    headers = [(b"x-forwarded-for", line.encode()) for line in told]
    return Proxies(networks).seen({"client": (peer, 4711), "headers": headers})["client"][0]


@pytest.mark.parametrize(
    ("networks", "peer", "told", "caller"),
    [
        ("", "127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
        ("10.0.0.0/8", "203.0.113.1", ["203.0.113.9"], "203.0.113.1"),
        ("10.0.0.0/8", "10.0.0.2", [], "10.0.0.2"),
        ("10.0.0.0/8", "10.0.0.2", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.2", ["1.1.1.1, 203.0.113.9, 10.0.0.3"], "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.2", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.2", ["10.0.0.4, 10.0.0.3"], "10.0.0.4"),
        ("10.0.0.0/8", "10.0.0.2", ["203.0.113.9, unknown"], "10.0.0.2"),
        ("10.0.0.0/8", "10.0.0.2", ["1.1.1.1, , 10.0.0.3"], "10.0.0.3"),
        ("10.0.0.0/8", "10.0.0.2", ["203.0.113.9:5555"], "203.0.113.9"),
        ("10.0.0.0/8, fd00::/8", "fd00::1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.0/8", "::ffff:10.0.0.2", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", "127.0.0.1", ["127.0.0.1, 203.0.113.9"], "203.0.113.9"),
    ],
)
def test_forwarded_addresses_count_from_named_proxies_only(networks, peer, told, caller):
    assert seen(networks, peer, *told) == caller


def test_a_listener_without_a_peer_is_left_alone():
    scope = {"client": None, "headers": []}
    assert Proxies("10.0.0.0/8").seen(scope) is scope


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "the-proxy", "10.0.0.1/8"])
def test_a_list_that_cannot_be_read_stops_the_start(networks):
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES") as caught:
        Proxies(networks)
    assert networks not in caught.value.detail


def test_one_ipv6_subscriber_is_one_address_to_the_limits():
    limiter = Limiter(None, Limits())
    assert limiter.address("2001:db8::1") == limiter.address("2001:db8::ffff:1")
    assert limiter.login("password", "2001:db8::1") == limiter.login("password", "2001:db8::2")
    assert limiter.address("2001:db8::1") != limiter.address("2001:db8:0:1::1")
    assert limiter.address("192.0.2.1") != limiter.address("192.0.2.2")
