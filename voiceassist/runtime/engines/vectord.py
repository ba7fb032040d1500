"""vectord: Qdrant's engine behind the REST interface that qdrant-client speaks."""

import json
import ssl
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from voiceassist.core.files import write_whole
from voiceassist.runtime.engines.engine import http_status
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.processes import Command
from voiceassist.runtime.engines.secrets import Secrets


@dataclass(frozen=True, slots=True)
class VectordEngine:
    layout: Layout
    secrets: Secrets
    port: int
    name: str = "vectord"

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def _key(self) -> Path:
        return self.layout.run / "vectord.key"

    def prepare(self) -> None:
        self.layout.vectord.mkdir(mode=0o700, exist_ok=True)
        write_whole(self._key, self.secrets.qdrant_api_key)

    def command(self) -> Command:
        options = {
            "--data": self.layout.vectord,
            "--port": self.port,
            "--api-key-file": self._key,
            "--tls-cert": self.layout.certificate,
            "--tls-key": self.layout.certificate_key,
        }
        arguments = [str(part) for pair in options.items() for part in pair]
        return Command(
            self.name,
            (sys.executable, "-m", "voiceassist.adapters.vectord", *arguments),
            log=self.layout.log(self.name),
            folder=self.layout.vectord,
        )

    def ready(self) -> bool:
        return http_status(f"{self.address}/readyz", ca=self.layout.ca) == 200

    def settle(self) -> None:
        """Collections belong to the rooms that fill them."""

    def version(self) -> str:
        request = urllib.request.Request(self.address, headers={"api-key": self.secrets.qdrant_api_key})  # noqa: S310
        context = ssl.create_default_context(cafile=self.layout.ca)
        with urllib.request.urlopen(request, timeout=2, context=context) as response:  # noqa: S310 - our own address
            answer: dict[str, str] = json.load(response)
        return f"{answer['version']} ({answer['title']})"
