"""An act holds ids, codes and counts; anything that could be text is a mistake of the code that wanted it recorded."""

import pytest

from voiceassist.core import ids
from voiceassist.core.errors import UnavailableError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service
from voiceassist.ports.auditing import Act, NotAnActError, Remembering, named, purpose_of

pytestmark = pytest.mark.req("P11.4")

WHO = service("test")


def test_codes_counts_and_ids_are_told():
    facts = {"NAME": 2, "sink": "cloud_llm", "kept": True, "digest": str(ids.new_id()), "rules": "sha256:ab+12"}
    act = Act(WHO, "egress.decided", outcome="refused", objects=(f"document:{ids.new_id()}",), facts=facts)
    assert act.facts == facts


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "Read"},
        {"action": "document.read it"},
        {"action": "document"},
        {"objects": ("Mr Miller",)},
        {"objects": ("document:a b",)},
        {"objects": ("document:x",) * 201},
        {"facts": {"note": "he has diabetes"}},
        {"facts": {"number": "4711-0815"}},
        {"facts": {"a b": 1}},
        {"facts": {"share": 0.5}},
        {"facts": {f"n{place}": 1 for place in range(21)}},
    ],
)
def test_what_could_be_text_is_refused(fields):
    with pytest.raises(NotAnActError):
        Act(**{"principal": WHO, "action": "document.read"} | fields)


def test_a_patient_is_not_shown_where_an_act_is_printed():
    assert "4711" not in repr(Act(WHO, "document.read", patient="4711"))


def test_objects_are_named_once():
    one, two = ids.new_id(), ids.new_id()
    assert named("document", [one, two, one]) == (f"document:{one}", f"document:{two}")


@pytest.mark.parametrize(
    ("role", "profile", "purpose"),
    [
        ("user", "physician", "TREAT"),
        ("user", "researcher", "HRESCH"),
        ("admin", "", "HSYSADMIN"),
        ("viewer", "", "HOPERAT"),
        ("service", "", "HSYSADMIN"),
    ],
)
def test_who_says_no_purpose_acts_for_that_of_their_role(role, profile, purpose):
    assert purpose_of(Principal("x", DEFAULT_TENANT, role, profile=profile)) == purpose


async def test_the_twin_remembers_and_refuses():
    twin = Remembering()
    await twin.record(Act(WHO, "document.read"))
    assert [act.action for act in twin.acts] == ["document.read"]
    twin.broken = True
    with pytest.raises(UnavailableError):
        await twin.record(Act(WHO, "document.read"))
