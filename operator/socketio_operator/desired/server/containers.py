"""The user's further containers: as they are written, with a securityContext of ours."""

from collections.abc import Iterable
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.containers import Container
from socketio_operator.desired.manifest import wire
from socketio_operator.desired.quantity import canonical_resources
from socketio_operator.desired.security import container_security


def init_containers(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """Those that start before the server."""
    return _built(cluster, cluster.spec.pod.init_containers)


def sidecars(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """Those that start with it."""
    return _built(cluster, cluster.spec.pod.sidecars)


def _built(cluster: SocketIOCluster, containers: Iterable[Container]) -> list[dict[str, Any]]:
    security = container_security(cluster.spec.pod.read_only_root)
    return [
        {**wire(one), "resources": canonical_resources(wire(one.resources)), "securityContext": security}
        for one in containers
    ]
