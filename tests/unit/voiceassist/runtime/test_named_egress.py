"""One server that the operator named: inside or outside, never both, and nothing beside it."""

import pytest

from voiceassist.runtime.egress.named import Named
from voiceassist.runtime.egress.web import EgressRefusedError, NoAnswerError
from voiceassist.runtime.settings import Settings

BASE = "https://cloud.test/nextcloud"


def named(*found, base=BASE):
    async def resolve(_host, _port):
        return list(found)

    return Named(Settings(profile="development"), base, resolve=resolve)


@pytest.mark.parametrize(
    "found", [("10.0.0.7",), ("192.168.1.2", "fd00::2"), ("8.8.8.8", "2606:4700::1"), ("127.0.0.1",)]
)
async def test_it_may_stand_inside_or_outside(found):
    assert await named(*found).addresses(f"{BASE}/a?b=c") == list(found)


@pytest.mark.parametrize(
    "found", [("10.0.0.7", "8.8.8.8"), ("169.254.169.254",), ("0.0.0.0",), ("10.0.0.7", "224.0.0.1")]
)
async def test_it_never_stands_half_inside_nor_where_a_cloud_keeps_its_secrets(found):
    with pytest.raises(EgressRefusedError, match="not called") as refused:
        await named(*found).addresses(BASE)
    assert refused.value.reason == "NOT_PUBLIC"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://other.test/", "NOT_LISTED"),
        ("https://cloud.test:8443/", "NOT_LISTED"),
        ("http://cloud.test/", "NOT_LISTED"),
        ("https://cloud.test.evil.test/", "NOT_LISTED"),
        ("https://a@cloud.test/", "URL"),
        ("https://cloud.test/#a", "URL"),
        ("ftp://cloud.test/", "SCHEME"),
        ("https://cloud.test/" + "a" * 2048, "URL"),
    ],
)
async def test_nothing_beside_it_is_reached(url, reason):
    with pytest.raises(EgressRefusedError) as refused:
        await named("10.0.0.7").addresses(url)
    assert refused.value.reason == reason


async def test_without_tls_it_is_this_machine_or_nothing():
    base = "http://localhost:8080"
    assert await named("127.0.0.1", "::1", base=base).addresses(base) == ["127.0.0.1", "::1"]
    with pytest.raises(EgressRefusedError):
        await named("10.0.0.7", base=base).addresses(base)


async def test_a_name_that_is_nowhere_gives_no_answer():
    with pytest.raises(NoAnswerError):
        await named().addresses(BASE)
