"""The network is open where the wiring needs it and nowhere else; any policy, rule, peer or port less or more shows."""

import copy

import pytest

from . import flows, rules

FILE = "knative/platform/networkpolicies.yaml"
BASE = rules.load()


def without(place):
    """The wiring without what stands at this place of the policies' file."""
    changed = copy.deepcopy(BASE)
    *path, last = place
    node = changed[FILE]
    for step in path:
        node = node[step]
    del node[last]
    return changed


def name(place):
    policy, *rest = place
    return " ".join([BASE[FILE][policy]["metadata"]["name"], *(str(step) for step in rest if step != "spec")])


def rules_of(policy):
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(policy["spec"].get(direction, ())):
            yield ("spec", direction, index), rule, peers


def parts():
    """Every policy, rule, peer, port and hole in a block of addresses, each of which has a reason to be there."""
    for number, policy in enumerate(BASE[FILE]):
        yield (number,)
        for place, rule, peers in rules_of(policy):
            yield (number, *place)
            for key in (peers, "ports"):
                # Of a single one the whole list would be gone, and with it the restriction: see below.
                if len(rule.get(key, ())) > 1:
                    yield from ((number, *place, key, position) for position in range(len(rule[key])))
            for position, peer in enumerate(rule.get(peers, ())):
                holes = range(len(peer.get("ipBlock", {}).get("except", ())))
                yield from ((number, *place, peers, position, "ipBlock", "except", hole) for hole in holes)


def restrictions():
    """Whatever narrows a rule: its ports, its peers, each selector of them, and of whom the policy is about."""
    for number, policy in enumerate(BASE[FILE]):
        if policy["spec"]["podSelector"]:
            yield (number, "spec", "podSelector", "matchLabels")
        for place, rule, peers in rules_of(policy):
            yield from ((number, *place, key) for key in ("ports", peers) if key in rule)
            for position, peer in enumerate(rule.get(peers, ())):
                within = {"podSelector": "matchLabels", "namespaceSelector": "matchLabels", "ipBlock": "except"}
                yield from ((number, *place, peers, position, key, within[key]) for key in peer)


def test_the_network_is_open_where_the_wiring_needs_it_and_nowhere_else():
    assert list(flows.faults(BASE)) == []
    assert list(flows.rooms_tier(BASE)) == []


@pytest.mark.parametrize("place", list(parts()), ids=name)
def test_every_part_of_every_policy_is_needed(place):
    assert list(flows.faults(without(place)))


@pytest.mark.parametrize("place", list(restrictions()), ids=name)
def test_every_restriction_keeps_something_closed(place):
    assert any(" is open at " in fault for fault in flows.faults(without(place)))


def test_what_matters_most_once_more_without_the_machinery_of_the_matrix():
    """A room's own port is nobody's, the internet only theirs who declare it, the cloud's own address nobody's."""
    policies = [item["spec"] for item in rules.of_kind(BASE, "NetworkPolicy")]
    pods = flows.ours(BASE)
    out = {name for name, service in rules.services(BASE).items() if rules.leaves(service)}
    for name, pod in pods.items():
        to_the_world = flows.opened(policies, pod, flows.FOREIGN[flows.PUBLIC[0]], "source")
        assert ((flows.WEB, "TCP") in to_the_world) == (name in out)
        assert (flows.WEB, "TCP") not in flows.opened(policies, pod, flows.FOREIGN["169.254.169.254"], "source")
    for room in rules.services(BASE):
        for other in (*pods.values(), *flows.FOREIGN.values()):
            assert (flows.USER_PORT, "TCP") not in flows.opened(policies, pods[room], other, "target")


@pytest.mark.parametrize(
    ("room", "label"),
    [
        ("documents", "needs-s3"),
        ("documents", "publishes"),
        ("auth", "needs-oidc"),
        ("auth", "tier"),
        ("subscriptions", "egress"),
        ("subscriptions", "keeps-triggers"),
    ],
)
def test_a_room_without_its_label_has_no_way(room, label):
    changed = copy.deepcopy(BASE)
    del changed[f"knative/rooms/{room}.yaml"][0]["spec"]["template"]["metadata"]["labels"][f"voiceassist.org/{label}"]
    assert any(fault.startswith(room) or f"-> {room}:" in fault for fault in flows.faults(changed))


def test_a_label_too_much_opens_a_way_that_is_found():
    changed = copy.deepcopy(BASE)
    labels = changed["knative/realtime/deployment.yaml"][0]["spec"]["template"]["metadata"]["labels"]
    labels["voiceassist.org/needs-qdrant"] = "true"
    assert list(flows.faults(changed)) == ["realtime -> qdrant:6333/TCP is open at its source"]


def test_a_port_nobody_thought_of_is_found():
    changed = copy.deepcopy(BASE)
    (policy,) = [item for item in changed[FILE] if item["metadata"]["name"] == "gateway-from-edge"]
    policy["spec"]["ingress"][0]["ports"].append({"port": 31_337, "protocol": "TCP"})
    assert list(flows.faults(changed)) == ["edge -> gateway:31337/TCP is open at its target"]


@pytest.mark.parametrize(
    "peer", [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}, {"cidr": "10.0.0.0/8"}]
)
def test_what_the_evaluator_does_not_know_it_does_not_pass_over(peer):
    changed = copy.deepcopy(BASE)
    changed[FILE][1]["spec"]["egress"][0]["to"] = [peer]
    with pytest.raises(ValueError, match="does not know"):
        list(flows.faults(changed))
