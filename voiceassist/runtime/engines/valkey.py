"""Valkey: sessions, limits and caches behind a password, on a private socket, with an append-only file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from voiceassist.core.files import write_whole
from voiceassist.runtime.engines import binaries
from voiceassist.runtime.engines.accounts import Account
from voiceassist.runtime.engines.faults import EngineError
from voiceassist.runtime.engines.layout import Layout
from voiceassist.runtime.engines.postgres import own_folder
from voiceassist.runtime.engines.processes import Command
from voiceassist.runtime.engines.secrets import Secrets

USER = "va"
# Keys and channels under va: only; nothing that empties, lists or reconfigures the server.
RULES = "on ~va:* &va:* +@all -@dangerous +info"


@dataclass(frozen=True, slots=True)
class ValkeyEngine:
    layout: Layout
    secrets: Secrets
    account: Account
    name: str = "valkey"

    @property
    def socket(self) -> Path:
        return self.layout.run / "valkey" / "valkey.sock"

    @property
    def address(self) -> str:
        return f"unix:{self.socket}"

    @property
    def url(self) -> str:
        return f"unix://{USER}:{self.secrets.valkey}@{self.socket}"

    @property
    def _acl(self) -> Path:
        return self.socket.with_name("users.acl")

    def prepare(self) -> None:
        binaries.valkey(self.layout.runtime)
        own_folder(self.socket.parent, self.account)
        own_folder(self.layout.valkey, self.account)
        digest = hashlib.sha256(self.secrets.valkey.encode()).hexdigest()
        write_whole(self._acl, f"user default off\nuser {USER} #{digest} {RULES}\n")
        self.account.own(self._acl)

    def command(self) -> Command:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "aclfile": str(self._acl),
            "dir": str(self.layout.valkey),
            "appendonly": "yes",
            # With each second, Valkey answers before it has written while a slow disk takes what was before.
            "appendfsync": "always",
            "save": "",  # the append-only file is the persistence
            "maxmemory": "512mb",
            "maxmemory-policy": "noeviction",
            "enable-debug-command": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        return Command(
            self.name,
            (str(binaries.valkey(self.layout.runtime)), *arguments),
            log=self.layout.log(self.name),
            folder=self.layout.valkey,
            account=self.account,
        )

    def ready(self) -> bool:
        from redis.exceptions import AuthenticationError, RedisError

        try:
            self._info()
        except AuthenticationError:
            raise EngineError(f"Valkey refuses the password in {self.layout.secrets}: stop and start again.") from None
        except (RedisError, OSError):
            return False
        return True

    def settle(self) -> None:
        """Nothing has to exist in it."""

    def version(self) -> str:
        return str(self._info().get("valkey_version", ""))

    def _info(self) -> dict[str, object]:
        from redis import Redis

        with Redis.from_url(self.url, socket_timeout=2) as client:
            information: dict[str, object] = client.info("server")
            return information
