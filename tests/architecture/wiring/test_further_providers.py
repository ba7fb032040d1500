"""The policy of a further provider, as its page shows it: it fits, and opens one address to whom it must alone."""

import re

import yaml

from . import flows, rules

BASE = rules.load()
(SHOWN,) = re.findall(
    r"^```yaml\n(.*?)^```", (rules.ROOT / "docs/reference/sign-in.md").read_text(), re.DOTALL | re.MULTILINE
)
POLICY = yaml.safe_load(SHOWN)
PROVIDER = flows.Pod("provider", "", address="93.184.215.14")
OTHER = flows.Pod("other", "", address="93.184.215.15")


def test_it_is_an_object_that_the_cluster_takes():
    assert list(rules.schema_faults({"shown.yaml": [POLICY]}, {})) == []


def test_it_opens_the_providers_address_to_the_rooms_that_need_it_and_nothing_else():
    before = [item["spec"] for item in rules.of_kind(BASE, "NetworkPolicy")]
    after = [*before, POLICY["spec"]]
    opened = set()
    for name, pod in flows.ours(BASE).items():
        for peer in (PROVIDER, OTHER, *flows.FOREIGN.values()):
            was, now = (flows.opened(policies, pod, peer, "source") for policies in (before, after))
            assert was <= now
            opened |= {(name, peer.name, port) for port in now - was}
    needing = {name for name, service in rules.services(BASE).items() if "oidc" in rules.note(service, "needs")}
    same_address = {peer.name for peer in flows.FOREIGN.values() if peer.address == PROVIDER.address}
    assert needing
    assert opened == {(name, peer, (443, "TCP")) for name in needing for peer in {PROVIDER.name, *same_address}}
