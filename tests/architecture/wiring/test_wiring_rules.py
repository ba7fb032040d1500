"""The wiring obeys its rules, and each rule finds a planted difference."""

import shutil

import pytest

from . import rules

# --- as it stands ---


def test_every_object_fits_its_schema(files, crds):
    assert list(rules.schema_faults(files, crds)) == []


@pytest.mark.parametrize(
    "rule", [rules.room_faults, rules.voice_faults, rules.warm_faults, rules.needs_faults, rules.event_faults]
)
def test_the_wiring_obeys(rule, files):
    assert list(rule(files)) == []


def test_compose_agrees_with_the_rooms(compose, files):
    assert list(rules.compose_faults(compose, files)) == []


# --- planted differences ---


ROOM = "knative/rooms/calculators.yaml/0"
SENDER = "knative/rooms/subscriptions.yaml/0"
TRIGGER = "knative/rooms/notifications.yaml/1"
DELIVERY = f"{TRIGGER}/spec/delivery"
BOX = f"{ROOM}/spec/template/spec/containers/0"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (f"{BOX}/env/0/value", "other", "two values"),
        (f"{BOX}/env/2/valueFrom/secretKeyRef/key", "gateway", "another key than its own"),
        (f"{BOX}/env/2", ..., "another key than its own"),
        (f"{BOX}/securityContext/readOnlyRootFilesystem", False, "security context"),
        (f"{BOX}/securityContext/runAsUser", ..., "security context"),
        (f"{BOX}/image", "busybox:latest", "symbolic"),
        (f"{BOX}/resources/limits", ..., "resources"),
        (f"{ROOM}/metadata/name", "abacus", "as a folder or as a Service"),
        (f"{ROOM}/metadata/annotations/voiceassist.org~needs", "postgres,redis", "differ from its needs"),
        (f"{ROOM}/metadata/labels/voiceassist.org~publishes", ..., "publishes"),
        (f"{ROOM}/spec/template/spec/containerConcurrency", ..., "containerConcurrency"),
        (f"{ROOM}/spec/template/spec/automountServiceAccountToken", True, "token of the cluster"),
        (f"{ROOM}/spec/template/spec/automountServiceAccountToken", ..., "token of the cluster"),
        (f"{SENDER}/spec/template/spec/serviceAccountName", ..., "lacks the one"),
        (f"{ROOM}/spec/template/metadata/labels/voiceassist.org~egress", "true", "way out"),
        (f"{SENDER}/spec/template/metadata/labels/voiceassist.org~egress", ..., "way out"),
        (f"{ROOM}/spec/template/metadata/annotations/autoscaling.knative.dev~max-scale", ..., "max-scale"),
    ],
)
def test_a_planted_fault_of_a_room_is_found(files, path, value, sentence):
    assert any(sentence in fault for fault in rules.room_faults(rules.planted(files, path, value)))


NOTES = f"{ROOM}/metadata/annotations/voiceassist.org~"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phrases": "list of scores"}, "belong together"),
        ({"voice": "/api/v1/calculators"}, "belong together"),
        ({"voice": "/api/v1/other", "phrases": "list of scores"}, "no route of its own"),
        ({"voice": "/api/v1/calculators", "phrases": "how do I treat *"}, "clinical question"),
        ({"scope": "calc:run"}, "not for its wiring"),
        ({"scope": "everything"}, "no scope"),
    ],
)
def test_a_planted_fault_of_what_is_asked_by_voice_is_found(files, changes, sentence):
    changed = files
    for name, value in changes.items():
        changed = rules.planted(changed, NOTES + name, value)
    assert any(sentence in fault for fault in rules.voice_faults(changed))


@pytest.mark.parametrize(
    ("room", "value", "sentence"),
    [
        ("calculators", ..., "calculators is called in a voice session"),
        ("documents", "true", "no voice session calls it"),
    ],
)
def test_a_room_that_is_warmed_in_vain_or_stays_cold_is_found(files, room, value, sentence):
    changed = rules.planted(
        files, f"knative/rooms/{room}.yaml/0/metadata/annotations/voiceassist.org~warm-for-voice", value
    )
    assert any(sentence in fault for fault in rules.warm_faults(changed))


