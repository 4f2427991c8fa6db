"""How much a proxy's pod may use, and how long it takes to end."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.manifest import wire
from socketio_operator.desired.quantity import canonical_resources, whole_quantity

DEFAULT_RESOURCES = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}
# Of one client with the connection to its pod: buffers of both sides and the TLS state.
CONNECTION_BYTES = 32 * 1024
FEWEST_CONNECTIONS = 1000
MOST_CONNECTIONS = 100_000
SHORTEST_DRAIN_SECONDS = 30


def resources(cluster: SocketIOCluster) -> dict[str, Any]:
    """`resources` of the container."""
    proxy = cluster.spec.routing.proxy
    return (proxy and canonical_resources(wire(proxy.resources))) or DEFAULT_RESOURCES


def max_connections(cluster: SocketIOCluster) -> int:
    """Clients at once for whom the memory is enough: beyond that they wait instead of ending the proxy."""
    limit = whole_quantity(resources(cluster).get("limits", {}).get("memory", "")) or 0
    fitting = limit // CONNECTION_BYTES if limit else MOST_CONNECTIONS
    return max(FEWEST_CONNECTIONS, min(fitting, MOST_CONNECTIONS))


def drain_seconds(cluster: SocketIOCluster) -> int:
    """How long connections live on in a proxy's pod that ends."""
    return max(SHORTEST_DRAIN_SECONDS, cluster.spec.runtime.drain_seconds)
