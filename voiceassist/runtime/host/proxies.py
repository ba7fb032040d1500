"""Where a call comes from when a proxy stands in front of the gateway.

`X-Forwarded-For` can be written by anybody, so it is believed only when the connection comes from a proxy
that the operator named, and only as far to the left as named proxies vouch for it.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from voiceassist.core.errors import SettingsError

Address = IPv4Address | IPv6Address


class Proxies:
    """`networks`: comma separated, empty for none."""

    def __init__(self, networks: str) -> None:
        try:
            self._networks = tuple(ip_network(part.strip()) for part in networks.split(",") if part.strip())
        except ValueError:
            raise SettingsError(
                "VOICEASSIST_HOST__TRUSTED_PROXIES must list networks such as 10.0.0.0/8, separated by commas."
            ) from None

    def seen(self, scope: Scope) -> Scope:
        """The request with its caller's address in `client`, whoever handed it on."""
        peer = parsed(str(scope["client"][0])) if scope.get("client") else None
        if peer is None or not self._named(peer):
            return scope
        return {**scope, "client": (str(self._caller(peer, hops(scope["headers"]))), 0)}

    def _caller(self, peer: Address, told: list[str]) -> Address:
        """The first from the right that no named proxy stands for; what cannot be read ends the chain."""
        for text in reversed(told):
            address = parsed(text)
            if address is None:
                return peer
            peer = address
            if not self._named(address):
                return address
        return peer

    def _named(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def hops(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Every `X-Forwarded-For` of the request as one list (RFC 9110, section 5.3)."""
    lines = [content.decode("latin-1") for name, content in headers if name == b"x-forwarded-for"]
    return [part.strip() for line in lines for part in line.split(",")]


def parsed(text: str) -> Address | None:
    """An address, with or without port or brackets; IPv4 in IPv6 clothes is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def neighbourhood(address: str) -> str:
    """What limits count by: one IPv6 subscriber holds a /64, which is 2^64 addresses."""
    found = parsed(address)
    return str(IPv6Network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address
