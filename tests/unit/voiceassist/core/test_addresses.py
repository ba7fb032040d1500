"""Public or not, by the registries; proper forms of hosts."""

import pytest

from voiceassist.core.addresses import is_internal, is_name, is_public, literal

HOSTILE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.0.1
169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 192.168.0.1
192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b::a9fe:a9fe 64:ff9b::808:808 64:ff9b:1::7f00:1 100::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1
2001:db8::1 2002:7f00:1::1 2002:a00:1::1 2002:808:808::1 3fff::1 4000::1 5f00::1 fc00::1 fd00::1 fd00:ec2::254 fe80::1
fe80::1%eth0 2606:4700::1111%eth0 fec0::1 ff02::1 ff0e::1
""".split()
PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 93.184.216.34 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 169.253.0.1
172.15.255.255 172.32.0.1 192.0.1.1 192.167.0.1 192.169.0.1 198.17.0.1 198.20.0.1 223.255.255.255 2606:4700::1111
2a00:1450:4001::1 2001:4860:4860::8888 2003::1 2400:cb00::1
""".split()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_not_global_unicast_is_not_public(text):
    assert not is_public(literal(text))


def test_there_are_enough_of_them():
    assert len(set(HOSTILE)) >= 40


@pytest.mark.parametrize("text", PUBLIC)
def test_global_unicast_is_public(text):
    assert is_public(literal(text))
    assert not is_internal(literal(text))


def test_internal_networks_are_loopback_and_private_ones():
    assert all(
        is_internal(literal(text)) for text in ("127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "::1", "fd00::1")
    )
    for text in ("169.254.169.254", "0.0.0.0", "224.0.0.1", "100.64.0.1", "fe80::1", "::", "::ffff:127.0.0.1"):
        assert not is_internal(literal(text))


@pytest.mark.parametrize(
    "text", ["sink.example.org", "a", "xn--bcher-kva.example", "3com.com", "a-b.c", "1.2.3.4.example"]
)
def test_names_are_names(text):
    assert is_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "a.", "a..b", "-a.b", "a-.b", "a_b.c", "A.b", "ä.example", "127.1", "2130706433", "017700000001",
        "0x7f000001", "0x7f.1", "127.0.0.0x1", "1.2.3.4", "0177.0.0.1", "example.0x", "example.7", "%31.b", "a b",
        "a" * 64, ".".join(["a" * 60] * 5), "[::1]", "a\n",
    ],
)  # fmt: skip
def test_what_a_resolver_may_take_for_an_address_is_no_name(text):
    assert not is_name(text)


def test_an_address_has_one_proper_form():
    assert all(literal(text) is None for text in ("127.1", "0177.0.0.1", "0x7f000001", "2130706433", "1.2.3.4.", "::g"))
