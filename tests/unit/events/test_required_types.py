"""Which event types a Trigger can hear at all: never fewer than it does hear."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.broker.filters import FilterError, of_trigger, required_types
from events.envelope import CloudEvent

A, B, C = "a.v1", "b.v1", "c.v1"


def types(*filters):
    return required_types({"filters": list(filters)})


def exact(value):
    return {"exact": {"type": value}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, None),
        ({"filter": {"attributes": {"type": A, "source": "/s"}}}, {A}),
        ({"filter": {"attributes": {"type": ""}}}, None),
        ({"filter": {"attributes": {"source": "/s"}}}, None),
        ({"filters": [exact(B)], "filter": {"attributes": {"type": A}}}, {B}),
        ({"filters": [], "filter": {"attributes": {"type": A}}}, {A}),
    ],
)
def test_of_a_trigger(spec, expected):
    assert required_types(spec) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (exact(A), {A}),
        ({"prefix": {"type": "a."}}, None),
        ({"suffix": {"type": ".v1"}}, None),
        ({"all": [exact(A), {"prefix": {"source": "/"}}]}, {A}),
        ({"all": [exact(A), exact(B)]}, set()),
        ({"any": [exact(A), exact(B)]}, {A, B}),
        ({"any": [exact(A), {"prefix": {"type": "b"}}]}, None),
        ({"not": exact(A)}, None),
        ({"all": [{"any": [exact(A), exact(B)]}, {"any": [exact(B), exact(C)]}]}, {B}),
        ({"cesql": "type = 'a.v1'"}, {A}),
        ({"cesql": "'a.v1' = TYPE"}, {A}),
        ({"cesql": "5 = type"}, {"5"}),
        ({"cesql": "type = 5"}, None),
        ({"cesql": "type != 'a.v1'"}, None),
        ({"cesql": "type = source"}, None),
        ({"cesql": "source = 'a.v1'"}, None),
        ({"cesql": "type IN ('a.v1', \"b.v1\", 1, TRUE)"}, {A, B, "1", "true"}),
        ({"cesql": "type IN ('a.v1', source)"}, None),
        ({"cesql": "type NOT IN ('a.v1')"}, None),
        ({"cesql": "type = 'a.v1' AND n > 3"}, {A}),
        ({"cesql": "(type = 'a.v1' OR type = 'b.v1') AND EXISTS n"}, {A, B}),
        ({"cesql": "type = 'a.v1' OR EXISTS n"}, None),
        ({"cesql": "type = 'a.v1' XOR type = 'b.v1'"}, None),
        ({"cesql": "NOT (type = 'a.v1')"}, None),
        ({"cesql": "type LIKE 'a.v1'"}, None),
        ({"any": [{"cesql": "type = 'a.v1'"}, exact(B)]}, {A, B}),
    ],
)
def test_of_a_filter(expression, expected):
    assert types(expression) == expected


def test_a_filter_that_cannot_be_evaluated_is_refused():
    with pytest.raises(FilterError):
        types({"cesql": "type ="})


# --- any filter at all ---

VALUES = st.sampled_from([A, B, C, "a", "5", "true", "/s"])
NAMES = st.sampled_from(["type", "source", "n"])
TESTS = st.one_of(
    st.builds(lambda name, value: f"{name} = '{value}'", NAMES, VALUES),
    st.builds(lambda name, value: f"'{value}' = {name}", NAMES, VALUES),
    st.builds(lambda name, value: f"{name} != '{value}'", NAMES, VALUES),
    st.builds(lambda name, one, other: f"{name} IN ('{one}', '{other}', 5, TRUE)", NAMES, VALUES, VALUES),
    st.builds(lambda name, value: f"{name} NOT IN ('{value}')", NAMES, VALUES),
    st.sampled_from(["type LIKE 'a%'", "EXISTS n", "5 = type", "TRUE = type", "type = 5", "type = n", "n", "TRUE"]),
)
EXPRESSIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(lambda one, sign, other: f"({one}) {sign} ({other})", inner, st.sampled_from(["AND", "OR"]), inner),
        st.builds(lambda one, other: f"({one}) XOR ({other})", inner, inner),
        st.builds(lambda one: f"NOT ({one})", inner),
    ),
    max_leaves=6,
)
LEAVES = st.one_of(
    st.builds(
        lambda dialect, pairs: {dialect: pairs},
        st.sampled_from(["exact", "prefix", "suffix"]),
        st.dictionaries(NAMES, VALUES, min_size=1),
    ),
    st.builds(lambda text: {"cesql": text}, EXPRESSIONS),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            lambda dialect, parts: {dialect: parts},
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
SPECS = st.one_of(
    st.builds(lambda filters: {"filters": filters}, st.lists(FILTERS, max_size=3)),
    st.builds(lambda attributes: {"filter": {"attributes": attributes}}, st.dictionaries(NAMES, st.just("") | VALUES)),
)
EVENTS = st.builds(
    lambda kind, source, extensions: CloudEvent(id="1", source=source, type=kind, extensions=extensions),
    VALUES,
    st.sampled_from(["/s", "a", "5"]),
    st.dictionaries(st.just("n"), VALUES | st.sampled_from([5, 1, 0, True, False])),
)


@settings(max_examples=500, deadline=None)
@given(SPECS, EVENTS)
def test_an_event_that_matches_has_its_type_in_the_set(spec, event):
    known = required_types(spec)
    if of_trigger(spec)(event.attributes()):
        assert known is None or event.type in known
