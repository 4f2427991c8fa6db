"""NGINX Gateway Fabric on open source nginx (2.6): no cookie, and no `timeouts` in an HTTPRoute.

No policy of its sets the time that nginx waits for an answer: that is nginx's default of 60 s.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.gateway import Gateway
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers.gateway.http_route import extension, http_route, service_backend, target

API_VERSION = "gateway.nginx.org/v1alpha1"


def build(cluster: SocketIOCluster, gateway: Gateway, affinity: str) -> tuple[Manifest, ...]:
    """The policies of the Service and of bodies, and the route."""
    body = {"maxSize": _size(proxy_limits(cluster.spec).max_body_bytes)}
    client = extension(cluster, API_VERSION, "ClientSettingsPolicy", {"targetRef": target(cluster), "body": body})
    route = http_route(cluster, gateway, service_backend(cluster), timeouts=False)
    if affinity == "none":
        return client, route
    return extension(cluster, API_VERSION, "UpstreamSettingsPolicy", _hash(cluster)), client, route


def _hash(cluster: SocketIOCluster) -> dict[str, object]:
    service = {"group": "core", "kind": "Service", "name": cluster.name}
    return {
        "targetRefs": [service],
        "loadBalancingMethod": "hash consistent",
        "hashMethodKey": "$remote_addr",
    }


def _size(count: int) -> str:
    """`count` bytes or a little more, in the form of up to four digits and a unit that its API takes."""
    for unit, size in (("", 1), ("k", 1024), ("m", 1024**2), ("g", 1024**3)):
        if (number := -(-count // size)) <= 9999:
            return f"{number}{unit}"
    raise ValueError(f"{count} bytes are more than 9999 GiB")
