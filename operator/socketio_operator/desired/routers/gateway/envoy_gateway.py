"""Envoy Gateway: a BackendTrafficPolicy (Envoy Gateway 1.9). Never `sessionPersistence`, whose shape Gateway API 1.7
changes."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.gateway import Gateway
from socketio_operator.api.routing import Routing
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers.gateway.http_route import extension, http_route, service_backend, target

# Envoy ends a stream on which nothing has passed for so long, unless it is told otherwise.
STREAM_IDLE_SECONDS = 300


def build(cluster: SocketIOCluster, gateway: Gateway, affinity: str) -> tuple[Manifest, ...]:
    """The policy where there is one to write, and the route."""
    spec = _policy(cluster, affinity)
    route = http_route(cluster, gateway, service_backend(cluster), timeouts=True)
    if not spec:
        return (route,)
    spec = {"targetRefs": [target(cluster)], **spec}
    return extension(cluster, "gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", spec), route


def _policy(cluster: SocketIOCluster, affinity: str) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if affinity != "none":
        by = {"type": "SourceIP"} if affinity == "clientIP" else _cookie(cluster.spec.routing)
        spec["loadBalancer"] = {"type": "ConsistentHash", "consistentHash": by}
    read = proxy_limits(cluster.spec).read_seconds
    if read >= STREAM_IDLE_SECONDS:
        spec["timeout"] = {"http": {"streamIdleTimeout": f"{read}s"}}
    return spec


def _cookie(routing: Routing) -> dict[str, Any]:
    cookie = routing.affinity_cookie
    attributes = {"SameSite": cookie.same_site, **({"Secure": ""} if routing.tls else {})}
    # Without a TTL Envoy makes no cookie; 0 is one that ends with the browser.
    settings = {"name": cookie.name, "ttl": f"{cookie.max_age_seconds or 0}s", "attributes": attributes}
    return {"type": "Cookie", "cookie": settings}
