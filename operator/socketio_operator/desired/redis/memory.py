"""How much memory Redis may use, and how much data that leaves room for."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.adapters import ADAPTERS
from socketio_operator.desired.manifest import wire
from socketio_operator.desired.quantity import canonical_resources, whole_quantity

MIB = 1024 * 1024
DEFAULT_REQUESTS = {"cpu": "50m", "memory": "64Mi"}
DEFAULT_LIMIT = "256Mi"


def persistent(cluster: SocketIOCluster) -> bool:
    """Whether Redis writes what it holds to its volume: an adapter stores events, or the user gave a volume for it."""
    return ADAPTERS[cluster.spec.adapter.type].stores_events or cluster.spec.adapter.storage is not None


def resources(cluster: SocketIOCluster) -> dict[str, Any]:
    """Of the container, always with a limit of memory: without one nothing tells how much Redis may hold."""
    managed = cluster.spec.adapter.managed
    given = (managed and canonical_resources(wire(managed.resources))) or {"requests": DEFAULT_REQUESTS}
    limits = given.get("limits", {})
    if "memory" in limits:
        return given
    requested = given.get("requests", {}).get("memory", "0")
    enough = (whole_quantity(requested) or 0) <= (whole_quantity(DEFAULT_LIMIT) or 0)
    return {**given, "limits": {**limits, "memory": DEFAULT_LIMIT if enough else requested}}


def limit_bytes(cluster: SocketIOCluster) -> int:
    """The limit of memory. One that is not understood is refused by the API server."""
    return whole_quantity(resources(cluster)["limits"]["memory"]) or 256 * MIB


def max_memory(cluster: SocketIOCluster) -> int:
    """Bytes that data and buffers may take.

    A quarter is left for what Redis does not count, and half where it forks to write its log anew: pages that change
    meanwhile exist twice. The log, the new one and what is appended meanwhile must fit on the volume.
    """
    limit = limit_bytes(cluster)
    if not persistent(cluster):
        return max(MIB, limit * 3 // 4)
    storage = cluster.spec.adapter.storage
    volume = whole_quantity(storage.size) if storage else None
    return max(MIB, min(limit // 2, volume // 4) if volume else limit // 2)
