"""How rooms scale and are held in their pods, and how the two Deployments are: each rule returns its faults."""

import re
from collections.abc import Iterator
from typing import Any

from .rules import NOTE, ORDERED, Files, Object, container, of_kind, services

AUTOSCALING = "autoscaling.knative.dev/"
SIDECAR = "queue.sidecar.serving.knative.dev/"
# What a class of rooms means: how long its callers can wait, and what it may take of the cluster meanwhile.
CLASSES: dict[str, dict[str, Any]] = {
    "hot": {"min-scale": "2", "max-scale": "20", "metric": "concurrency", "target": "50", "target-burst-capacity": "0",
            "concurrency": 100, "timeout": 15},
    "fast": {"min-scale": "0", "max-scale": "20", "metric": "rps", "target": "150", "scale-down-delay": "10m",
             "concurrency": 80, "timeout": 10},
    # As fast for what is short; a text of many megabytes takes its time.
    "stream": {"min-scale": "0", "max-scale": "20", "metric": "rps", "target": "150", "scale-down-delay": "10m",
               "concurrency": 80, "timeout": 60},
    "retrieval": {"min-scale": "1", "max-scale": "20", "metric": "concurrency", "target": "20",
                  "target-burst-capacity": "0", "concurrency": 32, "timeout": 30},
    "batch": {"min-scale": "0", "max-scale": "4", "metric": "concurrency", "target": "2", "target-burst-capacity": "-1",
              "concurrency": 2, "timeout": 600},
    "sink": {"min-scale": "1", "max-scale": "4", "metric": "concurrency", "target": "20", "concurrency": 40,
             "timeout": 30},
    # Does little but wait for somebody else's server.
    "outward": {"min-scale": "0", "max-scale": "10", "metric": "concurrency", "target": "100", "concurrency": 200,
                "timeout": 30},
    "admin": {"min-scale": "0", "max-scale": "3", "metric": "concurrency", "target": "20", "concurrency": 40,
              "timeout": 60},
}  # fmt: skip
QUEUE_RESOURCES = {f"{resource}-resource-{kind}" for resource in ("cpu", "memory") for kind in ("request", "limit")}
LEAST_MEMORY = 96  # MiB: an idle room may take 90 MB
LEAST_PROCESSOR = 1000  # thousandths: a cold start is all processor, so a smaller limit multiplies it


def room_faults(files: Files) -> Iterator[str]:
    for name, service in services(files).items():
        yield from (f"{name}: {fault}" for fault in (*_class(service), *_pod(service)))


def _class(service: Object) -> Iterator[str]:
    name = service["metadata"]["labels"].get(f"{NOTE}class", "")
    if name not in CLASSES:
        yield f"its class {name or '(none)'} is none of {', '.join(CLASSES)}"
        return
    template = service["spec"]["template"]
    annotations = template["metadata"]["annotations"]
    found: dict[str, Any] = {
        key.removeprefix(AUTOSCALING): value for key, value in annotations.items() if key.startswith(AUTOSCALING)
    }
    found |= {
        "concurrency": template["spec"].get("containerConcurrency"),
        "timeout": template["spec"]["timeoutSeconds"],
    }
    for key in sorted(found.keys() | CLASSES[name].keys()):
        if found.get(key) != CLASSES[name].get(key):
            yield f"{key} is {found.get(key)}, and {CLASSES[name].get(key)} in the class {name}"
    if missing := QUEUE_RESOURCES - {key.removeprefix(SIDECAR) for key in annotations}:
        yield f"its queue-proxy lacks {', '.join(sorted(missing))}"


def _pod(service: Object) -> Iterator[str]:
    if service["metadata"]["labels"].get("networking.knative.dev/visibility") != "cluster-local":
        yield "it can be reached from outside, past the gateway"
    spec, box = service["spec"]["template"]["spec"], container(service)
    if box.get("readinessProbe") != {"httpGet": {"path": "/health"}}:
        yield "its readiness is not asked at /health"
    if box.get("ports") != [{"name": "http1", "containerPort": 8080}]:
        yield "it does not listen on 8080 as http1"
    if spec.get("enableServiceLinks") is not False:
        yield "it is told more of the cluster than it needs"
    yield from _resources(box)
    yield from _scratch(spec, box)


