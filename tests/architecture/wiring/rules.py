"""What must hold between knative/, compose.yaml, the catalogue and the rooms: each rule returns its faults.

A fault is one sentence for whoever broke the rule. The tests run every rule on the real files, and on copies with a
planted difference, which must be found.
"""

import ast
import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator

from events import cesql
from events.broker import filters
from events.broker.retry import duration
from events.catalog import EVENT_TYPES, Ping
from events.cesql import tokens
from realtime import warming
from realtime.dialogue import phrases
from voiceassist.core.errors import SettingsError
from voiceassist.runtime import wiring
from voiceassist.runtime.scopes import SCOPES

ROOT = Path(__file__).resolve().parents[3]
NOTE = "voiceassist.org/"
ORDERED = "kafka.eventing.knative.dev/delivery.order"
CESQL = {"cesql", "sql"}
KUBERNETES = "1.35"
# Kinds whose schema nobody publishes in the conformance data: the RabbitMQ operator's.
WITHOUT_SCHEMA = {"RabbitmqBrokerConfig", "Kustomization"}
ENGINE_OF = {"postgres": "postgres", "redis": "valkey", "qdrant": "qdrant", "s3": "seaweedfs", "oidc": "keycloak"}

Object = Mapping[str, Any]
Files = dict[str, list[dict[str, Any]]]


def load(root: Path = ROOT) -> Files:
    """Every YAML document of the base under knative/, by path; overlays are judged as they render."""
    return {
        str(path.relative_to(root)): [document for document in yaml.safe_load_all(path.read_text()) if document]
        for path in sorted((root / "knative").rglob("*.yaml"))
        if "overlays" not in path.parts
    }


def load_compose(root: Path = ROOT) -> dict[str, Any]:
    return yaml.safe_load((root / "compose.yaml").read_text())


def planted(original, path, value):
    """A copy with one thing changed (`...`: removed). Digits are list indices, `~` is a slash inside a name."""
    changed = copy.deepcopy(original)
    # A file's own path holds slashes too, so it is taken as one step.
    file, found, inside = path.partition(".yaml/")
    steps = [f"{file}.yaml", *inside.split("/")] if found else path.split("/")
    *parents, last = [int(step) if step.isdigit() else step.replace("~", "/") for step in steps]
    node = changed
    for step in parents:
        node = node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return changed


def of_kind(files: Files, kind: str, group: str = "") -> Iterator[dict[str, Any]]:
    for documents in files.values():
        yield from (item for item in documents if item["kind"] == kind and item["apiVersion"].startswith(group))


def services(files: Files) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in of_kind(files, "Service", "serving.knative.dev/")}


def note(service: Object, name: str) -> tuple[str, ...]:
    text = service["metadata"].get("annotations", {}).get(NOTE + name, "")
    return tuple(word.strip() for word in text.split(",") if word.strip())


def leaves(service: Object) -> bool:
    """Whether the room calls addresses of others."""
    return note(service, "egress") == ("https",)


def container(service: Object) -> dict[str, Any]:
    (only,) = service["spec"]["template"]["spec"]["containers"]
    return only


# --- schemas ---


def crd_schemas(conformance: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """(apiVersion, kind) to a closed JSON schema, from the CustomResourceDefinitions."""
    schemas = {}
    for path in (conformance / "knative-crds").rglob("*.yaml"):
        for crd in filter(None, yaml.safe_load_all(path.read_text())):
            spec = crd["spec"]
            for version in spec["versions"]:
                key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                schemas[key] = closed(version["schema"]["openAPIV3Schema"], top=True)
    return schemas


def closed(schema: dict[str, Any], *, top: bool = False) -> dict[str, Any]:
    """Refuse unknown properties, as the API server prunes them, unless they are preserved on purpose."""
    schema = {
        key: closed(value)
        if key in {"items", "additionalProperties"} and isinstance(value, dict)
        else {name: closed(inner) for name, inner in value.items()}
        if key == "properties"
        else value
        for key, value in schema.items()
    }
    if top:
        schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
    return schema


def schema_faults(files: Files, crds: Mapping[tuple[str, str], dict[str, Any]]) -> Iterator[str]:
    for path, documents in files.items():
        for item in documents:
            kind = item["kind"]
            if kind in WITHOUT_SCHEMA:
                continue
            schema = crds.get((item["apiVersion"], kind))
            found = _crd_faults(item, schema) if schema else _builtin_faults(item)
            yield from (f"{path}: {kind} {item['metadata'].get('name')}: {fault}" for fault in found)


def _crd_faults(item: Object, schema: dict[str, Any]) -> Iterator[str]:
    for error in Draft202012Validator(schema).iter_errors(item):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message}"


