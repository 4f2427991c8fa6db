"""What the status says in figures, changed only when they changed much: each change is a write."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from socketio_operator.plan.condition import Condition
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.truth.evidence import Evidence

# A tenth more or less is no news.
MUCH = 0.1
VERIFIED_SECONDS = 3600.0


def clients(observed: Observed, before: Mapping[str, Any]) -> dict[str, Any] | None:
    """{connected, perPod: {min, max}}: transport connections of the ready pods; None while no pod counts."""
    counts = [one.figures.connections for one in Evidence.of(observed).told]
    if not counts:
        return None
    found = {"connected": sum(counts), "perPod": {"min": min(counts), "max": max(counts)}}
    told = before.get("clients")
    return dict(told) if told and _alike(told, found) else found


def last_verified(found: tuple[Condition, ...], before: Mapping[str, Any], now: datetime) -> str | None:
    """RFC 3339 time at which traffic last showed that sessions stick and broadcasts cross, an hour old at most while
    it does; None if it never did."""
    told: str | None = before.get("lastVerified")
    status = {item.type: item.status for item in found}
    if not status.get("Sticky") or status.get("Broadcasting") is False:
        return told
    if told and (now - datetime.fromisoformat(told)).total_seconds() < VERIFIED_SECONDS:
        return told
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _alike(told: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    return all(abs(new - old) <= MUCH * old for old, new in zip(_counts(told), _counts(found), strict=True))


def _counts(clients: Mapping[str, Any]) -> tuple[int, int, int]:
    return clients["connected"], clients["perPod"]["min"], clients["perPod"]["max"]
