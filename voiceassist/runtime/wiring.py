"""Read the wiring: the very Knative YAML under `knative/` that `kubectl apply -k` applies."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from voiceassist.core.errors import SettingsError

PREFIX = "voiceassist.org/"
SCALING = "autoscaling.knative.dev/"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Room:
    """A Knative Service: name, functions-framework target and source, limits and our annotations.

    `scope` is what an API key needs (without one no key may call), `phrases` are what the voice brings to the
    route `voice`.
    """

    name: str
    target: str
    source: Path
    concurrency: int
    timeout_seconds: int
    min_scale: int
    max_scale: int
    scale_down_delay_seconds: int
    routes: tuple[str, ...]
    needs: tuple[str, ...]
    says: tuple[str, ...]
    warm_for_voice: bool
    scope: str = ""
    voice: str = ""
    phrases: tuple[str, ...] = ()
    metric: str = "concurrency"  # what the autoscaler measures: requests at once, or `rps`
    load_target: float = 0.0  # of that metric per instance; 0: Knative's default
    window_seconds: int | None = None  # how long a load counts; None: the host's


@dataclass(frozen=True, slots=True)
class Wiring:
    rooms: dict[str, Room]
    triggers: tuple[dict[str, Any], ...] = ()
    brokers: tuple[dict[str, Any], ...] = ()
    ping_sources: tuple[dict[str, Any], ...] = ()
    routes: dict[str, str] = field(default_factory=dict)

    def room_for(self, path: str) -> Room | None:
        """The room whose longest route prefix covers the path, on segment borders."""
        best = max(
            (route for route in self.routes if path == route or path.startswith(route + "/")), key=len, default=None
        )
        return self.rooms[self.routes[best]] if best else None


def objects(directory: Path) -> Iterator[dict[str, Any]]:
    """Every object of the folder's YAML files, kustomizations left out."""
    for path in files(directory):
        yield from objects_of(path)


def files(directory: Path) -> list[Path]:
    """The YAML files of the base, in order."""
    everything = sorted(directory.rglob("*.yaml"))
    return [path for path in everything if path.name != "kustomization.yaml" and "overlays" not in path.parts]


def objects_of(path: Path) -> list[dict[str, Any]]:
    """The objects of one file."""
    try:
        documents = list(yaml.load_all(path.read_text(), Loader=_Loader))
    except (yaml.YAMLError, OSError, UnicodeDecodeError):
        raise SettingsError(f"The wiring file {path.name} is not valid YAML.") from None
    return [document for document in documents if isinstance(document, dict)]


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(directory: Path | None = None) -> Wiring:
    """The wiring of a folder (default: `knative/` of this checkout)."""
    everything = list(objects(directory or ROOT / "knative"))
    services = [item for item in everything if str(item.get("apiVersion", "")).startswith("serving.knative.dev/")]
    rooms = {room.name: room for room in map(room_of, services)}
    routes: dict[str, str] = {}
    for room in rooms.values():
        for route in room.routes:
            if route in routes:
                raise SettingsError(f"The route {route} is claimed by {routes[route]} and {room.name}.")
            routes[route] = room.name
    return Wiring(
        rooms=rooms,
        triggers=tuple(item for item in everything if item.get("kind") == "Trigger"),
        brokers=tuple(item for item in everything if item.get("kind") == "Broker"),
        ping_sources=tuple(item for item in everything if item.get("kind") == "PingSource"),
        routes=routes,
    )


def room_of(service: dict[str, Any]) -> Room:
    """A Knative Service as a room."""
    name = str(service["metadata"]["name"])
    notes = {str(key): str(value) for key, value in service["metadata"].get("annotations", {}).items()}
    template = service["spec"]["template"]
    scaling = {str(key): str(value) for key, value in template.get("metadata", {}).get("annotations", {}).items()}
    spec = template["spec"]
    environment = {item["name"]: item.get("value", "") for item in spec["containers"][0].get("env", ())}
    return Room(
        name=name,
        target=environment["FUNCTION_TARGET"],
        source=ROOT / environment["FUNCTION_SOURCE"],
        concurrency=int(spec.get("containerConcurrency", 0)),
        timeout_seconds=int(spec.get("timeoutSeconds", 300)),
        min_scale=int(scaling.get(SCALING + "min-scale", 0)),
        max_scale=int(scaling.get(SCALING + "max-scale", 0)),
        scale_down_delay_seconds=seconds(scaling.get(SCALING + "scale-down-delay", "0s")),
        routes=words(notes.get(PREFIX + "routes", "")),
        needs=words(notes.get(PREFIX + "needs", "")),
        says=words(notes.get(PREFIX + "says", "")),
        warm_for_voice=notes.get(PREFIX + "warm-for-voice") == "true",
        scope=notes.get(PREFIX + "scope", ""),
        voice=notes.get(PREFIX + "voice", ""),
        phrases=words(notes.get(PREFIX + "phrases", ""), ";"),
        metric=scaling.get(SCALING + "metric", "concurrency"),
        load_target=float(scaling.get(SCALING + "target", 0)),
        window_seconds=seconds(scaling[SCALING + "window"]) if SCALING + "window" in scaling else None,
    )


def words(text: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(separator) if word.strip())


def seconds(duration: str) -> int:
    """A Go duration of one unit, as Knative's annotations use it: 30s, 10m, 1h."""
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]