def _builtin_faults(item: Object) -> Iterator[str]:
    try:
        kubernetes_validate.validate(dict(item), KUBERNETES, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        yield str(error)


# --- rooms ---


def room_faults(files: Files, root: Path = ROOT) -> Iterator[str]:
    """Rooms and Services match one to one, and every Service is hardened alike."""
    folders = {path.parent.name for path in (root / "functions").glob("*/main.py")}
    declared = services(files)
    for name in sorted(folders ^ declared.keys()):
        yield f"room {name} is there as a folder or as a Service, not as both"
    listed = next(iter(files["knative/rooms/kustomization.yaml"]))["resources"]
    for path, documents in files.items():
        if path.startswith("knative/rooms/") and documents[0]["kind"] == "Service":
            name = Path(path).name
            if f"{documents[0]['metadata']['name']}.yaml" != name:
                yield f"{path} does not bear its room's name"
            if name not in listed:
                yield f"{path} is not in the kustomization"
    for name, service in declared.items():
        yield from (f"{name}: {fault}" for fault in _one_room(name, service))


def own_key(part: str) -> dict[str, Any]:
    """The private key of a part: one entry of a Secret that holds those of all (docs/decisions/0006)."""
    reference = {"name": "voiceassist-workloads", "key": part}
    return {"name": "VOICEASSIST_WORKLOAD__KEY", "valueFrom": {"secretKeyRef": reference}}


def _own_key_faults(given: object, own: list[Any]) -> Iterator[str]:
    if given != own:
        yield "it is given another key than its own to sign with"


def _one_room(name: str, service: Object) -> Iterator[str]:
    box = container(service)
    environment = {item["name"]: item["value"] for item in box["env"] if "value" in item}
    if environment != {"FUNCTION_TARGET": name, "FUNCTION_SOURCE": f"functions/{name}/main.py"}:
        yield "its two values do not name functions-framework's target and source"
    yield from _own_key_faults([item for item in box["env"] if "value" not in item], [own_key(name)])
    wanted = {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if box.get("securityContext") != wanted:
        yield "its security context is not the house's"
    if box["image"] != "voiceassist":
        yield "its image is not the symbolic one"
    if not {"requests", "limits"} <= box.get("resources", {}).keys():
        yield "its resources are not set"
    template = service["spec"]["template"]
    labels = template["metadata"]["labels"]
    in_labels = {key.removeprefix(f"{NOTE}needs-") for key in labels if key.startswith(f"{NOTE}needs-")}
    if in_labels != set(note(service, "needs")):
        yield "the labels of its pods, which open the network, differ from its needs"
    speaks = bool(note(service, "says"))
    if speaks != (f"{NOTE}publishes" in labels) or speaks != (f"{NOTE}publishes" in service["metadata"]["labels"]):
        yield "the label publishes does not agree with what it says"
    yield from _room_rights(name, service)
    missing = {"min-scale", "max-scale", "metric", "target"} - {
        key.removeprefix("autoscaling.knative.dev/") for key in template["metadata"]["annotations"]
    }
    if missing:
        yield f"its scaling lacks {', '.join(sorted(missing))}"
    for field in ("containerConcurrency", "timeoutSeconds"):
        if field not in template["spec"]:
            yield f"{field} is not set"


def _room_rights(name: str, service: Object) -> Iterator[str]:
    """What only some rooms may: call outside, keep Triggers."""
    template = service["spec"]["template"]
    labels, spec = template["metadata"]["labels"], template["spec"]
    if leaves(service) != (f"{NOTE}egress" in labels):
        yield "the label egress, which opens the way out, does not agree with its annotation"
    keeps = f"{NOTE}keeps-triggers" in labels
    if spec.get("automountServiceAccountToken") is not keeps or (spec.get("serviceAccountName") == name) != keeps:
        yield "it holds a token of the cluster, or lacks the one with which it keeps Triggers"


def voice_faults(files: Files) -> Iterator[str]:
    """What the voice may bring to a room, and what a key needs for it."""
    yield from phrases.read(wiring.room_of(service) for service in services(files).values())[1]
    for name, service in services(files).items():
        for scope in note(service, "scope"):
            if not re.fullmatch(r"[a-z][a-z0-9]*:[a-z]+", scope) or name == "auth" or name in SCOPES:
                yield f"{name}: its scope {scope} is no scope, or not for its wiring to say"


# The gateway asks it who somebody is, when a voice session begins with a key.
ASKED_AT_THE_DOOR = {"auth"}


CALLING = ("settings.room", "self._post")  # with the room as first argument


def warm_faults(files: Files, root: Path = ROOT) -> Iterator[str]:
    """`warm-for-voice` marks the rooms that a voice session calls, and the session wakes those of its own."""
    calls = {
        str(ast.literal_eval(node.args[0]))
        for path in (root / "realtime").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(CALLING)
        and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    asked = {name for name, service in services(files).items() if note(service, "phrases")}
    marked = {name for name, service in services(files).items() if note(service, "warm-for-voice") == ("true",)}
    for name in sorted((calls | asked | ASKED_AT_THE_DOOR) - marked):
        yield f"{name} is called in a voice session and not marked warm-for-voice"
    for name in sorted(marked - calls - asked - ASKED_AT_THE_DOOR):
        yield f"{name} is marked warm-for-voice and no voice session calls it"
    if calls != warming.REQUESTS.keys():
        yield f"a voice session calls {sorted(calls)} and wakes {sorted(warming.REQUESTS)}"


def needs_faults(files: Files, root: Path = ROOT) -> Iterator[str]:
    """`needs` equals the engines the room's code asks the composition root for."""
    for name, service in services(files).items():
        used, declared = engines_used(root / "functions" / name), set(note(service, "needs"))
        if used != declared:
            yield f"{name} needs {sorted(used)} by its code and {sorted(declared)} by its annotation"


_SIGNS = {
    "postgres": {"database", "outbox", "Database", "auditor"},
    "redis": {"redis", "cache"},
    "qdrant": {"knowledge"},
    "s3": {"objects", "vault", "anchors"},
    "oidc": {"oidc"},
}


def engines_used(folder: Path) -> set[str]:
    """By the names a room's code reads: `providers.redis()`, `outbox.add(…)`, `settings.oidc`."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                owner = ast.unparse(node.value).rsplit(".", 1)[-1]
                if owner in {"providers", "settings"}:
                    names.add(node.attr)
                elif owner == "outbox":
                    names.add(owner)
    return {engine for engine, signs in _SIGNS.items() if names & signs}


# --- events ---


def heard(trigger: Object, ticks: Iterable[Mapping[str, str]] = ()) -> set[str]:
    """The catalogue's types that a Trigger lets through; where it asks for more than the type, those it requires.

    `ticks` are the attributes of what the schedules say: of a tick, all is known.
    """
    matches = filters.of_trigger(trigger["spec"])
    required = (filters.required_types(trigger["spec"]) or frozenset()) - {Ping.TYPE}
    types = {name for name in EVENT_TYPES if name in required or matches({"type": name})}
    return types | {tick["type"] for tick in ticks if matches(tick)}


def ticks(files: Files) -> list[dict[str, str]]:
    """Type and extensions of every PingSource's events."""
    return [
        {"type": Ping.TYPE, **(item["spec"].get("ceOverrides") or {}).get("extensions", {})}
        for item in of_kind(files, "PingSource")
    ]


def wanted_types(trigger: Object) -> set[str]:
    """Every type an exact filter or a CESQL expression of a Trigger asks for, known or not."""
    found: set[str] = set()
    for key, value, under in _entries({key: trigger["spec"].get(key) for key in ("filter", "filters")}):
        if key == "type" and under in {"exact", "attributes"}:
            found.add(str(value))
        elif key in CESQL:
            found |= cesql.parse(value).required("type") or frozenset()
    return found


def _entries(node: object, under: str = "") -> Iterator[tuple[str, Any, str]]:
    """(key, value, key above) of every mapping in a filter."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield key, value, under
            yield from _entries(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _entries(value, under)


def mixes_logic(expression: str) -> bool:
    """AND, OR and XOR side by side, not parted by brackets: readers of CESQL differ on which comes first."""
    signs: list[set[str]] = [set()]
    for token in tokens.read(expression):
        if token.kind == "(":
            signs.append(set())
        elif token.kind == ")":
            signs.pop()
        elif token.kind == ",":
            signs[-1] = set()
        elif token.kind in {"AND", "OR", "XOR"}:
            signs[-1].add(token.kind)
        if len(signs[-1]) > 1:
            return True
    return False


def event_faults(files: Files) -> Iterator[str]:
    """Catalogue, Triggers and `says` tell the same story, without a circle."""
    rooms = services(files)
    hears: dict[str, set[str]] = {name: set() for name in rooms}
    brokers = {item["metadata"]["name"] for item in of_kind(files, "Broker", "eventing.knative.dev/")}
    for trigger in of_kind(files, "Trigger"):
        faults = _trigger_faults(trigger, brokers, hears, ticks(files))
        yield from (f"Trigger {trigger['metadata']['name']} {fault}" for fault in faults)
    for room, service in rooms.items():
        for said in note(service, "says"):
            if said not in EVENT_TYPES or room not in EVENT_TYPES[said].says:
                yield f"{room} says {said}, which the catalogue does not grant it"
    for name in EVENT_TYPES:
        yield from _entry_faults(name, rooms, hears)
    yield from circles(rooms, hears)


def _trigger_faults(
    trigger: Object, brokers: set[str], hears: dict[str, set[str]], ticks: list[dict[str, str]]
) -> Iterator[str]:
    """Adds what the Trigger's subscriber hears to `hears`."""
    spec = trigger["spec"]
    try:
        types = heard(trigger, ticks)
    except SettingsError as error:
        yield f"cannot be used: {error.detail}"
        return
    for unknown in sorted(wanted_types(trigger) - EVENT_TYPES.keys()):
        yield f"waits for {unknown}, which the catalogue does not know"
    if any(key in CESQL and mixes_logic(value) for key, value, _ in _entries(spec.get("filters"))):
        yield "mixes AND, OR and XOR without brackets in a CESQL filter"
    if not types:
        yield "hears nothing"
    if spec.get("broker") not in brokers:
        yield "listens at a Broker that is not there"
    subscriber = spec.get("subscriber", {}).get("ref", {}).get("name", "")
    if subscriber in hears:
        hears[subscriber] |= types
    else:
        yield f"tells {subscriber or 'nobody'}, which is no room"
    # The CRD keeps keys it does not know, so a misspelt one would silently do nothing.
    if extra := spec.keys() - {"broker", "filter", "filters", "subscriber", "delivery"}:
        yield f"has unknown keys {sorted(extra)}"
    yield from _delivery_faults(trigger, brokers)


def _entry_faults(name: str, rooms: Mapping[str, Object], hears: Mapping[str, set[str]]) -> Iterator[str]:
    entry = EVENT_TYPES[name]
    saying = {room for room, service in rooms.items() if name in note(service, "says")}
    if saying != set(entry.says):
        yield f"{name} is said by {sorted(saying)} in the wiring and {sorted(entry.says)} in the catalogue"
    hearing = {room for room, types in hears.items() if name in types}
    if hearing != set(entry.heard_by):
        yield f"{name} is heard by {sorted(hearing)} in the wiring and {sorted(entry.heard_by)} in the catalogue"
    if not entry.says and not entry.external:
        yield f"nobody says {name}"


def _delivery_faults(trigger: Object, brokers: set[str]) -> Iterator[str]:
    delivery = trigger["spec"].get("delivery", {})
    for field in ("retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink"):
        if field not in delivery:
            yield f"delivery.{field} is not set"
    for field in ("backoffDelay", "timeout"):
        if field in delivery and duration(str(delivery[field])) is None:
            yield f"delivery.{field} is no duration"
    sink = delivery.get("deadLetterSink", {}).get("ref", {})
    if sink.get("kind") == "Broker" and sink.get("name") not in brokers:
        yield "its dead letters go to a Broker that is not there"
    extra = delivery.keys() - {
        "retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink", "retryAfterMax", "format",
    }  # fmt: skip
    if extra:
        yield f"delivery has unknown keys {sorted(extra)}"


def circles(rooms: Mapping[str, Object], hears: Mapping[str, set[str]]) -> Iterator[str]:
    """A room that, by what it says, may hear of itself again."""
    tells = {
        room: {other for other, types in hears.items() if types & set(note(service, "says"))}
        for room, service in rooms.items()
    }
    for start in sorted(tells):
        reached, frontier = set(), set(tells[start])
        while frontier:
            reached |= frontier
            frontier = {after for room in frontier for after in tells.get(room, ())} - reached
        if start in reached:
            yield f"{start} can hear what follows from its own events: a circle"


# --- compose ---


def compose_faults(compose: Object, files: Files) -> Iterator[str]:
    """One service per Knative Service with the same name, values, limits and reach."""
    rooms, boxes = services(files), compose["services"]
    told = {name: box for name, box in boxes.items() if "FUNCTION_TARGET" in box.get("environment", {})}
    for name in sorted(rooms.keys() ^ told.keys()):
        yield f"{name} is a room in knative/ or in compose.yaml, not in both"
    for name in sorted(rooms.keys() & told.keys()):
        yield from (f"compose {name}: {fault}" for fault in _compose_room(told[name], rooms[name], compose))
    for name, box in boxes.items():
        yield from (f"compose {name}: {fault}" for fault in _compose_any(box))
    for network in ("internal", "data"):
        if not (compose["networks"].get(network) or {}).get("internal"):
            yield f"compose: the network {network} leads outside"


def _compose_room(box: Object, service: Object, compose: Object) -> Iterator[str]:
    environment = box["environment"]
    own = {item["name"]: item["value"] for item in container(service)["env"] if "value" in item}
    for key, value in own.items():
        if environment.get(key) != value:
            yield f"{key} differs from the Knative Service"
    name = service["metadata"]["name"]
    yield from _own_key_faults(box.get("env_file"), [f"${{WORKLOADS_DIR:?fill in .env}}/{name}.env"])
    if environment.get("PORT") != "8080":
        yield "it does not listen on 8080"
    sink = environment.get("K_SINK", "")
    if sink != "http://broker:8080/voiceassist/default" or "broker" not in compose["services"]:
        yield "K_SINK does not lead to the broker"
    if megabytes(box["mem_limit"]) != megabytes(container(service)["resources"]["limits"]["memory"]):
        yield "its memory limit differs from the Knative Service"
    needs = set(note(service, "needs"))
    networks = {"internal"} | ({"data"} if needs - {"oidc"} else set()) | ({"outside"} if leaves(service) else set())
    if set(box["networks"]) != networks:
        yield f"its networks are not {sorted(networks)}, which follow from its needs"
    engines = set(box.get("depends_on", {})) & set(ENGINE_OF.values())
    if engines != {ENGINE_OF[need] for need in needs}:
        yield "the engines it waits for differ from its needs"
    if "ports" in box:
        yield "a room is reached through the gateway only"
    if "healthcheck" not in box:
        yield "it has no health check"


def _compose_any(box: Object) -> Iterator[str]:
    if "build" in box:
        yield from _compose_hardened(box)
    elif not re.fullmatch(r"[a-z0-9.]+/.+:v?\d[\w.-]*", box.get("image", "")):
        yield "its image is not pinned to a version"
    if "mem_limit" not in box:
        yield "it has no memory limit"
    if any(not str(port).startswith("127.0.0.1:") for port in box.get("ports", ())):
        yield "it listens beyond this machine"


def _compose_hardened(box: Object) -> Iterator[str]:
    if box.get("user") != "65532:65532":
        yield "it does not run as 65532"
    if box.get("read_only") is not True:
        yield "its root file system can be written"
    if not any(str(mount).startswith("/tmp") for mount in box.get("tmpfs", ())):
        yield "it has no scratch folder in memory"
    if box.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in box.get("security_opt", ()):
        yield "it keeps privileges"


def megabytes(text: str) -> float:
    """Compose's 256m and Kubernetes' 256Mi are the same."""
    number, unit = re.fullmatch(r"(\d+)([a-zA-Z]+)", text).groups()
    return int(number) * {"m": 1, "g": 1024, "mi": 1, "gi": 1024}[unit.lower()]
