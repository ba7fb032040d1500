import pytest

from voiceassist.runtime import tracing

PARENT = f"00-{'ab' * 16}-{'cd' * 8}-01"


def test_a_valid_parent_is_continued_with_a_span_of_our_own():
    context = tracing.start(PARENT)
    assert context.trace_id == "ab" * 16
    assert context.span_id != "cd" * 8


@pytest.mark.parametrize(
    "header", [None, "", "garbage", PARENT.upper(), PARENT.replace("ab", "00"), PARENT.replace("cd", "00"), PARENT[:-1]]
)
def test_a_broken_parent_begins_a_new_trace(header):
    assert tracing.parse(header) is None
    assert len(tracing.start(header).trace_id) == 32


def test_spans_nest_within_one_trace():
    with tracing.scope(tracing.start(PARENT)) as outer, tracing.span("step") as inner:
        assert inner.trace_id == outer.trace_id
        assert tracing.current_traceparent() == inner.traceparent
    assert tracing.current() is None
