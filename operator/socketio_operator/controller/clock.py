"""The time, in the two forms in which it is used."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time with its zone."""
    return datetime.now(UTC)


def timestamp(time: datetime) -> str:
    """RFC 3339, to the second."""
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
