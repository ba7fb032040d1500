"""Triggers of subscriptions, the shape of filters, and what answers of sinks mean."""

import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from events.broker import filters as broker_filters
from events.broker import retry
from events.catalog import SubscriptionTested
from functions.subscriptions.domain import (
    SPEC_NOTE,
    Patience,
    Subscription,
    Verdict,
    fault_of,
    pause_of,
    trigger_of,
    verdict_of,
)
from voiceassist.core.identity import DEFAULT_TENANT

ANNA = UUID("01900000-0000-7000-8000-0000000000a1")
BERT = UUID("01900000-0000-7000-8000-0000000000b2")
OTHER_TENANT = UUID("01900000-0000-7000-8000-0000000000ff")
ID = UUID("0199a3c2-8e2f-7b51-8c7f-4e2d3b5c6a78")
INDEXED = "org.voiceassist.document.indexed.v1"
PATIENCE = Patience(5, "PT1S", "PT300S")
ONE = Subscription(
    ID, DEFAULT_TENANT, ANNA, "https://sink.example.org", [{"exact": {"type": INDEXED}}], True, True, sees_tenant=False
)


def event(event_type=INDEXED, *, tenant=DEFAULT_TENANT, owner=ANNA, **more):
    return {"type": event_type, "source": "/s", "id": "1", "tenantid": str(tenant), "ownerid": str(owner), **more}


def hears(subscription, attributes):
    return broker_filters.of_trigger(trigger_of(subscription, PATIENCE)["spec"])(attributes)


def test_the_broker_delivers_patiently_by_way_of_the_room():
    trigger = trigger_of(ONE, PATIENCE)
    spec = trigger["spec"]
    assert trigger["metadata"]["name"] == f"subscription-{ID}"
    assert spec["broker"] == "default"
    assert (spec["subscriber"]["ref"]["name"], spec["subscriber"]["uri"]) == ("subscriptions", f"/deliver/{ID}")
    assert spec["delivery"]["deadLetterSink"]["ref"]["name"] == "dead-letters"
    assert retry.of_spec(spec["delivery"]) == retry.Delivery(5, True, 1.0, 15.0, 300.0)
    assert "retryAfterMax" not in trigger_of(ONE, replace(PATIENCE, retry_after_max=""))["spec"]["delivery"]


def test_it_hears_what_was_asked_for_and_is_the_owners():
    assert hears(ONE, event())
    assert not hears(ONE, event("org.voiceassist.document.failed.v1"))
    assert not hears(ONE, event(owner=BERT))
    assert not hears(ONE, event(tenant=OTHER_TENANT))
    assert not hears(ONE, {"type": INDEXED, "source": "/s", "id": "1"})


def test_an_admin_hears_the_tenant_and_no_other():
    admin = replace(ONE, sees_tenant=True)
    assert hears(admin, event(owner=BERT))
    assert not hears(admin, event(owner=BERT, tenant=OTHER_TENANT))


def test_without_filters_everything_of_the_owner_is_heard():
    everything = replace(ONE, filters=[])
    assert hears(everything, event("com.example.anything"))
    assert not hears(everything, event("com.example.anything", owner=BERT))


def test_its_own_test_passes_beside_the_filters_and_no_other_does():
    assert hears(ONE, event(SubscriptionTested.TYPE, subject=str(ID)))
    assert not hears(ONE, event(SubscriptionTested.TYPE, subject=str(ANNA)))
    assert not hears(ONE, event(SubscriptionTested.TYPE, subject=str(ID), owner=BERT))


def test_no_filter_of_an_integrator_widens_what_is_his():
    wide = [
        [{"any": [{"exact": {"ownerid": str(BERT)}}, {"prefix": {"type": "o"}}]}],
        [{"not": {"exact": {"ownerid": str(ANNA)}}}],
        [{"cesql": "TRUE"}],
        [{"exact": {"tenantid": str(OTHER_TENANT)}}],
    ]
    for filters in wide:
        assert not hears(replace(ONE, filters=filters), event(owner=BERT))
        assert not hears(replace(ONE, filters=filters), event(tenant=OTHER_TENANT))


