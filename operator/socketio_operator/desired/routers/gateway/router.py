"""The router `gateway`: one implementation of the Gateway API, chosen by spec.routing.gateway.implementation."""

from collections.abc import Callable

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.gateway import Gateway
from socketio_operator.desired.affinity import Lack
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.routers.gateway import envoy_gateway, nginx_gateway_fabric, traefik
from socketio_operator.desired.routers.gateway.http_route import http_route, service_backend


def _other(cluster: SocketIOCluster, gateway: Gateway, affinity: str) -> tuple[Manifest, ...]:
    return (http_route(cluster, gateway, service_backend(cluster), timeouts=True),)


_BUILDS: dict[str, Callable[[SocketIOCluster, Gateway, str], tuple[Manifest, ...]]] = {
    "traefik": traefik.build,
    "envoy-gateway": envoy_gateway.build,
    "nginx-gateway-fabric": nginx_gateway_fabric.build,
    "other": _other,
}
AFFINITIES = {
    "traefik": frozenset({"clientIP", "cookie", "none"}),
    "envoy-gateway": frozenset({"clientIP", "cookie", "none"}),
    "nginx-gateway-fabric": frozenset({"clientIP", "none"}),
    "other": frozenset({"none"}),
}
_LACKS = {
    "nginx-gateway-fabric": Lack(
        "NginxGatewayFabricWithoutCookie",
        "NGINX Gateway Fabric on open source nginx keeps no client on its pod by a cookie",
        "set spec.routing.affinity to clientIP or none",
    ),
    "other": Lack(
        "GatewayWithoutAffinity",
        "The Gateway API has no stable way to keep a client on its pod",
        "set spec.routing.gateway.implementation to what runs your Gateway, or spec.routing.affinity to none",
    ),
}


def _gateway(cluster: SocketIOCluster) -> Gateway:
    gateway = cluster.spec.routing.gateway
    assert gateway is not None, "the CRD demands it of router gateway"
    return gateway


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    return AFFINITIES[_gateway(cluster).implementation]


def _without(cluster: SocketIOCluster) -> Lack:
    return _LACKS[_gateway(cluster).implementation]


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The HTTPRoute, after what it refers to."""
    gateway = _gateway(cluster)
    return _BUILDS[gateway.implementation](cluster, gateway, ROUTER.affinity(cluster))


ROUTER = Router(
    "gateway",
    build,
    affinities=_affinities,
    without=_without,
    timeouts="`timeouts.request: 0s`; Envoy Gateway also `streamIdleTimeout` from 300 s on; NGINX Gateway Fabric none: "
    "60 s, which pingInterval + pingTimeout must stay below",
    follows="EndpointSlices, by the implementation",
    draining="Traefik with a cookie keeps polling sessions until the pod ends, the others lose them at once",
    run=False,
)
