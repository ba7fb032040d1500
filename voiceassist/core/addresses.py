"""Which network addresses are public: global unicast by the special-purpose registries of IANA, and nothing else.

The lists stand here and not in `ipaddress.is_global`, which changed its mind between releases of Python and takes
transition forms (6to4, Teredo, NAT64, mapped) by their outer look, although they lead to an IPv4 address inside.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# RFC 6890 and its successors: "this network", private, shared (CGNAT), loopback, link-local (cloud metadata),
# protocol assignments, documentation, 6to4 relays, benchmarks, multicast, reserved and broadcast.
_NOT_PUBLIC_4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
# Only 2000::/3 is handed out; in it lie Teredo and other protocol assignments, documentation, and 6to4.
_PUBLIC_6 = ip_network("2000::/3")
_NOT_PUBLIC_6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_INTERNAL = tuple(
    map(ip_network, ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
# inet_aton also takes 127.1, 017700000001 and 0x7f.1; a name never ends in a number (RFC 1123, section 2.1).
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\Z")


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None or any(address in network for network in _NOT_PUBLIC_6):
        return False
    return address in _PUBLIC_6


def is_internal(address: Address) -> bool:
    """Loopback and private networks, where a sink of a development installation may stand."""
    return any(address in network for network in _INTERNAL if network.version == address.version)


def literal(host: str) -> Address | None:
    """The address a host is written as in its one proper form; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_name(host: str) -> bool:
    """A host name by RFC 1123, lower case, without a dot at its end, that no resolver takes for an address."""
    return len(host) <= 253 and bool(_NAME.match(host)) and not _ENDS_IN_NUMBER.match(host)
