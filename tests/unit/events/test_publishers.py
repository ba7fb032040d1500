"""Who may publish what: integrators beside our own rooms."""

from uuid import UUID

import msgspec
import pytest

from events import publishers
from events.catalog import (
    EVENT_TYPES,
    CalculatorComputed,
    DocumentDeleted,
    DocumentUploaded,
    PayloadError,
    PhiScanRequested,
)
from events.envelope import CloudEvent
from events.publishers import admitted, admitted_reply
from voiceassist.core.errors import ForbiddenError
from voiceassist.core.identity import DEFAULT_TENANT, Principal, service

ANNA = UUID("01900000-0000-7000-8000-0000000000a1")
BERT = UUID("01900000-0000-7000-8000-0000000000b2")
OTHER_TENANT = UUID("01900000-0000-7000-8000-0000000000ff")
TYPE = DocumentUploaded.TYPE
COMPUTED = CalculatorComputed.TYPE


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    """Uploads and, for its `user_id`, calculations may be said by somebody outside; deletions may not."""
    opened = {name: msgspec.structs.replace(EVENT_TYPES[name], external=True) for name in (TYPE, COMPUTED)}
    closed = {DocumentDeleted.TYPE: msgspec.structs.replace(EVENT_TYPES[DocumentDeleted.TYPE], external=False)}
    ping = {"dev.knative.sources.ping": opened[TYPE]}
    monkeypatch.setattr(publishers, "EVENT_TYPES", EVENT_TYPES | opened | closed | ping)


def key(role="user", *, user=ANNA, scopes=("events:publish",)):
    return Principal(str(user), DEFAULT_TENANT, role, user_id=user, scopes=frozenset(scopes))


def event(event_type="com.example.visit.closed", *, source="/hospital/pacs", extensions=None, data=b"{}"):
    return CloudEvent(id="1", source=source, type=event_type, data=data, extensions=extensions or {})


def about(event_type=TYPE, **changes):
    example = EVENT_TYPES[event_type].example
    own = {"tenant_id": DEFAULT_TENANT, "owner_id" if event_type == TYPE else "user_id": ANNA}
    payload = msgspec.structs.replace(example, **(own | changes))
    return event(event_type, data=msgspec.json.encode(payload))


def refused(principal, given):
    with pytest.raises(ForbiddenError) as raised:
        admitted(principal, given)
    return [(error.pointer, error.code) for error in raised.value.errors]


def test_an_own_type_passes_with_its_publisher_written_on_it():
    given = event(extensions={"partitionkey": "k", "tenantid": str(OTHER_TENANT), "ownerid": str(BERT)})
    entered = admitted(key(), given)
    assert entered.extensions == {"partitionkey": "k", "tenantid": str(DEFAULT_TENANT), "ownerid": str(ANNA)}
    assert msgspec.structs.replace(entered, extensions=given.extensions) == given


def test_a_type_of_the_house_passes_when_it_is_external_and_about_the_publisher():
    assert admitted(key(), about()).extensions["ownerid"] == str(ANNA)
    assert admitted(key(), about(COMPUTED)).extensions["ownerid"] == str(ANNA)
    assert admitted(key(), about(COMPUTED, user_id=None)).extensions["ownerid"] == str(ANNA)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (about(owner_id=BERT), ("/owner_id", "FOREIGN")),
        (about(COMPUTED, user_id=BERT), ("/user_id", "FOREIGN")),
        (about(tenant_id=OTHER_TENANT), ("/tenant_id", "FOREIGN")),
        (event(DocumentDeleted.TYPE), ("/type", "RESERVED")),
        (event("org.voiceassist.made.up.v1"), ("/type", "RESERVED")),
        (event("Org.VoiceAssist.document.uploaded.v1"), ("/type", "RESERVED")),
        (event("dev.knative.sources.ping"), ("/type", "RESERVED")),
        (event("dev.knative.anything"), ("/type", "RESERVED")),
        (event(source="/voiceassist/documents"), ("/source", "RESERVED")),
        (event(source="/voiceassist"), ("/source", "RESERVED")),
        (event(source="/VoiceAssist/documents"), ("/source", "RESERVED")),
    ],
)
def test_nobody_speaks_for_the_house_another_tenant_or_another_person(given, fault):
    assert refused(key(), given) == [fault]


