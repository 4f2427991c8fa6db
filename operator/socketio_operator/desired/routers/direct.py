"""Client-side load balancing: a Service for the list of servers; clients reach the pods by addresses of their own.

The other way is `router: proxy` with `routing.direct`: HAProxy takes clients to each pod by its host name.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers import none
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.server.discovery import discovery_ports


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The Service of router `none`, for clients that cannot choose, and beside it the port of the list."""
    (service,) = none.build(cluster, inputs)
    for name, port in discovery_ports(cluster).items():
        service["spec"]["ports"].append({"name": name, "port": port, "targetPort": name, "protocol": "TCP"})
    return (service,)


ROUTER = Router(
    "direct",
    build,
    affinities=none.ROUTER.affinities,
    without=none.ROUTER.without,
    timeouts="none: nothing is between a client and its pod",
    follows="the runtimes query each other once a second, and clients query them",
    draining="their clients are disconnected and choose another pod; a draining pod is not listed",
    passes_udp=True,
)
