"""What every engine and process of the stack offers to the supervisor."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from voiceassist.runtime.engines.processes import Command


class Engine(Protocol):
    """One supervised process. Files first (`prepare`), then the process, then what must be in it (`settle`)."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str:
        """Where it listens, without secrets."""

    def prepare(self) -> None:
        """Create what it needs on disk; safe to repeat; raises EngineError."""

    def command(self) -> Command: ...

    def ready(self) -> bool:
        """Whether it answers now; never raises for one that is still starting."""

    def settle(self) -> None:
        """Create what must exist inside it (roles, buckets); safe to repeat; raises EngineError."""

    def version(self) -> str:
        """The version the running engine reports."""


def http_status(url: str, *, ca: Path | None = None, headers: Mapping[str, str] | None = None) -> int | None:
    """The status of GET `url`, or None when nobody answers within a second."""
    context = ssl.create_default_context(cafile=ca) if url.startswith("https:") and ca else None
    request = urllib.request.Request(url, headers=dict(headers or {}))  # noqa: S310 - our own addresses
    # No proxy: a proxy of the environment must not be asked for 127.0.0.1.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else [])
    )
    try:
        with opener.open(request, timeout=1.0) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return None
