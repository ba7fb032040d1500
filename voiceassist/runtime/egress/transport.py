"""Connections for the SDKs of models: to addresses that were checked when the connection is opened, and to no others.

The name stays in SNI and Host. No proxy, no redirect, nothing out of the environment.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from socket import SOCK_STREAM, gaierror, getaddrinfo
from typing import TYPE_CHECKING, Any

from voiceassist.core import addresses
from voiceassist.core.errors import VoiceAssistError

if TYPE_CHECKING:
    import httpx2

    from voiceassist.runtime.egress.web import Resolve

LOOKUP_SECONDS = 5.0

Find = Callable[[str, int], Awaitable[list[str]]]


async def inside(host: str, port: int, resolve: "Resolve") -> list[str]:
    """Where a host is; OSError unless every address lies on this machine or in a private network."""
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = [host] if addresses.literal(host) is not None else await resolve(host, port)
    except (gaierror, UnicodeError, TimeoutError):
        raise OSError("The model's address is not known.") from None
    if not _all(found, addresses.is_internal):
        raise OSError("The model's address is not inside.")
    return found


def configured(host: str, port: int) -> list[str]:
    """Where a server is that the operator named: inside or outside, but never partly. For threads; OSError."""
    from voiceassist.runtime.egress.web import lookups

    if addresses.literal(host) is not None:
        found = [host]
    else:
        try:
            found = lookups.submit(_looked_up, host, port).result(LOOKUP_SECONDS)
        except (UnicodeError, FutureTimeoutError):
            raise OSError("The model's address is not known.") from None
    if not (_all(found, addresses.is_internal) or _all(found, addresses.is_public)):
        raise OSError("The model's address lies neither inside nor outside.")
    return found


def _looked_up(host: str, port: int) -> list[str]:
    return list(dict.fromkeys(str(entry[4][0]) for entry in getaddrinfo(host, port, type=SOCK_STREAM)))


def _all(found: Sequence[str], is_right: Callable[[Any], bool]) -> bool:
    known = [addresses.literal(one) for one in found]
    return bool(known) and all(one is not None and is_right(one) for one in known)


def transport(find: Find, *, ca_file: str = "") -> "httpx2.AsyncBaseTransport":
    """For coroutines. `find` raises OSError or one of ours where a host must not be called."""
    import httpcore2
    import httpx2

    class Checked(httpcore2.AsyncNetworkBackend):
        def __init__(self) -> None:
            self._inner = httpcore2.AnyIOBackend()

        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore2.AsyncNetworkStream:
            try:
                found = await find(host, port)
            except (OSError, VoiceAssistError) as error:
                raise httpcore2.ConnectError(type(error).__name__) from None
            failure: httpcore2.NetworkError = httpcore2.ConnectError()
            for address in found:
                try:
                    return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
                except httpcore2.NetworkError as error:
                    failure = error
            raise failure

    context = _tls(ca_file)

    class Transport(httpx2.AsyncHTTPTransport):
        def __init__(self) -> None:
            super().__init__(verify=context, trust_env=False)
            self._pool = httpcore2.AsyncConnectionPool(
                ssl_context=context, network_backend=Checked(), retries=0, max_connections=32
            )

    return Transport()


def blocking_transport(
    *, find: Callable[[str, int], list[str]] = configured, ca_file: str = ""
) -> "httpx2.BaseTransport":
    """For threads."""
    import httpcore2
    import httpx2

    class Checked(httpcore2.NetworkBackend):
        def __init__(self) -> None:
            self._inner = httpcore2.SyncBackend()

        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore2.NetworkStream:
            try:
                found = find(host, port)
            except OSError:
                raise httpcore2.ConnectError from None
            failure: httpcore2.NetworkError = httpcore2.ConnectError()
            for address in found:
                try:
                    return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
                except httpcore2.NetworkError as error:
                    failure = error
            raise failure

    context = _tls(ca_file)

    class Transport(httpx2.HTTPTransport):
        def __init__(self) -> None:
            super().__init__(verify=context, trust_env=False)
            self._pool = httpcore2.ConnectionPool(
                ssl_context=context, network_backend=Checked(), retries=0, max_connections=32
            )

    return Transport()


def _tls(ca_file: str) -> ssl.SSLContext:
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