def test_sources_that_only_look_alike_are_free():
    for source in ("/voiceassistants/1", "https://example.org/voiceassist/documents"):
        assert admitted(key(), event(source=source)).source == source


def test_a_scan_of_a_text_is_asked_for_about_ones_own_objects_only():
    example = EVENT_TYPES[PhiScanRequested.TYPE].example

    def scan(**changes):
        payload = msgspec.structs.replace(example, **({"tenant_id": DEFAULT_TENANT, "owner_id": ANNA} | changes))
        return event(PhiScanRequested.TYPE, data=msgspec.json.encode(payload))

    assert admitted(key(), scan()).extensions["ownerid"] == str(ANNA)
    assert refused(key(), scan(owner_id=BERT)) == [("/owner_id", "FOREIGN")]
    assert refused(key(), scan(tenant_id=OTHER_TENANT)) == [("/tenant_id", "FOREIGN")]


def test_an_admin_speaks_about_anybody_of_the_tenant_and_about_nobody_else():
    assert admitted(key("admin"), about(owner_id=BERT)).extensions["ownerid"] == str(ANNA)
    assert refused(key("admin"), about(tenant_id=OTHER_TENANT)) == [("/tenant_id", "FOREIGN")]
    assert refused(key("admin"), event(DocumentDeleted.TYPE)) == [("/type", "RESERVED")]


@pytest.mark.parametrize(
    "principal",
    [key(scopes=()), key(scopes=("events:subscribe",)), key("viewer"), key(user=None)],
    ids=["no scope", "another scope", "viewer", "nobody"],
)
def test_only_a_writing_person_with_the_scope_publishes(principal):
    assert refused(principal, event()) == []


def test_our_own_parts_say_what_they_say():
    given = event(DocumentDeleted.TYPE, source="/voiceassist/documents", extensions={"tenantid": str(OTHER_TENANT)})
    assert admitted(service("documents"), given) is given


def test_data_that_is_not_its_type_is_a_fault_of_the_data():
    with pytest.raises(PayloadError):
        admitted(key(), event(TYPE, data=b'{"document_id": "Zebulon"}'))


# --- replies ---

ASKED = event("com.example.asked", extensions={"tenantid": str(DEFAULT_TENANT), "ownerid": str(ANNA), "k": "1"})


def test_our_rooms_reply_with_what_they_say_if_it_keeps_its_schema():
    given = about()
    assert admitted_reply(given, to=ASKED, ours=True) is given
    with pytest.raises(PayloadError):
        admitted_reply(event(TYPE, data=b'{"document_id": 7}'), to=ASKED, ours=True)


def test_a_sink_outside_replies_about_whom_it_was_asked_about():
    forged = {"tenantid": str(OTHER_TENANT), "ownerid": str(BERT), "mine": "2"}
    own = {name: ASKED.extensions[name] for name in ("tenantid", "ownerid")}
    assert admitted_reply(event(extensions=forged), to=ASKED, ours=False).extensions == own | {"mine": "2"}
    assert admitted_reply(event(extensions=forged), to=event(), ours=False).extensions == {"mine": "2"}


@pytest.mark.parametrize(
    "given", [about(), event("org.voiceassist.made.up.v1"), event("dev.knative.x"), event(source="/voiceassist/auth")]
)
def test_a_sink_outside_says_nothing_in_our_name(given):
    with pytest.raises(ForbiddenError):
        admitted_reply(given, to=ASKED, ours=False)
