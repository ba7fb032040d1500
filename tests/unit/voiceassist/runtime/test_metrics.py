"""Labels say what is declared: a value from outside is counted as `other`."""

import pytest

from voiceassist.runtime import metrics

NAME = "Quackenbush"
PLANTED = (NAME, "zebulon quackenbush", "123-45-6789", f"/patients/{NAME}", f"org.{NAME}.v1", "a" * 200, "")


@pytest.mark.req("P8.4", "N30")
@pytest.mark.parametrize("value", PLANTED)
@pytest.mark.parametrize("label", sorted(metrics.LABELS))
def test_an_undeclared_value_is_other(label, value):
    assert metrics.declared(label, value) == metrics.OTHER


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("function", "phi"),
        ("route", "/api/v1/documents/{document_id}/versions"),
        ("route", "/api/v1/auth/mfa/confirm"),
        ("route", "/openapi.json"),
        ("route", "event_log"),
        ("code", "404"),
        ("code", "KB_UNAVAILABLE"),
        ("type", "org.voiceassist.document.indexed.v1"),
        ("trigger", "subscription-0199a3c2-7d1e-7a40-9b6e-3f1d2c4b5a69"),
        ("name", "cha2ds2_vasc"),
        ("label", "OTHER_ID"),
        ("state", "completed"),
        ("reason", "issuer_bad_client"),
    ],
)
def test_what_the_house_says_is_declared(label, value):
    assert metrics.declared(label, value) == value


def test_a_metric_counts_under_what_is_declared_only():
    counter = metrics.Counter("voiceassist_tests_total", "Of this test", ["reason"], registry=None)
    counter.labels("key").inc()
    counter.labels(NAME).inc(2)
    assert {
        sample.labels["reason"]: sample.value for sample in counter.collect()[0].samples if "total" in sample.name
    } == {
        "key": 1,
        "other": 2,
    }


def test_a_label_that_is_not_declared_cannot_be_made():
    with pytest.raises(TypeError):
        metrics.Counter("voiceassist_tests_more_total", "Of this test", ["patient"], registry=None)
