"""Brokers and Triggers of the wiring, resolved into routes: which events go where, and how patiently."""

import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from events.broker import filters, retry
from events.broker.filters import Predicate
from voiceassist.core.errors import SettingsError

# Base files carry no namespace; overlays add one. Locally this stands for it.
NAMESPACE = "voiceassist"
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+\Z")  # RFC 3986
ORDERED = "kafka.eventing.knative.dev/delivery.order"

Yaml = Mapping[str, Any]
# The base URL of a Service by its reference (apiVersion, kind, name), or None where there is none.
Resolve = Callable[[Yaml], str | None]


@dataclass(frozen=True, slots=True)
class BrokerName:
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Sink:
    """Where an event is sent: a URL, or another Broker of this process. `room`: the one of our own
    that is there and is shown our identity; a foreign URL never is."""

    url: str = ""
    broker: BrokerName | None = None
    room: str = ""


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
    types: frozenset[str] | None = None  # no event of another type can match; None: unknown
    letters: bool = False  # the way to a dead-letter sink; no event is filtered for it


@dataclass(frozen=True, slots=True)
class Condition:
    """The `Ready` condition of a Trigger, as Knative tells it; a Trigger that is not ready hears nothing."""

    ready: bool
    reason: str = ""
    message: str = ""


READY = Condition(ready=True)


@dataclass(frozen=True, slots=True)
class Index:
    """The Triggers of a Broker, found by an event's type where they name one."""

    by_type: Mapping[str, tuple[Route, ...]]
    rest: tuple[Route, ...]

    @classmethod
    def of(cls, routes: Iterable[Route]) -> "Index":
        by_type: dict[str, list[Route]] = {}
        rest = []
        for route in routes:
            if route.types is None:
                rest.append(route)
                continue
            for name in route.types:
                by_type.setdefault(name, []).append(route)
        return cls({name: tuple(found) for name, found in by_type.items()}, tuple(rest))


@dataclass(frozen=True, slots=True)
class Routing:
    brokers: frozenset[BrokerName]
    routes: Mapping[str, Route]
    heard: Mapping[BrokerName, Index]
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    partitions: int = 0

    def matching(self, broker: BrokerName, attributes: filters.Attributes) -> tuple[Route, ...]:
        """Each Trigger of the broker is evaluated at most once, and those of other types not at all."""
        index = self.heard.get(broker)
        if index is None:
            return ()
        candidates = (*index.by_type.get(str(attributes["type"]), ()), *index.rest)
        return tuple([route for route in candidates if route.matches(attributes)])

    def lane(self, key: str) -> str:
        """What keeps an event behind others: its key, or as in Kafka one of so many partitions."""
        return key if not self.partitions else f"{zlib.crc32(key.encode()) % self.partitions}"


def build(
    brokers: Sequence[Yaml],
    triggers: Sequence[Yaml],
    resolve: Resolve,
    *,
    partitions: int = 0,
    compiled: "Compiled | None" = None,
) -> Routing:
    """Resolve the wiring. SettingsError names the Trigger at fault and the reason, as admission to a cluster would
    refuse it; a Broker or subscriber that is not there (yet) makes the Trigger not ready.

    `compiled` remembers Triggers from one call to the next, for as long as Brokers and Services stay the same.
    """
    compiled = Compiled() if compiled is None else compiled
    known = {named(item): item for item in brokers}
    routes: dict[str, Route] = {}
    conditions: dict[str, Condition] = {}
    for trigger in triggers:
        name = str(named(trigger))
        if name in conditions:
            raise SettingsError(f"The Trigger {name} is there twice.")
        try:
            found, conditions[name] = compiled.routes(name, trigger, lambda item: _routes(item, known, resolve))
        except SettingsError as error:
            raise SettingsError(f"The Trigger {named(trigger).name} is not usable: {error.detail}") from None
        routes |= {route.name: route for route in found}
    heard = {broker: Index.of(_of(broker, routes.values())) for broker in known}
    return Routing(frozenset(known), routes, heard, conditions, partitions)


def _of(broker: BrokerName, routes: Iterable[Route]) -> Iterable[Route]:
    return (route for route in routes if route.broker == broker and not route.letters)


def named(item: Yaml) -> BrokerName:
    metadata = part(item, "metadata")
    return BrokerName(str(metadata.get("namespace", NAMESPACE)), str(metadata.get("name", "")))


def part(item: Yaml, name: str) -> Yaml:
    """The object `name` of an object, empty where it is missing."""
    value = item.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise SettingsError(f"{name} must be an object.")
    return value


