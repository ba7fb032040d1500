"""SeaweedFS as the S3 store: signatures enforced, its unauthenticated side doors shut, loopback only.

Out of the box the filer port reads, writes and deletes any object without credentials; the four signing keys
in security.toml close it.
"""

import contextlib
import json
import signal
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from voiceassist.core.errors import VoiceAssistError
from voiceassist.core.files import write_whole
from voiceassist.runtime.engines import binaries
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.engine import http_status
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.ports import GRPC_OFFSET, Ports
from voiceassist.runtime.engines.postgres import own_folder
from voiceassist.runtime.engines.processes import Command
from voiceassist.runtime.engines.secrets import Secrets

if TYPE_CHECKING:
    from voiceassist.adapters.objects import ObjectStore

BUCKET = "voiceassist"
REGION = "us-east-1"
PROBE = ".voiceassist/started"

SECURITY = """[jwt.signing]
key = "{volume_write}"
[jwt.signing.read]
key = "{volume_read}"
[jwt.filer_signing]
key = "{filer_write}"
[jwt.filer_signing.read]
key = "{filer_read}"
[s3.sse]
kek = "{kek}"
"""


@dataclass(frozen=True, slots=True)
class SeaweedEngine:
    layout: Layout
    secrets: Secrets
    account: Account
    ports: Ports
    name: str = "seaweedfs"

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.ports.s3}"

    @property
    def _config(self) -> Path:
        return self.layout.s3 / "config"

    @property
    def store(self) -> "ObjectStore":
        from voiceassist.adapters.objects import ObjectStore

        return ObjectStore(
            self.address, self.secrets.s3_access_key, self.secrets.s3_secret_key, BUCKET, REGION, str(self.layout.ca)
        )

    def prepare(self) -> None:
        """Keys, the one identity, and a copy of the certificate that the stores' account may read."""
        binaries.weed(self.layout.runtime)
        sweep_sockets(self.ports)
        for folder in (self.layout.s3, self._config, self.layout.s3 / "objects"):
            own_folder(folder, self.account)
        secrets = self.secrets
        security = SECURITY.format(
            volume_write=secrets.s3_volume_write_key,
            volume_read=secrets.s3_volume_read_key,
            filer_write=secrets.s3_filer_write_key,
            filer_read=secrets.s3_filer_read_key,
            kek=secrets.s3_sse_kek,
        )
        files = {
            "security.toml": security.encode(),
            "s3.json": msgspec.json.encode({"identities": [self._identity()]}),
            "tls.pem": self.layout.certificate.read_bytes(),
            "tls-key.pem": self.layout.certificate_key.read_bytes(),
        }
        for name, content in files.items():
            write_whole(self._config / name, content)
            self.account.own(self._config / name)

    def _identity(self) -> dict[str, object]:
        key = {"accessKey": self.secrets.s3_access_key, "secretKey": self.secrets.s3_secret_key}
        return {
            "name": "voiceassist",
            "credentials": [key],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }

    def command(self) -> Command:
        config, ports, run = self._config, self.ports, self.layout.s3
        options = {
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "dir": str(self.layout.s3 / "objects"),
            "filer": "true",
            "filer.port": str(ports.filer),
            "filer.localSocket": str(run / "filer.sock"),
            "filer.disableDirListing": "true",
            "filer.exposeDirectoryData": "false",
            "s3": "true",
            "s3.port": str(ports.s3),
            "s3.localSocket": str(run / "s3.sock"),
            "s3.config": str(config / "s3.json"),
            "s3.cert.file": str(config / "tls.pem"),
            "s3.key.file": str(config / "tls-key.pem"),
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "master.port": str(ports.master),
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": "256",
            # One master: the default of 10 s only delays every start after the first by 20 s (measured).
            "master.electionTimeout": "1s",
            "volume.port": str(ports.volume),
            "volume.max": "20",
            "volume.preStopSeconds": "0",
        }
        arguments = [f"-{name}={value}" for name, value in options.items()]
        return Command(
            self.name,
            # Standard error only: by default it also fills the temp folder with log files.
            (str(binaries.weed(self.layout.runtime)), "-logtostderr=true", "server", *arguments),
            log=self.layout.log(self.name),
            environ={"HOME": str(self.layout.s3), "PATH": "/usr/bin:/bin"},
            folder=config,
            account=self.account,
            # Its SIGTERM waits 15 s for its own gRPC streams and flushes nothing meanwhile (measured), and a
            # put is in the volume file before it is answered: requests in flight get this grace, then SIGKILL.
            stop=signal.SIGTERM,
            grace=1.0,
            orphan=signal.SIGKILL,
        )

    def ready(self) -> bool:
        """S3 answers and a volume server has reported to the master, so that a put has somewhere to go."""
        if http_status(self.address, ca=self.layout.ca) is None:
            return False
        return self._volume_servers() > 0

    def _volume_servers(self) -> int:
        address = f"http://127.0.0.1:{self.ports.master}/dir/status"
        try:
            with urllib.request.urlopen(address, timeout=1.0) as response:
                centers = json.load(response)["Topology"]["DataCenters"] or []
            return sum(len(rack["DataNodes"] or []) for center in centers for rack in center["Racks"] or [])
        except (OSError, ValueError, LookupError, TypeError):
            return 0

    def settle(self) -> None:
        """The bucket, and one object written and read back."""
        from botocore.exceptions import BotoCoreError, ClientError

        store = self.store
        try:
            with contextlib.suppress(
                store.client.exceptions.BucketAlreadyOwnedByYou, store.client.exceptions.BucketAlreadyExists
            ):
                store.client.create_bucket(Bucket=BUCKET)
            store.put(PROBE, b"ok")
            store.get(PROBE)
        except (VoiceAssistError, ClientError, BotoCoreError):
            raise EngineError(f"SeaweedFS takes no objects: see {self.layout.log(self.name)}.") from None

    def version(self) -> str:
        return binaries.weed(self.layout.runtime).parent.name.removeprefix("weed-")


def sweep_sockets(ports: Ports) -> None:
    """Delete the gRPC sockets that a killed weed left in the temp folder; it refuses to start on foreign ones."""
    for part, port in (("master", ports.master), ("volume", ports.volume), ("filer", ports.filer), ("s3", ports.s3)):
        path = Path(tempfile.gettempdir()) / f"seaweedfs-{part}-grpc-{port + GRPC_OFFSET}.sock"
        with contextlib.suppress(OSError):
            path.unlink()
