"""The guard of the way out: which URLs, which hosts, which addresses. Nothing is sent here."""

from socket import EAI_NONAME, gaierror

import httpcore
import pytest

from voiceassist.core.errors import SettingsError
from voiceassist.runtime.egress.web import Egress, EgressRefusedError, NoAnswerError
from voiceassist.runtime.settings import Egress as Section
from voiceassist.runtime.settings import Settings, parse

PUBLIC = "93.184.216.34"


def egress(*found, names=None, profile="production", **section):
    """A guard whose resolver gives these addresses for every name, or by name."""

    async def resolve(host, _port):
        return names[host] if names else list(found)

    return Egress(Settings(profile=profile, egress=Section(**section)), resolve=resolve)


async def reason(guard, url):
    with pytest.raises(EgressRefusedError) as refused:
        await guard.check(url)
    return refused.value.reason


async def test_a_public_https_address_is_let_through():
    guard = egress(PUBLIC, "2606:4700::1111")
    for url in (
        "https://sink.example.org",
        "https://sink.example.org:443/hooks/1?token=a%20b&x=[1]",
        "https://SINK.example.org/",
        f"https://{PUBLIC}/hook",
        "https://[2606:4700::1111]/hook",
    ):
        await guard.check(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://sink.example.org/", "SCHEME"),
        ("ftp://sink.example.org/", "SCHEME"),
        ("file:///etc/passwd", "SCHEME"),
        ("gopher://127.0.0.1:6379/_x", "SCHEME"),
        ("sink.example.org/hook", "SCHEME"),
        ("//sink.example.org/hook", "SCHEME"),
        ("", "URL"),
        ("https://", "HOST"),
        ("https:///path", "HOST"),
        ("https://user@sink.example.org/", "URL"),
        ("https://user:password@sink.example.org/", "URL"),
        ("https://sink.example.org@127.0.0.1/", "URL"),
        ("https://sink.example.org/#fragment", "URL"),
        ("https://sink.example.org\\@127.0.0.1/", "URL"),
        ("https://sink.example.org/ x", "URL"),
        ("https://sink.example.org/\r\nx-evil: 1", "URL"),
        ("https://sink.exa\tmple.org/", "URL"),
        ("https://sïnk.example.org/", "URL"),
        ("https://１２７.0.0.1/", "URL"),
        ("https://sink.example.org:99999/", "URL"),
        ("https://sink.example.org:x/", "URL"),
        ("https://[::1/", "URL"),
        ("https://[::1]x/", "URL"),
        ("https://sink.example.org/" + "x" * 2048, "URL"),
        ("https://sink.example.org./", "HOST"),
        ("https://sink..example.org/", "HOST"),
        ("https://-sink.example.org/", "HOST"),
        ("https://si_nk.example.org/", "HOST"),
        ("https://%6c%6fcalhost/", "HOST"),
        ("https://%31%32%37.0.0.1/", "HOST"),
        ("https://2130706433/", "HOST"),
        ("https://017700000001/", "HOST"),
        ("https://0x7f000001/", "HOST"),
        ("https://0x7f.1/", "HOST"),
        ("https://127.1/", "HOST"),
        ("https://127.0.1/", "HOST"),
        ("https://0177.0.0.1/", "HOST"),
        ("https://127.0.0.1.:443/", "HOST"),
        ("https://[fe80::1%25eth0]/", "NOT_PUBLIC"),
        ("https://sink.example.org:/", "URL"),
        ("https://sink.example.org:0443/", "URL"),
        ("https://sink.example.org:8443/", "PORT"),
        ("https://sink.example.org:22/", "PORT"),
        ("https://sink.example.org:0/", "PORT"),
    ],
)
async def test_other_urls_are_refused(url, expected):
    assert await reason(egress(PUBLIC), url) == expected


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "255.255.255.255", "224.0.0.1", "198.18.0.1", "::1", "::", "fd00::1", "fe80::1", "ff02::1",
        "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2001:0:7f00:1::", "2001:db8::1", "no-address",
    ],
)  # fmt: skip
async def test_a_name_or_literal_that_leads_inside_is_refused(address):
    assert await reason(egress(address), "https://sink.example.org/") == "NOT_PUBLIC"
    for mixed in ((PUBLIC, address), (address, PUBLIC)):
        assert await reason(egress(*mixed), "https://sink.example.org/") == "NOT_PUBLIC"
    if address != "no-address":
        host = f"[{address}]" if ":" in address else address
        assert await reason(egress(PUBLIC), f"https://{host}/") == "NOT_PUBLIC"


