"""The Broker and Trigger objects in force: those of the wiring's files, read live, and those applied over the API.

A changed file takes effect within a second. A file that is not YAML, or holds an object that cannot work, is
reported and what was read from it before stays in force; so does a Trigger whose `spec.broker` was changed, which
no cluster allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from events.broker import routes
from events.broker.routes import Compiled, Resolve, Routing, Yaml, named, part
from voiceassist.core.errors import SettingsError
from voiceassist.runtime import logging, metrics, wiring

log = logging.get_logger(__name__)

CLASS = "eventing.knative.dev/broker.class"

Signature = tuple[int, int, int]
Files = Mapping[Path, Sequence[Yaml]]


@dataclass(frozen=True, slots=True)
class World:
    """What all files declare together."""

    brokers: tuple[Yaml, ...] = ()
    triggers: Mapping[str, Yaml] = field(default_factory=dict)
    services: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, files: Files) -> "World":
        everything = [item for objects in files.values() for item in objects]
        triggers: dict[str, Yaml] = {}
        for item in everything:
            if item.get("kind") == "Trigger" and triggers.setdefault(str(named(item)), item) is not item:
                raise SettingsError(f"The Trigger {named(item)} is there twice.")
        brokers = tuple(item for item in everything if item.get("kind") == "Broker")
        return cls(
            brokers, triggers, frozenset(reference(item) for item in everything if item.get("kind") == "Service")
        )

    def refuse_moved(self, before: "World") -> None:
        """What no cluster allows to change: a Trigger's Broker; a Broker's class and config."""
        for name, item in self.triggers.items():
            old = before.triggers.get(name)
            if old is not None and old is not item and broker_of(old) != broker_of(item):
                raise SettingsError(f"The Trigger {named(item).name} is not usable: spec.broker is immutable.")
        brokers = {named(item): item for item in before.brokers}
        for item in self.brokers:
            if _fixed(item) != _fixed(brokers.get(named(item), item)):
                raise SettingsError(f"The Broker {named(item).name} is not usable: class and config are immutable.")


@dataclass(slots=True)
class WiringFiles:
    """What each file of `directory` says; `resolve` gives the address of a Service, `partitions` see Routing."""

    directory: Path
    resolve: Resolve
    partitions: int = 0
    applied: dict[str, Yaml] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    _files: Files = field(default_factory=dict)
    _world: World = field(default_factory=World)
    _seen: dict[Path, Signature] = field(default_factory=dict)
    _compiled: Compiled = field(default_factory=Compiled)

    def load(self) -> Routing:
        """At the start: SettingsError for the first fault, since there is nothing older to fall back on."""
        self._seen = self._signatures()
        self._files = {path: wiring.objects_of(path) for path in self._seen}
        self._world = World.of(self._files)
        return self.routing()

    def changed(self) -> Routing | None:
        """New routing when a file has changed since the last look, was added or is gone."""
        now = self._signatures()
        if now == self._seen:
            return None
        # What was refused is looked at again: the reason may have stood in another file.
        again = [path for path in now if self._seen.get(path) != now[path] or self._name(path) in self.faults]
        self._seen = now
        self.faults = {}
        self._files = {path: objects for path, objects in self._files.items() if path in now}
        self._world = World.of(self._files)
        fresh: dict[Path, Sequence[Yaml]] = {}
        for path in again:
            try:
                fresh[path] = wiring.objects_of(path)
            except SettingsError as fault:
                self._refuse(path, fault)
        self._take(fresh)
        metrics.EVENT_WIRING_FAULTS.set(len(self.faults))
        return self.routing()

    def _take(self, fresh: Files) -> None:
        """These files as they are now, where the wiring works with them; halved until the one at fault is found."""
        if not fresh:
            return
        files = {**self._files, **fresh}
        try:
            world = World.of(files)
            world.refuse_moved(self._world)
            self._build(world)
        except SettingsError as fault:
            paths = list(fresh)
            if len(paths) == 1:
                self._refuse(paths[0], fault)
                return
            for half in (paths[: len(paths) // 2], paths[len(paths) // 2 :]):
                self._take({path: fresh[path] for path in half})
        else:
            self._files, self._world = files, world
            for path in fresh:
                log.info("wiring.changed", setting=path.name)

    def _refuse(self, path: Path, fault: SettingsError) -> None:
        self.faults[self._name(path)] = fault.detail or ""
        log.error("wiring.refused", setting=path.name)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.directory))

    def routing(self) -> Routing:
        """Everything together."""
        return self._build(self._world)

    def _build(self, world: World) -> Routing:
        def resolve(ref: Yaml) -> str | None:
            # A wiring without any Service (tests, a broker of its own) does not say which there are.
            return self.resolve(ref) if not world.services or reference(ref) in world.services else None

        self._compiled.hold_for((world.brokers, world.services))
        triggers = [*world.triggers.values(), *self.applied.values()]
        return routes.build(world.brokers, triggers, resolve, partitions=self.partitions, compiled=self._compiled)

    def try_out(self, trigger: Yaml) -> None:
        """SettingsError when this Trigger cannot work."""
        routes.build(self._world.brokers, [trigger], self.resolve)

    def triggers(self) -> dict[str, Yaml]:
        """Every Trigger in force by its name."""
        return {**self._world.triggers, **self.applied}

    def trigger(self, name: str) -> Yaml | None:
        return self.applied.get(name) or self._world.triggers.get(name)

    def declared(self, name: str) -> bool:
        """Whether a file holds this Trigger, which the API may then not touch."""
        return name in self._world.triggers

    def _signatures(self) -> dict[Path, Signature]:
        found: dict[Path, Signature] = {}
        for path in wiring.files(self.directory):
            try:
                status = path.stat()
            except OSError:  # an editor replaces a file in two steps
                continue
            found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return found


def broker_of(trigger: Yaml) -> Any:
    return part(trigger, "spec").get("broker")


def _fixed(broker: Yaml) -> tuple[Any, Any]:
    return part(part(broker, "metadata"), "annotations").get(CLASS), part(broker, "spec").get("config")


def reference(item: Yaml) -> tuple[str, str]:
    """API group and name of a Service, of the object itself or of a reference to it."""
    name = item.get("name") or part(item, "metadata").get("name")
    return str(item.get("apiVersion", "")).partition("/")[0], str(name)