def _resources(box: Object) -> Iterator[str]:
    resources = box.get("resources", {})
    values = {(kind, name): resources.get(kind, {}).get(name) for kind in ("requests", "limits")
              for name in ("cpu", "memory")}  # fmt: skip
    if None in values.values():
        yield "its processor and memory are not both requested and limited"
        return
    if thousandths(values["limits", "cpu"]) < LEAST_PROCESSOR:
        yield "its processor limit would multiply its cold start"
    if mebibytes(values["requests", "memory"]) < LEAST_MEMORY:
        yield "it requests less memory than an idle room takes"
    if mebibytes(values["requests", "memory"]) > mebibytes(values["limits", "memory"]):
        yield "it requests more memory than it may have"


def _scratch(spec: Object, box: Object) -> Iterator[str]:
    """The one place that can be written is /tmp, in memory and bounded."""
    mounts = {mount["mountPath"]: mount["name"] for mount in box.get("volumeMounts", ()) if not mount.get("readOnly")}
    if set(mounts) != {"/tmp"}:
        yield f"it can write to {', '.join(sorted(mounts)) or 'nothing'} instead of /tmp"
        return
    (volume,) = [volume for volume in spec.get("volumes", ()) if volume["name"] == mounts["/tmp"]]
    if volume.get("emptyDir", {}).get("medium") != "Memory" or "sizeLimit" not in volume["emptyDir"]:
        yield "its /tmp is not in memory or has no limit"


def delivery_faults(files: Files) -> Iterator[str]:
    """A Trigger waits as long as its room may work, and an ordered one gives up soon: it holds others meanwhile."""
    timeouts = {
        name: service["spec"]["template"]["spec"]["timeoutSeconds"] for name, service in services(files).items()
    }
    for trigger in of_kind(files, "Trigger"):
        name, delivery = trigger["metadata"]["name"], trigger["spec"]["delivery"]
        room = trigger["spec"]["subscriber"]["ref"]["name"]
        if seconds(delivery["timeout"]) < timeouts[room]:
            yield f"Trigger {name} gives up while {room} may still work on it"
        ordered = trigger["metadata"].get("annotations", {}).get(ORDERED) == "ordered"
        wanted = (5, "PT0.5S") if ordered else (8, "PT1S")
        if (delivery["retry"], delivery["backoffDelay"]) != wanted or delivery["backoffPolicy"] != "exponential":
            yield f"Trigger {name} does not retry as {'ordered' if ordered else 'other'} ones do"


def deployment_faults(files: Files) -> Iterator[str]:
    """The two services that always run: probed, bounded, unprivileged, in two copies that never go at once."""
    budgets = [item["spec"] for item in of_kind(files, "PodDisruptionBudget")]
    scaled = {
        item["spec"]["scaleTargetRef"]["name"]: item["spec"] for item in of_kind(files, "HorizontalPodAutoscaler")
    }
    for item in of_kind(files, "Deployment"):
        name, spec = item["metadata"]["name"], item["spec"]
        labels, pod = spec["template"]["metadata"]["labels"], spec["template"]["spec"]
        for fault in _deployment(spec, pod):
            yield f"{name}: {fault}"
        selectors = [one["selector"]["matchLabels"] for one in budgets if one.get("minAvailable", 0) >= 1]
        if not any(selector.items() <= labels.items() for selector in selectors):
            yield f"{name}: no disruption budget keeps one of its pods"
        if name not in scaled or scaled[name]["minReplicas"] != spec["replicas"]:
            yield f"{name}: its autoscaler is missing or starts from another number"


def _deployment(spec: Object, pod: Object) -> Iterator[str]:
    (box,) = pod["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if probe not in box:
            yield f"it has no {probe}"
    if "preStop" not in box.get("lifecycle", {}):
        yield "it ends before the network has forgotten it"
    security = pod.get("securityContext", {}) | box.get("securityContext", {})
    wanted = {
        "runAsNonRoot": True, "runAsUser": 65532, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    if not wanted.items() <= security.items():
        yield "its security context is not the house's"
    if pod.get("automountServiceAccountToken") is not False or pod.get("enableServiceLinks") is not False:
        yield "it is told more of the cluster than it needs"
    if spec["replicas"] < 2:
        yield "one pod alone is not always there"
    if not pod.get("topologySpreadConstraints"):
        yield "its pods may all be on one node"
    yield from _resources(box)
    yield from _scratch(pod, box)


def thousandths(processor: str) -> int:
    return int(processor[:-1]) if processor.endswith("m") else int(float(processor) * 1000)


def mebibytes(memory: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", memory).groups()
    return int(number) * {"Mi": 1, "Gi": 1024}[unit]


def seconds(duration: str) -> float:
    """ISO 8601, as our Triggers write it: PT30S, PT0.5S."""
    return float(re.fullmatch(r"PT([\d.]+)S", duration)[1])
