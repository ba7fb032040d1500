"""The collections of one data directory and their aliases."""

import fcntl
import os
import re
import shutil
from pathlib import Path

import msgspec

from voiceassist.adapters.vectord import wire
from voiceassist.adapters.vectord.faults import Refused, bad_request, missing_collection
from voiceassist.adapters.vectord.shard import Shard
from voiceassist.core.files import sync_folder, write_whole

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


class Catalogue:
    """Opens every collection at the start; every method runs in the engine's thread."""

    def __init__(self, data: Path) -> None:
        self._lock = os.open(data, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # one owner: BlockingIOError for a second one
        self._folder = data / "collections"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._aliases_file = data / "aliases.json"
        self.aliases: dict[str, str] = {}
        if self._aliases_file.exists():
            self.aliases = msgspec.json.decode(self._aliases_file.read_bytes(), type=dict[str, str])
        for path in self._folder.glob(".*"):  # half-made or half-deleted when the process died
            shutil.rmtree(path)
        self.shards = {path.name: Shard(path) for path in sorted(self._folder.iterdir())}

    def get(self, name: str) -> Shard:
        """The collection with this name or alias."""
        shard = self.shards.get(self.aliases.get(name, name))
        if shard is None:
            raise missing_collection(name)
        return shard

    def create(self, name: str, description: wire.Collection) -> None:
        if not NAME.fullmatch(name):
            raise bad_request("a collection's name has 1 to 128 letters, digits, `_`, `-` and `.`")
        if name in self.shards or name in self.aliases:
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        Shard.create(self._folder / name, description)
        sync_folder(self._folder)
        self.shards[name] = Shard(self._folder / name)

    def delete(self, name: str) -> bool:
        shard = self.shards.pop(name, None)
        if shard is None:
            return False
        shard.engine.close()
        bin_ = self._folder / f".{name}.deleted"
        (self._folder / name).rename(bin_)
        sync_folder(self._folder)
        shutil.rmtree(bin_)
        self._save({alias: target for alias, target in self.aliases.items() if target != name})
        return True

    def alias(self, body: wire.Aliases) -> None:
        """All actions or none, in one write: readers never see a switch half done."""
        changed = dict(self.aliases)
        for action in body.actions:
            self._apply(action, changed)
        self._save(changed)

    def _apply(self, action: wire.AliasAction, aliases: dict[str, str]) -> None:
        match action:
            case wire.AliasAction(create_alias=wire.CreateAlias(collection_name=target, alias_name=alias)):
                if target not in self.shards:
                    raise missing_collection(target)
                if alias in self.shards:
                    raise Refused(409, f"Wrong input: Collection `{alias}` already exists!")
                aliases[alias] = target
            case wire.AliasAction(delete_alias=wire.DeleteAlias(alias_name=alias)):
                if aliases.pop(alias, None) is None:
                    raise Refused(404, f"Not found: Alias `{alias}` doesn't exist!")
            case wire.AliasAction(rename_alias=wire.RenameAlias(old_alias_name=old, new_alias_name=new)):
                if old not in aliases:
                    raise Refused(404, f"Not found: Alias `{old}` doesn't exist!")
                aliases[new] = aliases.pop(old)
            case _:
                raise bad_request("an alias action is one of create_alias, delete_alias, rename_alias")

    def close(self) -> None:
        for shard in self.shards.values():
            shard.close()
        os.close(self._lock)

    def _save(self, aliases: dict[str, str]) -> None:
        if aliases != self.aliases:
            write_whole(self._aliases_file, msgspec.json.encode(aliases))
            self.aliases = aliases
