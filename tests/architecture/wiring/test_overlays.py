"""The overlays, rendered by kustomize itself: they change where and how big, never what is said, heard and allowed."""

import copy

import pytest

from voiceassist.runtime.settings import Delivery

from . import flows, rules, scaling, schedules

OVERLAYS = ("staging", "production", "small-site")
OWN_POLICIES = {"small-site": {"publishers-to-broker-ingress", "broker-ingress", "broker-dispatchers", "rabbitmq"}}
PARALLEL = "rabbitmq.eventing.knative.dev/parallelism"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_fits_the_schemas_and_is_of_one_namespace(overlay, rendered, crds):
    made = rendered(overlay)
    assert list(rules.schema_faults(made, crds)) == []
    for item in made[f"{overlay}.yaml"]:
        assert item["kind"] == "Namespace" or item["metadata"].get("namespace") == "voiceassist"
    for binding in rules.of_kind(made, "RoleBinding"):
        assert [subject.get("namespace") for subject in binding["subjects"]] == ["voiceassist"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_says_and_hears_what_the_base_does(overlay, rendered, files):
    made = rendered(overlay)
    assert pairs(made) == pairs(files)
    for rule in (rules.event_faults, schedules.faults, scaling.room_faults, scaling.delivery_faults, flows.faults):
        assert list(rule(made)) == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_keeps_what_a_container_is_told(overlay, rendered, files):
    made = rendered(overlay)
    for name, service in rules.services(made).items():
        box, base = copy.deepcopy(rules.container(service)), rules.container(rules.services(files)[name])
        assert box.pop("image").startswith("registry.example.org/voiceassist:")
        assert box["volumeMounts"].pop() == {"name": "kms", "mountPath": "/run/kms", "readOnly": True}
        assert box == {key: value for key, value in base.items() if key != "image"}
    for kind in ("Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "PingSource"):
        assert names(made, kind) == names(files, kind)
    assert names(made, "NetworkPolicy") - names(files, "NetworkPolicy") == OWN_POLICIES.get(overlay, set())


@pytest.mark.parametrize("overlay", ["production", "small-site"])
def test_an_overlay_keeps_two_of_what_must_not_stop(overlay, rendered):
    assert list(scaling.deployment_faults(rendered(overlay))) == []


@pytest.mark.parametrize(("overlay", "broker_class"), zip(OVERLAYS, ("Kafka", "Kafka", "RabbitMQBroker"), strict=True))
def test_its_brokers_are_of_their_class_and_their_configuration_is_there(overlay, broker_class, rendered):
    made = rendered(overlay)
    brokers = list(rules.of_kind(made, "Broker", "eventing.knative.dev/"))
    assert {broker["metadata"]["name"] for broker in brokers} == {"default", "dead-letters"}
    for broker in brokers:
        assert broker["metadata"]["annotations"]["eventing.knative.dev/broker.class"] == broker_class
        config = broker["spec"]["config"]
        assert config["name"] in names(made, config["kind"])


def test_kafka_keeps_order_by_key_and_loses_nothing_with_one_node(rendered):
    made = rendered("production")
    (config,) = [item["data"] for item in rules.of_kind(made, "ConfigMap") if "bootstrap.servers" in item["data"]]
    copies = int(config["default.topic.replication.factor"])
    assert (copies, int(config["default.topic.config.min.insync.replicas"])) == (3, copies - 1)
    assert int(config["default.topic.config.retention.ms"]) == 30 * 86_400_000  # N38
    assert int(config["default.topic.partitions"]) > 1
    assert ordered(made) == {"ingestion-documents"}


def test_rabbitmq_keeps_order_where_it_is_asked_for_and_waits_nowhere_else(rendered):
    made = rendered("small-site")
    workers = {
        trigger["metadata"]["name"]: trigger["metadata"].get("annotations", {}).get(PARALLEL, "1")
        for trigger in rules.of_kind(made, "Trigger")
    }
    assert {name for name, number in workers.items() if number == "1"} == ordered(made)
    assert {number for name, number in workers.items() if name not in ordered(made)} == {"10"}
    (config,) = rules.of_kind(made, "RabbitmqBrokerConfig")
    # The operator publishes no schema with ours; these are its fields (eventing-rabbitmq 1.22).
    assert config["spec"] == {"queueType": "quorum", "rabbitmqClusterReference": {"name": "rabbitmq"}}


@pytest.mark.parametrize("missing", sorted(OWN_POLICIES["small-site"]))
def test_each_way_of_the_rabbitmq_broker_needs_its_policy(missing, rendered):
    made = rendered("small-site")
    (name,) = made
    kept = [item for item in made[name] if (item["kind"], item["metadata"]["name"]) != ("NetworkPolicy", missing)]
    assert any(" is closed at " in fault for fault in flows.faults({name: kept}))


def test_who_deliver_events_are_known_or_kept_apart(rendered):
    for overlay in ("staging", "production"):
        made = rendered(overlay)
        (settings,) = [
            item["data"] for item in rules.of_kind(made, "ConfigMap") if "VOICEASSIST_PROFILE" in item["data"]
        ]
        assert settings["VOICEASSIST_DELIVERY__ISSUER"]
        assert "VOICEASSIST_DELIVERY__UNSIGNED" not in settings
        audiences = {trigger["spec"]["subscriber"].get("audience") for trigger in rules.of_kind(made, "Trigger")}
        assert audiences == {Delivery().audience}
    (policy,) = rules.of_kind(rendered("small-site/kourier"), "NetworkPolicy")
    gateway = flows.Pod("kourier", "kourier-system", policy["spec"]["podSelector"]["matchLabels"])
    everybody = [*flows.ours(rendered("small-site")).values(), *flows.FOREIGN.values()]
    inner = {(port, "TCP") for port in flows.KOURIER_INTERNAL}
    let_in = {pod.namespace for pod in everybody if flows.opened([policy["spec"]], gateway, pod, "target") & inner}
    assert let_in == {"voiceassist", "knative-serving", "knative-eventing"}


def ordered(files):
    return {
        trigger["metadata"]["name"]
        for trigger in rules.of_kind(files, "Trigger")
        if trigger["metadata"].get("annotations", {}).get(rules.ORDERED) == "ordered"
    }


def names(files, kind):
    return {item["metadata"]["name"] for item in rules.of_kind(files, kind)}


def pairs(files):
    """Who is told of what: (subscriber, types, ordered, dead letters)."""
    return sorted(
        (
            trigger["spec"]["subscriber"]["ref"]["name"],
            sorted(rules.heard(trigger, rules.ticks(files))),
            trigger["metadata"].get("annotations", {}).get(rules.ORDERED, ""),
            trigger["spec"]["delivery"]["deadLetterSink"]["ref"]["name"],
        )
        for trigger in rules.of_kind(files, "Trigger")
    )
