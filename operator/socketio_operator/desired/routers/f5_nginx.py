"""An Ingress with the annotations of F5 NGINX Ingress Controller (nginx/kubernetes-ingress 5.5), on open source nginx.

WebSockets pass only with `websocket-services`, times have a unit, and `sticky-cookie-services` needs version 5.4 or
later there. Invariants: no text of a user is in `lb-method`, and hash and cookie are never both set.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.routers.ingress import ingress, prefixed, sticky

PREFIX = "nginx.org"


def _client_ip(cluster: SocketIOCluster) -> dict[str, str]:
    return {"lb-method": "hash $remote_addr consistent"}


def _cookie(cluster: SocketIOCluster) -> dict[str, str]:
    routing = cluster.spec.routing
    cookie = routing.affinity_cookie
    words = [f"serviceName={cluster.name}", cookie.name, "path=/"]
    if cookie.max_age_seconds:
        words.append(f"expires={cookie.max_age_seconds}s")
    words += ["httponly", f"samesite={cookie.same_site.lower()}"]
    if routing.tls:
        words.append("secure")
    return {"sticky-cookie-services": " ".join(words)}


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The Ingress."""
    limits = proxy_limits(cluster.spec)
    settings = {
        "websocket-services": cluster.name,
        **sticky(cluster, _client_ip, _cookie),
        "proxy-read-timeout": f"{limits.read_seconds}s",
        "proxy-send-timeout": f"{limits.send_seconds}s",
        "client-max-body-size": str(limits.max_body_bytes),
    }
    return (ingress(cluster, "nginx", prefixed(PREFIX, settings), cluster.name),)


ROUTER = Router(
    "f5-nginx",
    build,
    timeouts="`nginx.org/proxy-read-timeout`, `nginx.org/proxy-send-timeout`",
    follows="EndpointSlices, by a reload of nginx",
    draining="polling sessions are lost at once, WebSockets stay until the pod ends",
    run=False,
)