def test_the_digest_tells_one_trigger_from_another():
    digest = trigger_of(ONE, PATIENCE)["metadata"]["annotations"][SPEC_NOTE]
    same = trigger_of(replace(ONE, sink="https://elsewhere.example.org"), PATIENCE)
    assert same["metadata"]["annotations"][SPEC_NOTE] == digest
    for other in (replace(ONE, filters=[]), replace(ONE, sees_tenant=True)):
        assert trigger_of(other, PATIENCE)["metadata"]["annotations"][SPEC_NOTE] != digest


def test_the_wall_behind_the_filter():
    mine = {"tenantid": str(DEFAULT_TENANT), "ownerid": str(ANNA)}
    assert ONE.may_have(mine)
    assert not ONE.may_have(mine | {"ownerid": str(BERT)})
    assert not ONE.may_have({"tenantid": str(DEFAULT_TENANT)})
    assert not ONE.may_have({"ownerid": str(ANNA)})
    admin = replace(ONE, sees_tenant=True)
    assert admin.may_have(mine | {"ownerid": str(BERT)})
    assert not admin.may_have(mine | {"tenantid": str(OTHER_TENANT)})
    assert replace(ONE, owner_active=False).wanted is replace(ONE, active=False).wanted is False


@pytest.mark.parametrize(
    "filters",
    [
        [],
        [{"exact": {"type": "a", "source": "/b"}}, {"prefix": {"type": "a"}}, {"suffix": {"type": "a"}}],
        [{"all": [{"any": [{"exact": {"type": "a"}}]}, {"not": {"prefix": {"id": "b"}}}]}],
        [{"cesql": "type LIKE 'org.%' AND EXISTS partitionkey"}],
    ],
)
def test_filters_of_every_dialect_have_no_fault(filters):
    assert fault_of(filters) == ""


def nested(levels):
    expression = {"exact": {"type": "a"}}
    for _ in range(levels):
        expression = {"not": expression}
    return expression


@pytest.mark.parametrize(
    ("filters", "fault"),
    [
        ([{}], "SHAPE"),
        ([{"exact": {"type": "a"}, "prefix": {"type": "a"}}], "SHAPE"),
        ([{"sounds-like": {"type": "a"}}], "SHAPE"),
        ([{"exact": {}}], "SHAPE"),
        ([{"exact": {"type": ""}}], "SHAPE"),
        ([{"exact": {"type": 1}}], "SHAPE"),
        ([{"exact": {"type": None}}], "SHAPE"),
        ([{"exact": ["type"]}], "SHAPE"),
        ([{"exact": {"type": "nul\x00"}}], "SHAPE"),
        ([{"exact": {"type": "half \ud800"}}], "SHAPE"),
        ([{"all": []}], "SHAPE"),
        ([{"all": {"exact": {"type": "a"}}}], "SHAPE"),
        ([{"any": ["x"]}], "SHAPE"),
        ([{"not": []}], "SHAPE"),
        ([{"cesql": ""}], "SHAPE"),
        ([{"cesql": {}}], "SHAPE"),
        ([{"exact": {"type": "a"}}] * 17, "TOO_MANY"),
        ([{"cesql": "x" * 9000}], "TOO_LARGE"),
        ([nested(7)], ""),
        ([nested(8)], "TOO_DEEP"),
    ],
)
def test_faults_of_filters(filters, fault):
    assert fault_of(filters) == fault


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((200, 201, 202, 204, 299), Verdict.DELIVERED),
        ((410,), Verdict.GONE),
        ((429, 503), Verdict.BUSY),
        ((404, 408, 409, 500, 502, 504, 599), Verdict.FAILED),
        ((100, 101, 301, 302, 303, 307, 308, 400, 401, 403, 405, 413, 415, 422, 451), Verdict.REFUSED),
    ],
)
def test_answers_mean_what_the_data_plane_says(statuses, verdict):
    assert {verdict_of(status) for status in statuses} == {verdict}


NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7),
        ("0", 0),
        ("999999999999999", 86_400),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 9999 11:00:00 GMT", 86_400),
        ("Tue, 24 Nov 2026 12:00:30 -0000", None),
        ("soon", None),
        ("-5", None),
        ("٧", None),
    ],
)
def test_a_sink_may_ask_for_a_pause(header, seconds):
    assert pause_of(header, now=NOW) == seconds
