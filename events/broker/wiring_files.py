"""The Broker and Trigger objects in force: those of the wiring's files, read live, and those applied over the API.

A changed file takes effect within a second. A file that is not YAML, or holds an object that cannot work, is
reported and what was read from it before stays in force; so does a Trigger whose `spec.broker` was changed, which
no cluster allows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from events.broker import routes
from events.broker.routes import Compiled, Condition, Resolve, Routing, Yaml, named
from voiceassist.core.errors import SettingsError
from voiceassist.runtime import logging, metrics, wiring

log = logging.get_logger(__name__)

Signature = tuple[int, int, int]


@dataclass(slots=True)
class WiringFiles:
    """What each file of `directory` says; `resolve` gives the address of a Service, `partitions` see Routing."""

    directory: Path
    resolve: Resolve
    partitions: int = 0
    applied: dict[str, Yaml] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    _files: dict[Path, list[Yaml]] = field(default_factory=dict)
    _seen: dict[Path, Signature] = field(default_factory=dict)
    _compiled: Compiled = field(default_factory=Compiled)

    def load(self) -> Routing:
        """At the start: SettingsError for the first fault, since there is nothing older to fall back on."""
        self._seen = self._signatures()
        self._files = {path: [*wiring.objects_of(path)] for path in self._seen}
        return self.routing()

    def changed(self) -> Routing | None:
        """New routing when a file has changed since the last look, was added or is gone."""
        now = self._signatures()
        if now == self._seen:
            return None
        touched = [path for path, signature in now.items() if self._seen.get(path) != signature]
        gone = self._seen.keys() - now.keys()
        self._seen = now
        for path in gone:
            self._files.pop(path, None)
            self.faults.pop(path.name, None)
        for path in touched:
            self._take(path)
        metrics.EVENT_WIRING_FAULTS.set(len(self.faults))
        return self.routing()

    def _take(self, path: Path) -> None:
        """The file as it is now, where the whole wiring works with it."""
        before = self._files.get(path)
        try:
            fresh: list[Yaml] = [*wiring.objects_of(path)]
            self._refuse_moved(before or [], fresh)
            self._files[path] = fresh
            self.routing()
        except SettingsError as fault:
            if before is None:
                self._files.pop(path, None)
            else:
                self._files[path] = before
            self.faults[path.name] = fault.detail or ""
            log.error("wiring.refused", setting=path.name)
        else:
            self.faults.pop(path.name, None)
            log.info("wiring.changed", setting=path.name)

    def _refuse_moved(self, before: Iterable[Yaml], after: Iterable[Yaml]) -> None:
        brokers = {str(named(item)): broker_of(item) for item in before if item.get("kind") == "Trigger"}
        for item in after:
            name = str(named(item))
            if item.get("kind") == "Trigger" and brokers.get(name, broker_of(item)) != broker_of(item):
                raise SettingsError(f"The Trigger {named(item).name} is not usable: spec.broker is immutable.")

    def checked(self, trigger: Yaml) -> Condition:
        """What this Trigger would be among the Brokers and Services there are; SettingsError if it cannot work."""
        return self._build([trigger]).conditions[str(named(trigger))]

    def routing(self) -> Routing:
        """Everything together."""
        declared = [item for objects in self._files.values() for item in objects if item.get("kind") == "Trigger"]
        return self._build([*declared, *self.applied.values()])

    def _build(self, triggers: list[Yaml]) -> Routing:
        everything = [item for objects in self._files.values() for item in objects]
        brokers = [item for item in everything if item.get("kind") == "Broker"]
        known = {reference(item) for item in everything if item.get("kind") == "Service"}

        def resolve(ref: Yaml) -> str | None:
            # A wiring without any Service (tests, a broker of its own) does not say which there are.
            return self.resolve(ref) if not known or reference(ref) in known else None

        self._compiled.hold_for((brokers, known))
        return routes.build(
            brokers,
            triggers,
            resolve,
            partitions=self.partitions,
            compiled=self._compiled,
        )

    def triggers(self) -> dict[str, Yaml]:
        """Every Trigger in force by its name."""
        declared = [item for objects in self._files.values() for item in objects if item.get("kind") == "Trigger"]
        return {str(named(item)): item for item in declared} | dict(self.applied)

    def declared(self, name: str) -> bool:
        """Whether a file holds this Trigger, which the API may then not touch."""
        return name not in self.applied and name in self.triggers()

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
    return (trigger.get("spec") or {}).get("broker")


def reference(item: Yaml) -> tuple[str, str]:
    """API group and name of a Service, of the object itself or of a reference to it."""
    name = item.get("name") or (item.get("metadata") or {}).get("name")
    return str(item.get("apiVersion", "")).partition("/")[0], str(name)
