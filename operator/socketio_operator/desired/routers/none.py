"""No router: a Service alone, for a load balancer of the user's or clients inside the cluster."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.affinity import Lack
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import SERVER, route_name, selector
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.service_settings import public_meta, public_spec, settings_of


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    return frozenset({"clientIP", "none"})


def _without(cluster: SocketIOCluster) -> Lack:
    return Lack(
        "ServiceWithoutCookie",
        "A Service passes connections on and knows no cookies",
        "set spec.routing.affinity to clientIP or none, or choose another spec.routing.router",
    )


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The Service. Its port is that of the URL in the status: 80, or 443 where TLS ends in front of it."""
    port = 443 if cluster.spec.routing.tls else 80
    udp = {"name": "webtransport", "port": port, "targetPort": "webtransport", "protocol": "UDP"}
    spec = {
        **public_spec(settings_of(cluster), ROUTER.affinity(cluster) == "clientIP"),
        "selector": selector(cluster, SERVER),
        "ports": [
            {"name": "http", "port": port, "targetPort": "http", "protocol": "TCP"},
            *([udp] if cluster.spec.engine.webtransport else ()),
        ],
    }
    meta = public_meta(cluster, route_name(cluster), SERVER)
    return ({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec},)


ROUTER = Router(
    "none",
    build,
    affinities=_affinities,
    without=_without,
    timeouts="none of its own; those of your load balancer must exceed pingInterval + pingTimeout",
    follows="kube-proxy, by EndpointSlices",
    draining="connections stay until the pod ends, polling sessions by address move to another pod at once",
    passes_udp=True,
)