async def test_a_name_nobody_knows_is_no_answer():
    async def resolve(_host, _port):
        raise gaierror(EAI_NONAME, "unknown")

    with pytest.raises(NoAnswerError) as unanswered:
        await Egress(Settings(), resolve=resolve).check("https://nowhere.example.org/")
    assert unanswered.value.reason == "NO_ADDRESS"


async def test_a_list_of_hosts_is_exhaustive():
    guard = egress(PUBLIC, allowed_hosts=" Partner.example, 93.184.216.34 ")
    for host in ("partner.example", "api.partner.example", "PARTNER.example", PUBLIC):
        await guard.check(f"https://{host}/")
    for host in ("notpartner.example", "partner.example.evil.org", "1.1.1.1"):
        assert await reason(guard, f"https://{host}/") == "NOT_LISTED"


async def test_a_development_installation_may_be_told_to_call_its_own_network():
    guard = egress("127.0.0.1", profile="development", allow_private=True)
    await guard.check("https://sink.local:8443/")
    await guard.check("http://localhost:9000/")
    for address in ("169.254.169.254", "0.0.0.0", "224.0.0.1"):
        assert await reason(egress(address, profile="development", allow_private=True), "https://a.b/") == "NOT_PUBLIC"
    for address in ("10.0.0.1", PUBLIC):
        inside = egress(address, profile="development", allow_private=True)
        await inside.check("https://sink.local/")
        assert await reason(inside, "http://sink.local/") == "NOT_PUBLIC"


async def test_without_being_told_it_does_not():
    guard = egress("127.0.0.1", profile="development")
    assert await reason(guard, "https://localhost/") == "NOT_PUBLIC"
    assert await reason(guard, "http://localhost/") == "SCHEME"
    assert await reason(egress("127.0.0.1", allow_private=True), "https://localhost/") == "NOT_PUBLIC"


def test_production_does_not_start_with_the_inside_open():
    with pytest.raises(SettingsError) as refused:
        parse({"VOICEASSIST_PROFILE": "production", "VOICEASSIST_EGRESS__ALLOW_PRIVATE": "true"})
    assert "EGRESS__ALLOW_PRIVATE" in refused.value.detail


async def test_the_checked_address_is_the_one_that_is_called(monkeypatch):
    """A name server that tells a public address first and ours a moment later (DNS rebinding)."""
    asked, called = [], []

    async def rebinding(host, _port):
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    async def connect(_self, host, port, *_args):
        called.append((host, port))
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    guard = Egress(Settings(profile="production"), resolve=rebinding)
    with pytest.raises(NoAnswerError) as unanswered:
        await guard.post("https://sink.example.org/hook", headers={}, body=b"x", limit=5)
    assert unanswered.value.reason == "UNREACHABLE"
    assert (asked, called) == (["sink.example.org"], [(PUBLIC, 443)])
    with pytest.raises(EgressRefusedError):
        await guard.post("https://sink.example.org/hook", headers={}, body=b"x", limit=5)
    assert called == [(PUBLIC, 443)]


async def test_the_next_address_is_tried_when_one_does_not_answer(monkeypatch):
    called = []

    async def connect(_self, host, *_args):
        called.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    with pytest.raises(NoAnswerError):
        await egress("2606:4700::1111", PUBLIC).post("https://a.b/", headers={}, body=b"", limit=5)
    assert called == ["2606:4700::1111", PUBLIC]
