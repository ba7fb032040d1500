"""Who may talk to whom: the NetworkPolicies evaluated over every pair of pods and every port, against what the wiring
needs. Each cell is wanted, or closed at each end that is ours; there is nothing between.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from .rules import NOTE, Files, leaves, note, of_kind, services

OURS = "voiceassist"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
# Ports of Knative's queue-proxy: HTTP, h2c, TLS, and its own administration; metrics of it and of the user's process.
QUEUE, AUTOSCALER_METRICS, USER_METRICS = (8012, 8013, 8112, 8022), 9090, 9091
USER_PORT, GATEWAY_PORT, GATEWAY_ROOMS_PORT, REALTIME_PORT = 8080, 8443, 8444, 8080
KOURIER_INTERNAL, ACTIVATOR, BROKER = (8081, 8444), (8012, 8013, 8112), (8080, 8443)
ENGINES = {"postgres": 5432, "redis": 6379, "qdrant": 6333, "s3": 8333, "oidc": 8443}
API_SERVER, WEB, OTLP, LOKI, JAEGER = 6443, 443, 4318, 3100, 16686
# The RabbitMQ Broker runs beside us: its pods by the labels it gives them.
BROKER_INGRESS, AMQP, RABBITMQ_MANAGEMENT = 8080, 5672, 15672
RABBITMQ_PODS = {
    "broker ingress": {"eventing.knative.dev/brokerRole": "ingress"},
    "dispatcher": {"eventing.knative.dev/brokerRole": "dispatcher"},
    "rabbitmq": {"app.kubernetes.io/component": "rabbitmq"},
}
# What the two Deployments use, as the composition root gives it to them.
DEPLOYMENT_NEEDS = {"gateway": {"postgres", "redis"}, "realtime": {"postgres", "redis"}}
DEPLOYMENTS_SAY = {"gateway"}  # it relays the outbox
ANY_OTHER_PORT = 1
PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07::1")
# Addresses that are nobody's on the internet (IANA's registries of special addresses), one of each block.
SPECIAL = (
    "0.0.0.1", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.1", "192.168.1.1",
    "198.18.0.1", "224.0.0.1", "240.0.0.1", "::1", "2001::1", "2001:db8::1", "2002::1", "fd00::1", "fe80::1", "ff02::1",
)  # fmt: skip


@dataclass(frozen=True)
class Pod:
    """Somebody on the network; outside the cluster there is an address instead of a namespace."""

    name: str
    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)
    address: str = "10.42.0.7"  # K3s's network of pods


@dataclass(frozen=True)
class Cell:
    source: Pod
    target: Pod
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{self.source.name} -> {self.target.name}:{self.port}/{self.protocol}"


_KNOWN = (
    Pod("activator", "knative-serving", {"app": "activator"}),
    Pod("autoscaler", "knative-serving", {"app": "autoscaler"}),
    Pod("another in knative-serving", "knative-serving"),
    Pod("kourier", "kourier-system"),
    Pod("broker", "knative-eventing"),
    Pod("prometheus", "monitoring"),
    Pod("edge", "edge"),
    Pod("dns", "kube-system", {"k8s-app": "kube-dns"}),
    Pod("another in kube-system", "kube-system"),
    Pod("postgres", "data", {"cnpg.io/cluster": "postgres"}),
    Pod("redis", "data", {"app.kubernetes.io/name": "valkey"}),
    Pod("qdrant", "data", {"app.kubernetes.io/name": "qdrant"}),
    Pod("s3", "data", {"app.kubernetes.io/name": "seaweedfs"}),
    Pod("another in data", "data"),
    Pod("collector", "observability", {"app.kubernetes.io/name": "opentelemetry-collector"}),
    Pod("loki", "observability", {"app.kubernetes.io/name": "loki"}),
    Pod("jaeger", "observability", {"app.kubernetes.io/name": "jaeger"}),
    Pod("another in observability", "observability"),
    Pod("oidc", "identity", {"app.kubernetes.io/name": "keycloak"}),
    Pod("another in identity", "identity"),
    Pod("rabbitmq operators", "rabbitmq-system"),
    Pod("a pod of somebody else", "default"),
)
# Labels are easily taken: each of the above has a double in a namespace where anybody may start pods.
_DOUBLES = (Pod(f"the double of {pod.name}", "default", pod.labels) for pod in _KNOWN if pod.labels)
_OUTSIDE = (Pod(address, "", address=address) for address in (*PUBLIC, *SPECIAL))
FOREIGN = {pod.name: pod for pod in (*_KNOWN, *_DOUBLES, *_OUTSIDE)}


def ours(files: Files) -> dict[str, Pod]:
    """Our pods as the wiring labels them, and one without any label."""
    rooms = {name: service["spec"]["template"]["metadata"]["labels"] for name, service in services(files).items()}
    rest = {
        item["metadata"]["name"]: item["spec"]["template"]["metadata"]["labels"]
        for item in of_kind(files, "Deployment")
    }
    broker = RABBITMQ_PODS if has_rabbitmq(files) else {}
    return {name: Pod(name, OURS, labels) for name, labels in ({"a bare pod": {}} | rooms | rest | broker).items()}


def has_rabbitmq(files: Files) -> bool:
    return any(of_kind(files, "RabbitmqBrokerConfig"))


def wanted(files: Files) -> set[tuple[Cell, str]]:
    """The ends that must be open: needs, events, calls of rooms, the way in and out, measuring, names."""
    everybody = ours(files) | FOREIGN
    found = set()
    ways = (*_everybodys(files), *_rooms(files), *_deployments(), *_rabbitmqs(files))
    for source, target, ports, protocol in ways:
        cells = [Cell(everybody[source], everybody[target], port, protocol) for port in ports]
        found |= {(cell, end) for cell in cells for end in ("source", "target")}
    for name, service in services(files).items():
        if "serviceAccountName" in service["spec"]["template"]["spec"]:
            # Where a cluster's API server is nobody knows before: any address, at its port.
            found |= {(Cell(everybody[name], target, API_SERVER), "source") for target in everybody.values()}
    if has_rabbitmq(files):
        found |= {(Cell(everybody["rabbitmq"], target, API_SERVER), "source") for target in everybody.values()}
    return found


Way = tuple[str, str, tuple[int, ...], str]


def _everybodys(files: Files) -> Iterator[Way]:
    for name in ours(files):
        yield name, "dns", (53,), "TCP"
        yield name, "dns", (53,), "UDP"
        yield name, "collector", (OTLP,), "TCP"


def _rooms(files: Files) -> Iterator[Way]:
    for name, service in services(files).items():
        # Events come this way, too: the dispatchers call a room by its name, which leads to Kourier.
        yield "activator", name, QUEUE, "TCP"
        yield "kourier", name, QUEUE, "TCP"
        yield "autoscaler", name, (AUTOSCALER_METRICS,), "TCP"
        yield "prometheus", name, (USER_METRICS,), "TCP"
        yield from ((name, need, (ENGINES[need],), "TCP") for need in note(service, "needs"))
        if any(services(files)[other] for other in note(service, "calls")):
            yield name, "kourier", KOURIER_INTERNAL, "TCP"
            yield name, "activator", ACTIVATOR, "TCP"
        if note(service, "says"):
            yield name, "broker", BROKER, "TCP"
        if name == "canary":
            yield name, "gateway", (GATEWAY_PORT,), "TCP"
            yield name, "realtime", (REALTIME_PORT,), "TCP"
            yield name, "loki", (LOKI,), "TCP"
            yield name, "jaeger", (JAEGER,), "TCP"
        if leaves(service):
            yield from ((name, address, (WEB,), "TCP") for address in PUBLIC)


def _deployments() -> Iterator[Way]:
    for name, needs in DEPLOYMENT_NEEDS.items():
        yield name, "kourier", KOURIER_INTERNAL, "TCP"
        yield name, "activator", ACTIVATOR, "TCP"
        yield from ((name, need, (ENGINES[need],), "TCP") for need in needs)
    yield from ((name, "broker", BROKER, "TCP") for name in DEPLOYMENTS_SAY)
    yield "edge", "gateway", (GATEWAY_PORT,), "TCP"
    yield "prometheus", "gateway", (GATEWAY_PORT,), "TCP"
    yield "gateway", "realtime", (REALTIME_PORT,), "TCP"
    yield "prometheus", "realtime", (REALTIME_PORT,), "TCP"


def _rabbitmqs(files: Files) -> Iterator[Way]:
    if not has_rabbitmq(files):
        return
    saying = {name for name, service in services(files).items() if note(service, "says")} | DEPLOYMENTS_SAY
    for name in (*saying, "dispatcher", "broker"):  # the last ticks PingSources
        yield name, "broker ingress", (BROKER_INGRESS,), "TCP"
    for name in ("broker ingress", "dispatcher"):
        yield name, "rabbitmq", (AMQP,), "TCP"
    yield "dispatcher", "kourier", KOURIER_INTERNAL, "TCP"
    yield "dispatcher", "activator", ACTIVATOR, "TCP"
    yield "rabbitmq operators", "rabbitmq", (RABBITMQ_MANAGEMENT,), "TCP"


# Everything that anything listens on, and one port that nothing does; `faults` adds what a policy names.
PORTS = {
    (port, "TCP")
    for port in (
        53, *QUEUE, AUTOSCALER_METRICS, USER_METRICS, USER_PORT, GATEWAY_PORT, GATEWAY_ROOMS_PORT, REALTIME_PORT,
        *KOURIER_INTERNAL, *BROKER, *ENGINES.values(), AMQP, OTLP, LOKI, JAEGER, WEB, API_SERVER, ANY_OTHER_PORT,
    )
} | {(53, "UDP")}  # fmt: skip


def faults(files: Files) -> Iterator[str]:
    """Over all pairs with one of ours: an end that is open and not wanted, or wanted and not open."""
    policies = [item["spec"] for item in of_kind(files, "NetworkPolicy")]
    must, pods, ports = wanted(files), ours(files), PORTS | named(policies)
    for pod in pods.values():
        for peer in (*pods.values(), *FOREIGN.values()):
            if peer != pod:
                for end, source, target in (("source", pod, peer), ("target", peer, pod)):
                    is_open = opened(policies, pod, peer, end, ports)
                    for port, protocol in ports:
                        cell = Cell(source, target, port, protocol)
                        if ((port, protocol) in is_open) != ((cell, end) in must):
                            yield f"{cell} is {'open' if (port, protocol) in is_open else 'closed'} at its {end}"


# --- the meaning of a NetworkPolicy (networking.k8s.io/v1) ---


Ports = set[tuple[int, str]]


def named(policies: Iterable[Mapping[str, Any]]) -> Ports:
    """Every port that a policy names."""
    rules = [rule for one in policies for rule in (*one.get("ingress", ()), *one.get("egress", ()))]
    return set().union(*(_ports(rule.get("ports"), set()) for rule in rules))


def opened(policies: Iterable[Mapping[str, Any]], pod: Pod, peer: Pod, end: str, ports: Ports = PORTS) -> Ports:
    """Those of `ports` by which one of our pods may send to a peer (end "source") or receive from it ("target")."""
    direction, peers = ("Egress", "to") if end == "source" else ("Ingress", "from")
    applying = [one for one in policies if _selects(one["podSelector"], pod.labels) and direction in types(one)]
    if not applying:
        return ports
    rules = [rule for one in applying for rule in one.get(direction.lower(), ()) if _peer(rule.get(peers), peer)]
    return set().union(*(_ports(rule.get("ports"), ports) for rule in rules))


def types(policy: Mapping[str, Any]) -> set[str]:
    return set(policy.get("policyTypes", {"Ingress"} | ({"Egress"} if "egress" in policy else set())))


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    if selector.keys() - {"matchLabels"}:
        raise ValueError(f"a selector uses {sorted(selector)}, which this evaluator does not know")
    return selector.get("matchLabels", {}).items() <= labels.items()


def _peer(peers: list[Mapping[str, Any]] | None, pod: Pod) -> bool:
    return not peers or any(_one_peer(peer, pod) for peer in peers)


def _one_peer(peer: Mapping[str, Any], pod: Pod) -> bool:
    if peer.keys() - {"podSelector", "namespaceSelector", "ipBlock"}:
        raise ValueError(f"a peer uses {sorted(peer)}, which this evaluator does not know")
    if "ipBlock" in peer:
        return _within(peer["ipBlock"], pod.address)
    namespaces = peer.get("namespaceSelector")
    here = pod.namespace == OURS if namespaces is None else _selects(namespaces, {NAMESPACE_LABEL: pod.namespace})
    return bool(pod.namespace) and here and _selects(peer.get("podSelector", {}), pod.labels)


@cache
def _network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr)


def _within(block: Mapping[str, Any], address: str) -> bool:
    place = ip_address(address)
    return place in _network(block["cidr"]) and not any(place in _network(hole) for hole in block.get("except", ()))


def _ports(listed: list[Mapping[str, Any]] | None, every: Ports) -> Ports:
    if not listed:
        return every
    for port in listed:
        if port.keys() - {"port", "protocol"} or not isinstance(port["port"], int):
            raise ValueError("a port is a name or a range, which this evaluator does not know")
    return {(port["port"], port.get("protocol", "TCP")) for port in listed}


def rooms_tier(files: Files) -> Iterator[str]:
    """Every room is under the rooms' policy, whatever its other labels."""
    for name, service in services(files).items():
        if service["spec"]["template"]["metadata"]["labels"].get(f"{NOTE}tier") != "room":
            yield f"{name} is not under the rooms' policy"
