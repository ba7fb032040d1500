"""Where everything of one installation lies."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS; Postgres appends ".s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 80
RUNTIME = "pg-18.6.3"


def default_data(environ: Mapping[str, str], *, uid: int, home: Path) -> Path:
    """VOICEASSIST_DATA, else /var/lib/voiceassist for root, else the XDG data folder."""
    if chosen := environ.get("VOICEASSIST_DATA"):
        return Path(chosen).expanduser().absolute()
    if uid == 0:
        return Path("/var/lib/voiceassist")
    base = environ.get("XDG_DATA_HOME") or home / ".local" / "share"
    return Path(base) / "voiceassist"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below one data directory."""

    data: Path

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.json"

    @property
    def kek(self) -> Path:
        return self.data / "kek.json"

    @property
    def seed_users(self) -> Path:
        return self.data / "seed-users.json"

    @property
    def state(self) -> Path:
        return self.data / "state.json"

    @property
    def tls(self) -> Path:
        return self.data / "tls"

    @property
    def ca(self) -> Path:
        return self.tls / "ca.pem"

    @property
    def ca_key(self) -> Path:
        return self.tls / "ca-key.pem"

    @property
    def certificate(self) -> Path:
        return self.tls / "localhost.pem"

    @property
    def certificate_key(self) -> Path:
        return self.tls / "localhost-key.pem"

    @property
    def postgres(self) -> Path:
        return self.data / "pg"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    @property
    def vectord(self) -> Path:
        return self.data / "vectord"

    @property
    def s3(self) -> Path:
        return self.data / "s3"

    @property
    def broker(self) -> Path:
        return self.data / "broker"

    @property
    def broker_database(self) -> Path:
        return self.broker / "events.db"

    @property
    def issuer(self) -> Path:
        return self.data / "issuer"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def runtime(self) -> Path:
        return self.data / "runtime"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def run(self) -> Path:
        """The folder of sockets: in the data directory, or in the temp folder if that path is too long."""
        inside = self.data / "run"
        if len(os.fsencode(inside)) + len("/postgres") <= LONGEST_SOCKET_FOLDER:
            return inside
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"voiceassist-{os.getuid()}-{name}"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"
