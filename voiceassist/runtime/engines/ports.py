"""The port range of one installation and who sits on it."""

import errno
import socket
from dataclasses import dataclass

from voiceassist.runtime.engines.faults import EngineError

DEFAULT_BASE = 8443
GRPC_OFFSET = 10_000  # SeaweedFS listens for gRPC at each of its ports plus this


@dataclass(frozen=True, slots=True)
class Ports:
    """Nine ports in a row from `base`; four of them are doubled for gRPC."""

    base: int

    def __post_init__(self) -> None:
        if not 1024 <= self.base <= 65_535 - GRPC_OFFSET - 8:
            raise EngineError("The port base must lie between 1024 and 55527: choose another with --port-base.")

    @property
    def gateway(self) -> int:
        return self.base

    @property
    def rooms(self) -> int:
        return self.base + 1

    @property
    def broker(self) -> int:
        return self.base + 2

    @property
    def realtime(self) -> int:
        return self.base + 3

    @property
    def vectord(self) -> int:
        return self.base + 4

    @property
    def s3(self) -> int:
        return self.base + 5

    @property
    def filer(self) -> int:
        return self.base + 6

    @property
    def master(self) -> int:
        return self.base + 7

    @property
    def volume(self) -> int:
        return self.base + 8

    def needed(self, *, s3: bool = True, vectord: bool = True) -> list[int]:
        """Every port that must be free, without those of engines that run elsewhere."""
        own = [self.gateway, self.rooms, self.broker, self.realtime]
        stores = [self.s3, self.filer, self.master, self.volume] if s3 else []
        return own + ([self.vectord] if vectord else []) + stores + [port + GRPC_OFFSET for port in stores]


def is_taken(port: int) -> bool:
    """Whether 127.0.0.1:`port` cannot be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a port in TIME_WAIT of our own last run is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return True
            raise
    return False


def holder(port: int) -> str:
    """ " by NAME (pid N)" where the system tells, else nothing."""
    import psutil

    try:
        for connection in psutil.net_connections("inet"):
            listening = connection.laddr.port if connection.status == psutil.CONN_LISTEN and connection.laddr else 0
            if listening == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.Error, OSError):
        return ""
    return ""


def refuse_taken(ports: Ports, *, s3: bool = True, vectord: bool = True) -> None:
    """Raise the sentence about the first taken port."""
    for port in ports.needed(s3=s3, vectord=vectord):
        if is_taken(port):
            suggestion = ports.base + 1000 if ports.base < 50_000 else DEFAULT_BASE
            raise EngineError(
                f"Port {port} is taken{holder(port)}: stop that program or choose another range, "
                f"for example `voiceassist up --port-base {suggestion}`."
            )
