from datetime import UTC, datetime, timedelta, timezone

from voiceassist.core import clock, ids


def test_ids_are_version_7_and_sort_by_time():
    early, late = ids.uuid7(1_000, 2**80 - 1), ids.uuid7(1_001, 0)
    assert early.version == late.version == 7
    assert early.variant == "specified in RFC 4122"
    assert early < late
    assert len({ids.new_id() for _ in range(1000)}) == 1000


def test_time_is_written_in_utc_with_z():
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_900, timezone(timedelta(hours=2)))
    assert clock.timestamp(moment) == "2026-01-02T01:04:05.678Z"
    assert clock.now().tzinfo is UTC
