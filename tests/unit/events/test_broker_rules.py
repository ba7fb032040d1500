"""The broker's pure parts: filters, retry rules, and how the wiring becomes routes."""

import copy

import pytest

from events.broker import filters, retry, routes
from events.broker.filters import FilterError, of_trigger
from events.broker.retry import Delivery, Verdict, duration, judge, retry_after
from events.broker.routes import BrokerName
from voiceassist.core.errors import SettingsError
from voiceassist.runtime import wiring

EVENT = {"specversion": "1.0", "id": "1", "source": "/rooms/a", "type": "a.b.v1", "n": 3, "ok": True, "empty": ""}


def hears(**spec):
    return of_trigger(spec)(EVENT)


# --- filters ---


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"type": "a.b.v1"}, True),
        ({"type": "A.B.V1"}, False),
        ({"type": "a.b.v1", "source": "/rooms/a"}, True),
        ({"type": "a.b.v1", "source": "/rooms/b"}, False),
        ({"n": ""}, True),
        ({"ok": ""}, True),
        ({"empty": ""}, False),
        ({"absent": ""}, False),
        ({"absent": "x"}, False),
        ({"n": "3", "ok": "true"}, True),
    ],
)
def test_filter_attributes(attributes, expected):
    assert bool(hears(filter={"attributes": attributes})) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"exact": {"type": "a.b.v1", "n": "3"}}, True),
        ({"exact": {"type": "a.b"}}, False),
        ({"prefix": {"type": "a.", "source": "/rooms"}}, True),
        ({"prefix": {"type": "b."}}, False),
        ({"suffix": {"type": ".v1"}}, True),
        ({"suffix": {"absent": ".v1"}}, False),
        ({"exact": {"ok": "true"}}, True),
        ({"exact": {"ok": "True"}}, False),
        ({"prefix": {"n": "3"}}, True),
        ({"all": [{"exact": {"id": "1"}}, {"exact": {"id": "2"}}]}, False),
        ({"any": [{"exact": {"id": "1"}}, {"exact": {"id": "2"}}]}, True),
        ({"not": {"exact": {"id": "1"}}}, False),
        ({"not": {"exact": {"absent": "1"}}}, True),
        ({"all": [{"any": [{"exact": {"id": "1"}}]}, {"not": {"prefix": {"type": "z"}}}]}, True),
    ],
)
def test_dialects(expression, expected):
    assert hears(filters=[expression]) is expected


@pytest.mark.parametrize("dialect", ["cesql", "sql"])
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("type LIKE 'a.%' AND n > 2 AND ok", True),
        ("n = '3'", True),
        ("EXISTS absent OR ok", True),
        ("ok AND n = 4", False),
        # neither a boolean nor true without a fault
        ("n", False),
        ("'true'", False),
        ("absent = ''", False),
        ("NOT (absent = '')", False),
        ("n / 0 = 0", False),
        ("FOO(n)", False),
        ("LEFT(type, -1) = 'a.b.v1'", False),
    ],
)
def test_cesql_passes_only_what_is_true_without_a_fault(dialect, expression, expected):
    assert hears(filters=[{dialect: expression}]) is expected


def test_not_turns_a_fault_into_a_match():
    assert hears(filters=[{"not": {"cesql": "absent = 'x'"}}]) is True


@pytest.mark.parametrize("spec", [{"filter": "type"}, {"filter": {"attributes": "type"}}, {"filters": {"exact": 1}}])
def test_a_filter_of_another_shape_is_refused(spec):
    with pytest.raises(FilterError):
        of_trigger(spec)


def test_a_refused_expression_is_not_quoted():
    for expression in ("type = 'Quackenbush", "Quackenbush Quackenbush", "x LIKE Quackenbush", "EXISTS 'Quackenbush'"):
        with pytest.raises(FilterError) as caught:
            of_trigger({"filters": [{"cesql": expression}]})
        assert "CESQL" in caught.value.detail
        assert "Quackenbush" not in repr(caught.value) + caught.value.detail


def test_the_array_of_filters_is_a_conjunction_and_overrides_filter():
    both = [{"exact": {"id": "1"}}, {"prefix": {"type": "z"}}]
    assert hears(filters=both) is False
    assert hears(filters=both[:1], filter={"attributes": {"id": "2"}}) is True
    assert bool(hears(filters=[], filter={"attributes": {"id": "2"}})) is False
    assert hears() is True


def nested(depth):
    expression = {"exact": {"id": "1"}}
    for _ in range(depth):
        expression = {"not": expression}
    return expression


@pytest.mark.parametrize(
    "expression",
    [
        {},
        {"exact": {"id": "1"}, "prefix": {"id": "1"}},
        {"exact": {}},
        {"exact": {"id": ""}},
        {"exact": {"": "x"}},
        {"exact": {"1d": "x"}},
        {"exact": {"Id": "x"}},
        {"exact": {"id": 3}},
        {"exact": "id"},
        {"all": []},
        {"any": {"exact": {"id": "1"}}},
        {"not": []},
        {"regex": {"id": "1"}},
        {"cesql": "type ="},
        {"sql": "(type = 'a'"},
        {"cesql": ""},
        {"cesql": {"type": "a"}},
        {"cesql": "true", "sql": "true"},
        "type",
        nested(100),
    ],
)
def test_a_filter_that_cannot_be_evaluated_is_refused(expression):
    with pytest.raises(FilterError):
        filters.of_trigger({"filters": [expression]})


