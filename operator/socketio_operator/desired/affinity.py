"""What keeps a client on its pod."""

from dataclasses import dataclass

from socketio_operator.api import ClusterSpec


def wanted_affinity(spec: ClusterSpec) -> str:
    """`clientIP`, `cookie` or `none`. A session that is one connection needs nothing to stay where it is."""
    return "none" if spec.engine.one_connection else spec.routing.affinity


@dataclass(frozen=True, slots=True)
class Lack:
    """Why the affinity that is asked for cannot be had: `reason` is CamelCase.

    `what` and `instead` are clauses without a full stop: what the router cannot do, and what to set for it.
    """

    reason: str
    what: str
    instead: str
