"""What traffic itself says: whether sessions stick, broadcasts cross, pods share the load, and the route is taken.

Each verdict is a condition. One that is told again keeps its sentence, with the figures of when it began to hold.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.server import runtime
from socketio_operator.plan.condition import Condition, told
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.probes import RUNTIME_WELL_SECONDS
from socketio_operator.plan.truth.balanced import balanced
from socketio_operator.plan.truth.broadcasting import broadcasting
from socketio_operator.plan.truth.evidence import SETTLED_SECONDS, Evidence
from socketio_operator.plan.truth.routed import routed
from socketio_operator.plan.truth.sticky import GONE_SECONDS, sticky
from socketio_operator.plan.truth.summary import VERIFIED_SECONDS

TYPES = ("Sticky", "Broadcasting", "Balanced", "Routed")
WAITING_SECONDS = 30.0
# Within which each ready pod is asked again.
ASKED_SECONDS = 1.1 * RUNTIME_WELL_SECONDS


def verdicts(
    cluster: SocketIOCluster, observed: Observed, before: Sequence[Mapping[str, Any]]
) -> tuple[Condition, ...]:
    """`before`: the conditions as they were told."""
    earlier = {type_: told(before, type_) for type_ in TYPES}
    evidence, found = Evidence.of(observed), []
    if runtime.injected(cluster):
        found += [
            sticky(cluster, evidence, earlier["Sticky"]),
            broadcasting(cluster, evidence, earlier["Broadcasting"]),
            balanced(cluster, evidence, earlier["Balanced"]),
        ]
    if route := routed(cluster, observed, evidence, earlier["Routed"]):
        found.append(route)
    return tuple(_again(one, earlier[one.type]) for one in found)


def look_again(cluster: SocketIOCluster, observed: Observed, found: tuple[Condition, ...]) -> float | None:
    """Seconds until time alone may change a verdict: pods are no longer new, or a route has waited long enough."""
    if not runtime.injected(cluster):
        return None
    evidence = Evidence.of(observed)
    waits = [WAITING_SECONDS] if evidence.ready and any(item.reason == "Waiting" for item in found) else []
    youngest = evidence.youngest_seconds
    # what pods hear was told last when they had been ready for long enough
    heard = max(GONE_SECONDS, evidence.deaf_seconds + ASKED_SECONDS)
    waits += [end - youngest for end in (GONE_SECONDS, heard, SETTLED_SECONDS) if youngest < end]
    if any(item.type == "Sticky" and item.status for item in found):
        waits.append(VERIFIED_SECONDS)
    return min(waits, default=None)


def _again(found: Condition, before: Condition | None) -> Condition:
    if before is None or (before.status, before.reason) != (found.status, found.reason):
        return found
    return before