# --- retries ---


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, Verdict.DONE) for status in (200, 202, 204, 299)),
        *((status, Verdict.RETRY) for status in (404, 408, 409, 429, 500, 503, 599, None)),
        *((status, Verdict.DEAD) for status in (101, 301, 302, 307, 400, 401, 403, 405, 410, 413, 415, 422, 499)),
    ],
)
def test_status_table(status, verdict):
    assert judge(status) is verdict


def test_a_body_that_is_no_event_fails_the_delivery():
    assert judge(200, has_body=True) is Verdict.DEAD
    assert judge(503, has_body=True) is Verdict.RETRY


def test_backoff_counts_attempts_from_one_as_kafka_does():
    linear, exponential = Delivery(exponential=False, delay=0.5), Delivery(delay=0.5)
    assert [linear.wait(n) for n in (1, 2, 3)] == [0.5, 1.0, 1.5]
    assert [exponential.wait(n) for n in (1, 2, 3)] == [1.0, 2.0, 4.0]
    assert exponential.wait(10_000) == retry.LONGEST_DELAY


def test_retry_after_counts_only_where_the_trigger_allows_it():
    assert Delivery(delay=0.5).wait(1, 30.0) == 1.0
    assert Delivery(delay=0.5, retry_after_max=10.0).wait(1, 30.0) == 10.0
    assert Delivery(delay=20.0, retry_after_max=10.0).wait(1, 30.0) == 40.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("9" * 400, 999_999_999.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(value, seconds):
    assert retry_after(value, now=60.0) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT0.5S", 0.5), ("PT1M30S", 90.0), ("P1DT1H", 90_000.0), ("PT0S", 0.0)]
    + [(bad, None) for bad in ("", "P", "PT", "5s", "PT-1S", "P1Y", "pt1s", "PT1S ", "PT1.S")],
)
def test_iso_durations(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "spec",
    [
        {"retry": "three"},
        {"retry": -1},
        {"retry": True},
        {"retry": 2**31},
        {"backoffPolicy": "random"},
        {"backoffPolicy": ["linear"]},
        {"backoffDelay": "5s"},
        {"timeout": "PT0S"},
        {"retryAfterMax": "x"},
    ],
)
def test_bad_delivery_settings_are_refused(spec):
    with pytest.raises(SettingsError):
        retry.of_spec(spec)


def test_no_pause_or_timeout_is_longer_than_a_day():
    """Also where the digits overflow a float."""
    for text in ("P2D", f"P{'9' * 400}D"):
        read = retry.of_spec({"backoffDelay": text, "timeout": text, "retryAfterMax": text, "retry": 2**31 - 1})
        assert {read.delay, read.timeout, read.retry_after_max, read.longest} == {86_400.0}


# --- routes ---

BROKERS = [{"metadata": {"name": "default"}}, {"metadata": {"name": "dead-letters"}}]
SERVICE = {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "ingestion"}}
TRIGGER = {
    "metadata": {"name": "t"},
    "spec": {
        "broker": "default",
        "filter": {"attributes": {"type": "a"}},
        "subscriber": SERVICE,
        "delivery": {"retry": 3, "backoffPolicy": "linear", "backoffDelay": "PT1S", "timeout": "PT5S"},
    },
}
DEFAULT = BrokerName("voiceassist", "default")


def build(*triggers, brokers=BROKERS):
    return routes.build(
        brokers, triggers, lambda ref: None if ref["name"] == "nowhere" else f"http://{ref['name']}.local"
    )


def changed(path, value):
    trigger = copy.deepcopy(TRIGGER)
    *parents, last = path.split(".")
    node = trigger
    for parent in parents:
        node = node.setdefault(parent, {})
    node[last] = value
    return trigger


def test_a_trigger_becomes_a_route_to_its_room():
    routing = build(TRIGGER)
    route = routing.routes["voiceassist/t"]
    assert route.sink == routes.Sink(url="http://ingestion.local/", room="ingestion")
    assert route.delivery == Delivery(retry=3, exponential=False, delay=1.0, timeout=5.0)
    assert not route.ordered
    assert [route.name for route in routing.matching(DEFAULT, {"type": "a"})] == ["voiceassist/t"]
    assert routing.matching(DEFAULT, {"type": "b"}) == ()
    assert routing.matching(BrokerName("voiceassist", "dead-letters"), {"type": "a"}) == ()


def test_two_triggers_with_one_subscriber_are_two_routes():
    second = changed("metadata.name", "u")
    assert len(build(TRIGGER, second).matching(DEFAULT, {"type": "a"})) == 2


def test_ref_and_uri_are_joined_and_foreign_urls_are_not_ours():
    joined = build(changed("spec.subscriber", SERVICE | {"uri": "hooks/in"})).routes["voiceassist/t"].sink
    assert joined == routes.Sink(url="http://ingestion.local/hooks/in", room="ingestion")
    foreign = build(changed("spec.subscriber", {"uri": "https://example.com/x"})).routes["voiceassist/t"].sink
    assert foreign == routes.Sink(url="https://example.com/x")