def test_a_room_that_the_voice_begins_to_call_is_found(files, tmp_path):
    (tmp_path / "realtime").mkdir()
    (tmp_path / "realtime" / "rooms.py").write_text("a = self._settings.room('documents')")
    found = list(rules.warm_faults(files, tmp_path))
    assert "documents is called in a voice session and not marked warm-for-voice" in found
    assert any("calls ['documents'] and wakes" in fault for fault in found)


def test_a_room_without_a_service_and_one_outside_the_kustomization_are_found(files, tmp_path):
    shutil.copytree(rules.ROOT / "functions", tmp_path / "functions", ignore=shutil.ignore_patterns("library"))
    (tmp_path / "functions" / "extra").mkdir()
    (tmp_path / "functions" / "extra" / "main.py").write_text("")
    assert any("room extra" in fault for fault in rules.room_faults(files, tmp_path))
    assert list(rules.room_faults({**files, "knative/rooms/kustomization.yaml": [{"kind": "x", "resources": []}]}))


@pytest.mark.parametrize(("room", "needs"), [("auth", "postgres"), ("documents", "postgres,qdrant,s3")])
def test_a_need_that_is_not_the_codes_is_found(files, room, needs):
    changed = rules.planted(files, f"knative/rooms/{room}.yaml/0/metadata/annotations/voiceassist.org~needs", needs)
    assert any(fault.startswith(f"{room} needs") for fault in rules.needs_faults(changed))


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        *((f"{DELIVERY}/{field}", ..., f"delivery.{field} is not set")
          for field in ("retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink")),
        (f"{DELIVERY}/timeout", "60s", "no duration"),
        (f"{DELIVERY}/backofDelay", "PT1S", "unknown keys"),
        (f"{DELIVERY}/deadLetterSink/ref/name", "nowhere", "Broker that is not there"),
        (f"{TRIGGER}/spec/broker", "nowhere", "Broker that is not there"),
        (f"{TRIGGER}/spec/subscriber/ref/name", "nobody", "which is no room"),
        (f"{TRIGGER}/spec/filter/attributes/type", "org.voiceassist.document.lost.v1", "catalogue does not know"),
        (f"{TRIGGER}/spec/filter/attributes/type", "org.voiceassist.document.deleted.v1", "is heard by"),
        (f"{TRIGGER}/spec/filters", [{"cesql": "type ="}], "cannot be used: The CESQL expression"),
        (f"{TRIGGER}/spec/filters", [{"cesql": "TRUE"}], "is heard by"),
        (f"{TRIGGER}/spec/filters", [{"cesql": "FALSE"}], "hears nothing"),
        (f"{TRIGGER}/spec/filters", [{"any": [{"cesql": "type IN ('org.example.lost') AND EXISTS n"}]}],
         "waits for org.example.lost, which the catalogue"),
        (f"{TRIGGER}/spec/filters", [{"all": [{"not": {"cesql": "EXISTS a AND EXISTS b OR EXISTS c"}}]}], "mixes AND"),
        ("knative/rooms/subscriptions.yaml/4/spec/ceOverrides/extensions/schedule", "daily", "hears nothing"),
        (f"{TRIGGER}/spec/suscriber", {}, "unknown keys"),
        (f"{TRIGGER}/spec/subscriber", ..., "tells nobody"),
        (f"{ROOM}/metadata/annotations/voiceassist.org~says", "org.voiceassist.answer.given.v1", "does not grant"),
        (f"{ROOM}/metadata/annotations/voiceassist.org~says", "org.example.x", "does not grant"),
        (f"{ROOM}/metadata/annotations/voiceassist.org~says", ..., "is said by"),
    ],
)  # fmt: skip
def test_a_planted_fault_of_the_events_is_found(files, path, value, sentence):
    assert any(sentence in fault for fault in rules.event_faults(rules.planted(files, path, value)))


def test_what_a_trigger_requires_beside_the_type_does_not_hide_the_type():
    uploaded = "org.voiceassist.document.uploaded.v1"
    for spec in (
        {"filters": [{"cesql": f"type = '{uploaded}' AND source = '/x' AND tenantid LIKE '%'"}]},
        {"filters": [{"exact": {"type": uploaded, "tenantid": "7"}}]},
        {"filter": {"attributes": {"type": uploaded, "ownerid": ""}}},
    ):
        assert rules.heard({"spec": spec}) == rules.wanted_types({"spec": spec}) == {uploaded}


