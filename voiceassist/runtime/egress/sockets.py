"""WebSockets to the outside: as `web.py`, to an address that was checked, and to no other.

No redirect, no proxy. What may be said there is for the gate, which is asked first.
"""

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voiceassist.runtime.egress.web import Egress, NoAnswerError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

LARGEST_MESSAGE = 4_194_304
CONNECT_SECONDS = 5.0
PING_SECONDS = 20.0


class Socket:
    """An open one. Every method raises NoAnswerError when it is no longer so."""

    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection

    async def send(self, message: bytes) -> None:
        """A text message, in UTF-8."""
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(message, text=True)
        except (ConnectionClosed, OSError):
            raise NoAnswerError("UNREACHABLE") from None

    async def receive(self) -> str:
        from websockets.exceptions import ConnectionClosed

        try:
            message = await self._connection.recv()
        except (ConnectionClosed, OSError):
            raise NoAnswerError("UNREACHABLE") from None
        return message if isinstance(message, str) else ""

    async def close(self) -> None:
        await self._connection.close()


async def opened(egress: Egress, url: str, *, headers: Mapping[str, str]) -> Socket:
    """A connection to `url` (wss, or ws where http is allowed); EgressRefusedError, NoAnswerError."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException
    from websockets.uri import parse_uri

    from voiceassist.runtime.egress.framing import Connection

    class Checked(connect):
        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    addresses = await egress.addresses(url.replace("ws", "http", 1))
    parts = parse_uri(url)
    options: dict[str, Any] = {"ssl": egress.tls(), "server_hostname": parts.host} if parts.secure else {}
    for address in addresses:
        try:
            connection = await Checked(
                url,
                host=address,
                port=parts.port,
                additional_headers=dict(headers),
                proxy=None,
                compression=None,
                create_connection=Connection,
                max_size=LARGEST_MESSAGE,
                open_timeout=CONNECT_SECONDS,
                ping_interval=PING_SECONDS,
                ping_timeout=PING_SECONDS,
                close_timeout=1.0,
                **options,
            )
        except (OSError, WebSocketException, TimeoutError, ssl.SSLError):
            continue
        return Socket(connection)
    raise NoAnswerError("UNREACHABLE")