def test_any_delivery_of_the_trigger_replaces_the_brokers_wholly():
    broker = {"metadata": {"name": "default"}, "spec": {"delivery": {"retry": 9, "backoffDelay": "PT7S"}}}
    brokers = [broker, BROKERS[1]]
    assert build(changed("spec.delivery", {"retry": 1}), brokers=brokers).routes["voiceassist/t"].delivery.delay == 0.2
    assert build(changed("spec.delivery", None), brokers=brokers).routes["voiceassist/t"].delivery.retry == 9
    assert build(changed("spec.delivery", None)).routes["voiceassist/t"].delivery == Delivery()


def test_dead_letters_go_to_a_broker_or_to_a_route_of_their_own():
    to_broker = build(changed("spec.delivery.deadLetterSink", {"ref": {"kind": "Broker", "name": "dead-letters"}}))
    assert to_broker.routes["voiceassist/t"].dead_letter.broker == BrokerName("voiceassist", "dead-letters")
    to_url = build(changed("spec.delivery.deadLetterSink", {"uri": "http://sink.local/"}))
    assert to_url.routes["voiceassist/t/dead-letter"].sink.url == "http://sink.local/"
    assert len(to_url.matching(DEFAULT, {"type": "a"})) == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.subscriber", None),
        ("spec.subscriber", {}),
        ("spec.subscriber", {"uri": "/relative"}),
        ("spec.subscriber", {"uri": "ftp://example.com"}),
        ("spec.subscriber", {"uri": "http://example.com:99999/"}),
        ("spec.subscriber", {"uri": "http://example.com:0/"}),
        ("spec.subscriber", {"uri": "http://user:secret@example.com/"}),
        ("spec.subscriber", {"uri": "http://example.com/a b"}),
        ("spec.subscriber", {"uri": "http://example.com/\u20ac"}),
        ("spec.subscriber", {"uri": f"http://{'a' * 64}.example.com/"}),
        ("spec.subscriber", {"uri": "http://[::1/"}),
        ("spec.subscriber", {"ref": "ingestion"}),
        ("spec.subscriber", SERVICE | {"uri": "a b"}),
        ("spec.subscriber", SERVICE | {"uri": "//["}),
        ("spec", ["broker"]),
        ("spec.filter", ["type"]),
        ("spec.delivery", "often"),
        ("metadata.annotations", ["ordered"]),
        ("spec.subscriber", {"ref": {"kind": "Broker", "name": "default"}}),
        ("spec.subscriber", {"ref": {"kind": "ConfigMap", "name": "x"}}),
        ("spec.delivery.retry", "three"),
        ("spec.filters", [{"cesql": "true ="}]),
    ],
)
def test_a_trigger_that_cannot_work_is_named(path, value):
    with pytest.raises(SettingsError, match="The Trigger t is not usable"):
        build(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("spec.broker", "elsewhere", "BrokerNotFound"),
        ("spec.subscriber", {"ref": SERVICE["ref"] | {"name": "nowhere"}}, "SubscriberNotFound"),
        ("spec.delivery.deadLetterSink", {"ref": {"kind": "Broker", "name": "none"}}, "DeadLetterSinkNotFound"),
    ],
)
def test_what_is_not_there_yet_makes_a_trigger_not_ready(path, value, reason):
    routing = build(changed(path, value), changed("metadata.name", "other"))
    condition = routing.conditions["voiceassist/t"]
    assert (condition.ready, condition.reason) == (False, reason)
    assert routing.conditions["voiceassist/other"].ready
    assert [route.name for route in routing.matching(DEFAULT, {"type": "a"})] == ["voiceassist/other"]


@pytest.mark.parametrize("uri", ["https://example.com/x", "//example.com/x"])
def test_a_uri_beside_a_ref_stays_at_the_service(uri):
    with pytest.raises(SettingsError, match="must be relative"):
        build(changed("spec.subscriber", SERVICE | {"uri": uri}))
    climbing = build(changed("spec.subscriber", SERVICE | {"uri": "../../other"})).routes["voiceassist/t"].sink
    assert climbing.url == "http://ingestion.local/other"


def test_a_trigger_may_be_called_dead_letter():
    routing = build(changed("metadata.name", "dead-letter"))
    assert [route.name for route in routing.matching(DEFAULT, {"type": "a"})] == ["voiceassist/dead-letter"]


def test_the_same_trigger_twice_is_refused():
    with pytest.raises(SettingsError, match="twice"):
        build(TRIGGER, TRIGGER)


def test_our_own_wiring_makes_routes():
    declared = wiring.load()
    routing = routes.build(declared.brokers, declared.triggers, lambda ref: f"http://127.0.0.1/{ref['name']}")
    uploaded = routing.matching(DEFAULT, {"type": "org.voiceassist.document.uploaded.v1"})
    assert [(route.name, route.ordered) for route in uploaded] == [("voiceassist/ingestion-documents", True)]
