"""Connections out of the installation: to a public HTTPS address, and to nothing else.

What may be said there is for the gate (gate.py), which is asked first; `outside.py` has the two together.

Whoever may name an address could otherwise have us call our own engines or a cloud's metadata service (SSRF). So the
name is resolved once, every address it has must be public, and the connection goes to exactly such an address, with
the name in SNI and Host: what the name says a moment later does not matter (DNS rebinding). No redirects, no proxies,
no user info, bounded answers, one deadline for everything. `EGRESS__ALLOW_PRIVATE` lets a development installation
call this machine and its network.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from socket import SOCK_STREAM, gaierror, getaddrinfo
from typing import Any
from urllib.parse import SplitResult, urlsplit

import certifi
import httpcore

from voiceassist.core import addresses
from voiceassist.core.errors import FieldError, UnavailableError, ValidationError
from voiceassist.runtime.settings import Settings

LARGEST_ANSWER = 65_536
LARGEST_DOCUMENT = 8_388_608  # of what is asked for by GET
LONGEST_URL = 2048
LOOKUP_SECONDS = 5.0
# Below the 5 seconds after which many servers close an idle connection, so that we do not send into a closing one.
KEPT_SECONDS = 4.0
_URL = re.compile(r"[A-Za-z0-9\-._~:/?\[\]!$&'()*+,;=%]+\Z")  # RFC 3986 without @ (user info) and # (fragment)

Resolve = Callable[[str, int], Awaitable[list[str]]]


class EgressRefusedError(ValidationError):
    """We do not call this address; `reason` is one of URL, SCHEME, HOST, PORT, NOT_LISTED, NOT_PUBLIC."""

    code = "EGRESS_REFUSED"

    def __init__(self, reason: str) -> None:
        super().__init__("This address is not called from here.", errors=(FieldError("", reason),))
        self.reason = reason


class NoAnswerError(UnavailableError):
    """Name unknown, refused, reset, timed out, TLS failure, or not HTTP; `reason`: NO_ADDRESS, TIMEOUT, UNREACHABLE."""

    code = "OUTSIDE_UNAVAILABLE"

    def __init__(self, reason: str) -> None:
        super().__init__("The address outside gave no answer.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names in lower case; of the body at most as many bytes as were wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Egress:
    """Connections are kept for a moment, each to the address that was checked when it was opened."""

    def __init__(self, settings: Settings, *, resolve: Resolve | None = None) -> None:
        self._private = settings.egress.allow_private and settings.profile == "development"
        self._hosts = frozenset(
            host.strip().lower() for host in settings.egress.allowed_hosts.split(",") if host.strip()
        )
        self._ca_file = settings.ca_file
        self._resolve = resolve or resolved
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}

    async def check(self, url: str) -> None:
        """Raise EgressRefusedError where `post` would; a name that cannot be looked up is NoAnswerError."""
        parts = self._parsed(url)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                await self._addresses(_host(parts), _port(parts), loopback_only=parts.scheme == "http")
        except TimeoutError:
            raise NoAnswerError("NO_ADDRESS") from None

    async def addresses(self, url: str) -> list[str]:
        """Where `post` would connect to; raises as `check` does."""
        parts = self._parsed(url)
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await self._addresses(_host(parts), _port(parts), loopback_only=parts.scheme == "http")

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, limit: float) -> Answer:
        """Send and read within `limit` seconds; EgressRefusedError, NoAnswerError."""
        return await self._asked("POST", url, headers, body, limit, LARGEST_ANSWER)

    async def get(
        self, url: str, *, headers: Mapping[str, str], limit: float, largest: int = LARGEST_DOCUMENT
    ) -> Answer:
        """As `post`; a redirect is an answer like any other and not followed."""
        return await self._asked("GET", url, headers, None, limit, largest)

    async def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: float, largest: int
    ) -> Answer:
        parts = self._parsed(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        address = httpcore.URL(scheme=parts.scheme, host=_host(parts), port=parts.port, target=target)
        told = [("host", parts.netloc), *headers.items()]
        try:
            async with asyncio.timeout(limit):
                return await self._sent(method, address, told, body, largest)
        except (TimeoutError, httpcore.TimeoutException):
            raise NoAnswerError("TIMEOUT") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            raise NoAnswerError("UNREACHABLE") from None

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _parsed(self, url: str) -> SplitResult:
        if len(url) > LONGEST_URL or not _URL.match(url):
            raise EgressRefusedError("URL")
        try:
            parts = urlsplit(url)
            port = _port(parts)
        except ValueError:
            raise EgressRefusedError("URL") from None
        if parts.scheme not in ({"https", "http"} if self._private else {"https"}):
            raise EgressRefusedError("SCHEME")
        host = _host(parts)
        bare = f"[{host}]" if ":" in host else host
        if parts.netloc.lower() not in {bare, f"{bare}:{port}"}:  # `[::1]x`, `host:`, `host:0443`
            raise EgressRefusedError("URL")
        if addresses.literal(host) is None and not addresses.is_name(host):
            raise EgressRefusedError("HOST")
        if not self._private and port != 443:
            raise EgressRefusedError("PORT")
        if self._hosts and not any(host == listed or host.endswith(f".{listed}") for listed in self._hosts):
            raise EgressRefusedError("NOT_LISTED")
        return parts

    async def _addresses(self, host: str, port: int, *, loopback_only: bool) -> list[str]:
        """Where a host is, in the resolver's order; one address that is not permitted condemns all of them."""
        if addresses.literal(host) is not None:
            found = [host]
        else:
            try:
                found = await self._resolve(host, port)
            except (gaierror, UnicodeError):
                raise NoAnswerError("NO_ADDRESS") from None
        if not all(self._permitted(one, loopback_only=loopback_only) for one in found):
            raise EgressRefusedError("NOT_PUBLIC")
        return found

    def _permitted(self, text: str, *, loopback_only: bool) -> bool:
        address = addresses.literal(text)
        if address is None:
            return False
        if loopback_only:
            return address.is_loopback
        return addresses.is_public(address) or (self._private and addresses.is_internal(address))

    async def _sent(
        self, method: str, address: httpcore.URL, headers: list[tuple[str, str]], body: bytes | None, largest: int
    ) -> Answer:
        pool = self._pool(address.scheme.decode())
        async with pool.stream(method, address, headers=headers, content=body) as answer:
            kept = bytearray()
            async for piece in answer.aiter_stream():
                kept += piece
                if len(kept) >= largest:
                    break
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            return Answer(answer.status, told, bytes(kept[:largest]))

    def _pool(self, scheme: str) -> httpcore.AsyncConnectionPool:
        if scheme not in self._pools:
            self._pools[scheme] = httpcore.AsyncConnectionPool(
                ssl_context=self.tls(),
                max_connections=None,  # the room's containerConcurrency is the bound
                max_keepalive_connections=32,
                keepalive_expiry=KEPT_SECONDS,
                retries=0,
                network_backend=_Checked(
                    lambda host, port: self._addresses(host, port, loopback_only=scheme == "http")
                ),
            )
        return self._pools[scheme]

    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=certifi.where())
        if self._private and self._ca_file:
            context.load_verify_locations(self._ca_file)  # a sink on this machine has a certificate of the local CA
        return context


class _Checked(httpcore.AsyncNetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self, find: Callable[[str, int], Awaitable[list[str]]]) -> None:
        self._find = find
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: httpcore.NetworkError = httpcore.ConnectError()
        for address in await self._find(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.NetworkError as error:
                failure = error
        raise failure


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").lower()


def _port(parts: SplitResult) -> int:
    return parts.port if parts.port is not None else (80 if parts.scheme == "http" else 443)


# Threads of their own: a name server that does not answer must not take the process's few.
lookups = ThreadPoolExecutor(16, thread_name_prefix="lookup")


async def resolved(host: str, port: int) -> list[str]:
    def look_up() -> list[str]:
        return list(dict.fromkeys(str(entry[4][0]) for entry in getaddrinfo(host, port, type=SOCK_STREAM)))

    return await asyncio.get_running_loop().run_in_executor(lookups, look_up)
