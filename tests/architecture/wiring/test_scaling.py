"""Rooms scale as their class says, pods are bounded, and each rule finds a planted difference."""

import pytest

from . import scaling
from .rules import planted

ROOM = "knative/rooms/calculators.yaml/0"
TEMPLATE = f"{ROOM}/spec/template"
NOTES = f"{TEMPLATE}/metadata/annotations"
POD = f"{TEMPLATE}/spec"
BOX = f"{POD}/containers/0"
TRIGGER = "knative/rooms/ingestion.yaml/1/spec/delivery"
GATEWAY = "knative/gateway/deployment.yaml/0/spec"
GATEWAY_BOX = f"{GATEWAY}/template/spec/containers/0"


@pytest.mark.parametrize("rule", [scaling.room_faults, scaling.delivery_faults, scaling.deployment_faults])
def test_the_wiring_obeys(rule, files):
    assert list(rule(files)) == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (f"{ROOM}/metadata/labels/voiceassist.org~class", "enormous", "is none of"),
        (f"{ROOM}/metadata/labels/voiceassist.org~class", "hot", "min-scale is 0, and 2 in the class hot"),
        (f"{NOTES}/autoscaling.knative.dev~target", "1500", "target is 1500, and 150"),
        (f"{NOTES}/autoscaling.knative.dev~metric", "concurrency", "metric is concurrency, and rps"),
        (f"{NOTES}/autoscaling.knative.dev~scale-down-delay", ..., "scale-down-delay is None"),
        (f"{NOTES}/autoscaling.knative.dev~target-burst-capacity", "0", "target-burst-capacity is 0"),
        (f"{NOTES}/queue.sidecar.serving.knative.dev~cpu-resource-limit", ..., "queue-proxy lacks cpu-resource-limit"),
        (f"{POD}/containerConcurrency", 8, "concurrency is 8, and 80"),
        (f"{POD}/timeoutSeconds", 100, "timeout is 100, and 10"),
        (f"{POD}/enableServiceLinks", True, "more of the cluster"),
        (f"{ROOM}/metadata/labels/networking.knative.dev~visibility", ..., "from outside"),
        (f"{BOX}/readinessProbe", ..., "readiness"),
        (f"{BOX}/readinessProbe/httpGet/path", "/health/ready", "readiness"),
        (f"{BOX}/ports/0/name", "http", "as http1"),
        (f"{BOX}/resources/requests/cpu", ..., "both requested and limited"),
        (f"{BOX}/resources/limits/cpu", "400m", "multiply its cold start"),
        (f"{BOX}/resources/requests/memory", "64Mi", "less memory than an idle room"),
        (f"{BOX}/resources/requests/memory", "1Gi", "more memory than it may have"),
        (f"{BOX}/volumeMounts", [], "write to nothing"),
        (f"{BOX}/volumeMounts/0/mountPath", "/data", "write to /data"),
        (f"{POD}/volumes/0/emptyDir", {}, "in memory"),
        (f"{POD}/volumes/0/emptyDir/sizeLimit", ..., "no limit"),
    ],
)
def test_a_planted_fault_of_a_room_is_found(files, path, value, sentence):
    assert any(sentence in fault for fault in scaling.room_faults(planted(files, path, value)))


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (f"{TRIGGER}/timeout", "PT60S", "may still work on it"),
        (f"{TRIGGER}/retry", 50, "as ordered ones do"),
        (f"{TRIGGER}/backoffDelay", "PT30S", "as ordered ones do"),
        (f"{TRIGGER}/backoffPolicy", "linear", "as ordered ones do"),
        ("knative/rooms/notifications.yaml/1/spec/delivery/retry", 1, "as other ones do"),
    ],
)
def test_a_planted_fault_of_a_delivery_is_found(files, path, value, sentence):
    assert any(sentence in fault for fault in scaling.delivery_faults(planted(files, path, value)))


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        *((f"{GATEWAY_BOX}/{probe}", ..., probe) for probe in ("startupProbe", "readinessProbe", "livenessProbe")),
        (f"{GATEWAY_BOX}/lifecycle", ..., "forgotten it"),
        (f"{GATEWAY_BOX}/securityContext/capabilities", {"drop": []}, "security context"),
        (f"{GATEWAY}/template/spec/securityContext/runAsUser", 0, "security context"),
        (f"{GATEWAY}/template/spec/automountServiceAccountToken", ..., "more of the cluster"),
        (f"{GATEWAY}/replicas", 1, "one pod alone"),
        (f"{GATEWAY}/template/spec/topologySpreadConstraints", ..., "on one node"),
        (f"{GATEWAY_BOX}/resources/limits", ..., "both requested and limited"),
        (f"{GATEWAY_BOX}/volumeMounts/1/readOnly", ..., "can write to"),
        ("knative/gateway/pdb.yaml/0/spec/selector/matchLabels", {"app.kubernetes.io/name": "other"}, "disruption"),
        ("knative/gateway/pdb.yaml/0/spec/minAvailable", 0, "disruption"),
        ("knative/gateway/hpa.yaml/0/spec/minReplicas", 1, "another number"),
        ("knative/gateway/hpa.yaml/0/spec/scaleTargetRef/name", "other", "autoscaler is missing"),
    ],
)
def test_a_planted_fault_of_a_deployment_is_found(files, path, value, sentence):
    assert any(sentence in fault for fault in scaling.deployment_faults(planted(files, path, value)))
