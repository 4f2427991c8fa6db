"""Traefik as Gateway: a TraefikService behind the HTTPRoute (providers kubernetesgateway and kubernetescrd, 3.7)."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.gateway import Gateway
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers.gateway.http_route import extension, http_route, service_backend
from socketio_operator.desired.routers.traefik_cookie import sticky_cookie


def build(cluster: SocketIOCluster, gateway: Gateway, affinity: str) -> tuple[Manifest, ...]:
    """The TraefikService where there is an affinity, and the route."""
    if affinity == "none":
        return (http_route(cluster, gateway, service_backend(cluster), timeouts=True),)
    backend = {"group": "traefik.io", "kind": "TraefikService", "name": cluster.name, "weight": 1}
    return _service(cluster, affinity), http_route(cluster, gateway, backend, timeouts=True)


def _service(cluster: SocketIOCluster, affinity: str) -> Manifest:
    service: dict[str, Any] = {"kind": "Service", "name": cluster.name, "port": "http"}
    if affinity == "cookie":
        service["sticky"] = {"cookie": sticky_cookie(cluster.spec.routing)}
    else:
        service["strategy"] = "hrw"
    return extension(cluster, "traefik.io/v1alpha1", "TraefikService", {"weighted": {"services": [service]}})