@pytest.mark.parametrize(
    ("expression", "mixed"),
    [
        ("a AND b OR c", True),
        ("a or b xor c", True),
        ("d AND (a AND b OR c)", True),
        ("(a AND b) XOR c AND d", True),
        ("n IN (a AND b OR c)", True),
        ("a AND b AND c", False),
        ("(a AND b) OR (c AND d)", False),
        ("a OR NOT (b AND (c OR d))", False),
        ("CONCAT(a AND b, c OR d) = 'x' XOR e", False),
        ("a = 'AND OR' AND b", False),
    ],
)
def test_mixed_logic_without_brackets_is_seen(expression, mixed):
    assert rules.mixes_logic(expression) is mixed


def test_a_circle_is_found(files):
    says = "org.voiceassist.document.uploaded.v1"
    changed = rules.planted(files, "knative/rooms/notifications.yaml/0/metadata/annotations/voiceassist.org~says", says)
    found = [fault for fault in rules.event_faults(changed) if "circle" in fault]
    assert {fault.split()[0] for fault in found} == {"ingestion", "notifications"}


CALCULATORS = "services/calculators"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (f"{CALCULATORS}/environment/FUNCTION_TARGET", "other", "FUNCTION_TARGET differs"),
        (f"{CALCULATORS}/environment/FUNCTION_SOURCE", ..., "FUNCTION_SOURCE differs"),
        (f"{CALCULATORS}/env_file", ["${WORKLOADS_DIR:?fill in .env}/gateway.env"], "another key than its own"),
        (f"{CALCULATORS}/env_file", ..., "another key than its own"),
        (f"{CALCULATORS}/environment/PORT", "80", "8080"),
        (f"{CALCULATORS}/environment/K_SINK", "http://elsewhere/", "K_SINK"),
        (f"{CALCULATORS}/mem_limit", "1g", "memory limit differs"),
        (f"{CALCULATORS}/networks", ["internal"], "networks"),
        (f"{CALCULATORS}/networks", ["internal", "data", "public"], "networks"),
        (f"{CALCULATORS}/networks", ["internal", "data", "outside"], "networks"),
        ("services/subscriptions/networks", ["internal", "data"], "networks"),
        (f"{CALCULATORS}/depends_on/postgres", ..., "waits for"),
        (f"{CALCULATORS}/ports", ["127.0.0.1:8080:8080"], "gateway only"),
        (f"{CALCULATORS}/healthcheck", ..., "health check"),
        (f"{CALCULATORS}/user", "root", "65532"),
        (f"{CALCULATORS}/read_only", ..., "can be written"),
        (f"{CALCULATORS}/tmpfs", [], "scratch"),
        (f"{CALCULATORS}/cap_drop", [], "privileges"),
        (CALCULATORS, ..., "not in both"),
        ("services/broker", ..., "K_SINK"),
        ("services/gateway/ports", ["8443:8443"], "beyond this machine"),
        ("services/postgres/image", "docker.io/pgvector/pgvector:latest", "not pinned"),
        ("services/postgres/image", "docker.io/pgvector/pgvector", "not pinned"),
        ("services/valkey/mem_limit", ..., "no memory limit"),
        ("networks/data/internal", False, "leads outside"),
    ],
)
def test_a_planted_fault_of_compose_is_found(compose, files, path, value, sentence):
    assert any(sentence in fault for fault in rules.compose_faults(rules.planted(compose, path, value), files))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{DELIVERY}/retry", "three"),
        (f"{TRIGGER}/spec/filters", [{"exact": ["type"]}]),
        (f"{ROOM}/spec/template/spec/timeoutSecond", 10),
        (f"{ROOM}/spec/template/spec/containers/0/resources", []),
        ("knative/realtime/deployment.yaml/0/spec/replica", 2),
        ("knative/realtime/hpa.yaml/0/spec/minReplicas", "two"),
        ("knative/realtime/pdb.yaml/0/spec/minAvailabe", 1),
        ("knative/platform/networkpolicies.yaml/0/spec/podSelektor", {}),
        ("knative/platform/sinkbindings.yaml/0/spec/sink", "broker"),
    ],
)
def test_a_field_the_cluster_would_refuse_or_drop_is_found(files, crds, path, value):
    assert list(rules.schema_faults(rules.planted(files, path, value), crds))
