"""Registry of routers: one file a router, one line here."""

from collections.abc import Callable

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers import ingress_nginx

Router = Callable[[SocketIOCluster, Inputs], Manifest]

ROUTERS: dict[str, Router] = {
    "ingress-nginx": ingress_nginx.build,
}


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The route of a cluster, by the router it names."""
    return ROUTERS[cluster.spec.routing.router](cluster, inputs)
