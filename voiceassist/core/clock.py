"""Time: aware UTC everywhere; the domain receives `now`, only doors ask this module."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with a `Z`, as CloudEvents `time` and our JSON carry it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
