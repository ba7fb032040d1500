"""An integrator's sink on this machine: HTTP or HTTPS, keeps what it gets, answers as it is told."""

import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    peer: tuple[str, int]


class Sink:
    """`script` holds the answers to come, then `otherwise`: each a status, (status, headers, body), or a function
    that writes to the handler itself. Used as a context manager; `url` is where it listens."""

    def __init__(self, certificate: tuple[str, str] | None = None, *, host: str = "localhost") -> None:
        self.received: list[Received] = []
        self.script: deque[Any] = deque()
        self.otherwise: Any = 204
        self._arrived = threading.Condition()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with sink._arrived:
                    sink.received.append(Received(self.path, headers, body, self.client_address))
                    answer = sink.script.popleft() if sink.script else sink.otherwise
                    sink._arrived.notify_all()
                if callable(answer):
                    self.close_connection = True
                    answer(self)
                    return
                status, extra, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST  # noqa: N815 - the library calls it so

            def log_message(self, *_arguments: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_arguments: Any) -> None:
                return  # clients that give up are part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake belongs to the connection's own thread, or a silent client would hold up all others.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_port
        self.url = f"{'https' if certificate else 'http'}://{host}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_arguments: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, *, within: float = 20.0, where: Callable[[Received], bool] = bool) -> list[Received]:
        """Until so many requests (that fulfil `where`) have come; those."""
        with self._arrived:
            done = self._arrived.wait_for(lambda: len([r for r in self.received if where(r)]) >= count, within)
            found = [r for r in self.received if where(r)]
        assert done, f"{len(found)} of {count} requests came within {within} s"
        return found


def hang(_handler: BaseHTTPRequestHandler) -> None:
    """No answer, ever (the test ends before)."""
    time.sleep(60)


def reset(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


def garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x00\xffthis is not HTTP\r\n\r\n")


def flood(handler: BaseHTTPRequestHandler) -> None:
    """A 200 with a body that does not end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
    for _ in range(10_000):
        handler.wfile.write(b"<html>" * 1000)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """A byte of the head now and then."""
    for byte in b"HTTP/1.1 200 OK\r\n" * 10_000:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.05)