Resolved = tuple[tuple[Route, ...], Condition]


class Compiled:
    """Routes of Triggers that have not changed: with thousands of them, adding one must not compile all."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Yaml, Resolved]] = {}
        self._for: object = None

    def hold_for(self, world: object) -> None:
        """Forget everything unless `world` (Brokers and Services) is what it was."""
        if world != self._for:
            self._kept.clear()
            self._for = world

    def routes(self, name: str, trigger: Yaml, resolve: Callable[[Yaml], Resolved]) -> Resolved:
        kept = self._kept.get(name)
        if kept is None or kept[0] is not trigger:
            kept = self._kept[name] = (trigger, resolve(trigger))
        return kept[1]


class _NotReadyError(Exception):
    def __init__(self, reason: str, message: str) -> None:
        self.condition = Condition(ready=False, reason=reason, message=message)


def _routes(trigger: Yaml, brokers: Mapping[BrokerName, Yaml], resolve: Resolve) -> Resolved:
    name, spec = named(trigger), part(trigger, "spec")
    broker = BrokerName(name.namespace, str(spec.get("broker", "")))
    # Any `delivery` of the Trigger replaces the Broker's as a whole.
    delivery = part(spec, "delivery") or part(part(brokers.get(broker, {}), "spec"), "delivery")
    part(spec, "filter")  # or it is refused
    matches, patience = filters.of_trigger(spec), retry.of_spec(delivery)
    if broker not in brokers:
        return (), Condition(ready=False, reason="BrokerNotFound", message="There is no such Broker.")
    try:
        route = Route(
            name=str(name),
            broker=broker,
            matches=matches,
            sink=_sink(spec.get("subscriber"), name.namespace, brokers, resolve),
            delivery=patience,
            ordered=part(part(trigger, "metadata"), "annotations").get(ORDERED) == "ordered",
            types=filters.required_types(spec),
        )
        sink = delivery.get("deadLetterSink")
        dead_letter = _sink(sink, name.namespace, brokers, resolve) if "deadLetterSink" in delivery else None
    except _NotReadyError as fault:
        return (), fault.condition
    if not route.sink.url:
        raise SettingsError("a subscriber must be a room or a URL.")
    if dead_letter is None:
        return (route,), READY
    if dead_letter.broker:
        return (replace(route, dead_letter=dead_letter),), READY
    letters = Route(f"{name}/dead-letter", broker, lambda _event: False, dead_letter, route.delivery, letters=True)
    return (replace(route, dead_letter=dead_letter), letters), READY


def _sink(destination: object, namespace: str, brokers: Mapping[BrokerName, Yaml], resolve: Resolve) -> Sink:
    if not isinstance(destination, Mapping):
        raise SettingsError("a destination needs a ref or a uri.")
    ref, uri = part(destination, "ref"), str(destination.get("uri", ""))
    if not ref:
        return Sink(url=_absolute(uri))
    name = BrokerName(str(ref.get("namespace", namespace)), str(ref.get("name", "")))
    if ref.get("kind") == "Broker":
        if name not in brokers:
            raise _NotReadyError("DeadLetterSinkNotFound", "There is no such Broker to send to.")
        return Sink(broker=name)
    if ref.get("kind") != "Service":
        raise SettingsError("a destination must refer to a Service or a Broker.")
    base = resolve(ref)
    if base is None:
        raise _NotReadyError("SubscriberNotFound", "There is no such Service.")
    return Sink(url=base.rstrip("/") + _relative(uri), room=name.name)


def _relative(uri: str) -> str:
    """RFC 3986 resolution against the Service's root: never out of it, locally it is one folder of many."""
    try:
        resolved = urljoin("http://service/", uri)
    except ValueError:
        resolved = ""
    if not resolved.startswith("http://service/") or not _URI.match(resolved):
        raise SettingsError("the uri beside a ref must be relative.")
    return resolved.removeprefix("http://service")


def _absolute(url: str) -> str:
    """What can be put on a request line and looked up; a password in an address would end in dead letters."""
    try:
        parts = urlsplit(url)
        usable = bool(_URI.match(url) and parts.hostname and parts.port != 0 and parts.hostname.encode("idna"))
    except ValueError:  # a port or host that is none
        usable = False
    if not usable or parts.scheme not in {"http", "https"} or parts.username is not None:
        raise SettingsError("a destination needs an absolute http or https URL, without a name or password.")
    return url
