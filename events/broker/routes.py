"""Brokers and Triggers of the wiring, resolved into routes: which events go where, and how patiently."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from events.broker import filters, retry
from events.broker.filters import Predicate
from voiceassist.core.errors import SettingsError

# Base files carry no namespace; overlays add one. Locally this stands for it.
NAMESPACE = "voiceassist"
ORDERED = "kafka.eventing.knative.dev/delivery.order"

Yaml = Mapping[str, Any]
RoomUrl = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class BrokerName:
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Sink:
    """Where an event is sent: a URL, or another Broker of this process. `internal`: one of our own rooms,
    which is shown our identity; a foreign URL never is."""

    url: str = ""
    broker: BrokerName | None = None
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One Trigger (or its dead-letter sink by URL, which is delivered to like a Trigger of its own)."""

    name: str
    broker: BrokerName
    matches: Predicate
    sink: Sink
    delivery: retry.Delivery
    ordered: bool = False
    dead_letter: Sink | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    brokers: frozenset[BrokerName]
    routes: Mapping[str, Route]
    heard: Mapping[BrokerName, tuple[Route, ...]]

    def matching(self, broker: BrokerName, attributes: filters.Attributes) -> tuple[Route, ...]:
        """Each Trigger of the broker is evaluated exactly once."""
        return tuple(route for route in self.heard.get(broker, ()) if route.matches(attributes))


def build(brokers: Sequence[Yaml], triggers: Sequence[Yaml], room_url: RoomUrl) -> Routing:
    """Resolve the wiring; SettingsError names the object at fault and the reason."""
    known = {_named(item): item for item in brokers}
    routes: dict[str, Route] = {}
    for trigger in triggers:
        for route in _explained(trigger, known, room_url):
            if route.name in routes:
                raise SettingsError(f"The Trigger {route.name} is there twice.")
            routes[route.name] = route
    heard = {broker: tuple(_of(broker, routes.values())) for broker in known}
    return Routing(frozenset(known), routes, heard)


def _of(broker: BrokerName, routes: Iterable[Route]) -> Iterable[Route]:
    return (route for route in routes if route.broker == broker and not route.name.endswith("/dead-letter"))


def _named(item: Yaml) -> BrokerName:
    metadata = item.get("metadata") or {}
    return BrokerName(str(metadata.get("namespace", NAMESPACE)), str(metadata.get("name", "")))


def _explained(trigger: Yaml, brokers: Mapping[BrokerName, Yaml], room_url: RoomUrl) -> tuple[Route, ...]:
    try:
        return _routes(trigger, brokers, room_url)
    except SettingsError as error:
        raise SettingsError(f"The Trigger {_named(trigger).name} is not usable: {error.detail}") from None


def _routes(trigger: Yaml, brokers: Mapping[BrokerName, Yaml], room_url: RoomUrl) -> tuple[Route, ...]:
    name, spec = _named(trigger), trigger.get("spec") or {}
    broker = BrokerName(name.namespace, str(spec.get("broker", "")))
    if broker not in brokers:
        raise SettingsError(f"there is no Broker named {broker.name}.")
    # Any `delivery` of the Trigger replaces the Broker's as a whole.
    delivery = spec.get("delivery") or (brokers[broker].get("spec") or {}).get("delivery") or {}
    route = Route(
        name=str(name),
        broker=broker,
        matches=filters.of_trigger(spec),
        sink=_sink(spec.get("subscriber"), name.namespace, brokers, room_url),
        delivery=retry.of_spec(delivery),
        ordered=(trigger["metadata"].get("annotations") or {}).get(ORDERED) == "ordered",
    )
    if not route.sink.url:
        raise SettingsError("a subscriber must be a room or a URL.")
    if "deadLetterSink" not in delivery:
        return (route,)
    dead_letter = _sink(delivery["deadLetterSink"], name.namespace, brokers, room_url)
    if dead_letter.broker:
        return (replace(route, dead_letter=dead_letter),)
    sink = Route(f"{name}/dead-letter", broker, lambda _event: False, dead_letter, route.delivery)
    return (replace(route, dead_letter=dead_letter), sink)


def _sink(destination: object, namespace: str, brokers: Mapping[BrokerName, Yaml], room_url: RoomUrl) -> Sink:
    if not isinstance(destination, Mapping):
        raise SettingsError("a destination needs a ref or a uri.")
    ref, uri = destination.get("ref"), str(destination.get("uri", ""))
    if not ref:
        return Sink(url=_absolute(uri))
    name = BrokerName(str(ref.get("namespace", namespace)), str(ref.get("name", "")))
    if ref.get("kind") == "Broker":
        if name not in brokers:
            raise SettingsError(f"there is no Broker named {name.name}.")
        return Sink(broker=name)
    if ref.get("kind") != "Service":
        raise SettingsError("a destination must refer to a Service or a Broker.")
    return Sink(url=_absolute(urljoin(room_url(name.name).rstrip("/") + "/", uri)), internal=True)


def _absolute(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError("a destination needs an absolute http or https URL.")
    return url
