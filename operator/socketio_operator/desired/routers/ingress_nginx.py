"""An Ingress with the annotations of ingress-nginx, which Traefik 3.7 and later read as well.

Invariants: hash affinity and cookie affinity are never both set (controllers disagree on which wins). The key of the
hash is the peer's address (a header could be forged, and an unknown variable sends everybody to one pod), and there is
no snippet: unless the user asks by name for the form of Socket.IO's documentation, "Using multiple nodes".
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.routers.ingress import ingress, prefixed, sticky

PREFIX = "nginx.ingress.kubernetes.io"

# The documentation's snippet: the first address of X-Forwarded-For, else the peer's.
FORWARDED_FOR = """set $forwarded_client_ip "";
if ($http_x_forwarded_for ~ "^([^,]+)") {
  set $forwarded_client_ip $1;
}
set $client_ip $remote_addr;
if ($forwarded_client_ip != "") {
  set $client_ip $forwarded_client_ip;
}
"""


def _client_ip(cluster: SocketIOCluster) -> dict[str, str]:
    if cluster.spec.routing.client_address == "forwardedFor":
        return {"configuration-snippet": FORWARDED_FOR, "upstream-hash-by": "$client_ip"}
    return {"upstream-hash-by": "$remote_addr"}


def _cookie(cluster: SocketIOCluster) -> dict[str, str]:
    routing = cluster.spec.routing
    cookie = routing.affinity_cookie
    settings = {
        "affinity": "cookie",
        # `balanced` would move a share of the sessions at every scale-up.
        "affinity-mode": "persistent",
        "session-cookie-name": cookie.name,
        "session-cookie-path": "/",
        "session-cookie-samesite": cookie.same_site,
        "session-cookie-change-on-failure": "true",
    }
    if routing.tls:
        settings["session-cookie-secure"] = "true"
    if cookie.max_age_seconds:
        settings["session-cookie-max-age"] = str(cookie.max_age_seconds)
        settings["session-cookie-expires"] = str(cookie.max_age_seconds)
    return settings


def _annotations(cluster: SocketIOCluster) -> dict[str, str]:
    limits = proxy_limits(cluster.spec)
    settings = {
        **sticky(cluster, _client_ip, _cookie),
        "proxy-read-timeout": str(limits.read_seconds),
        "proxy-send-timeout": str(limits.send_seconds),
        "proxy-body-size": str(limits.max_body_bytes),
    }
    return prefixed(PREFIX, settings)


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The Ingress."""
    return (ingress(cluster, "nginx", _annotations(cluster), cluster.name),)


ROUTER = Router(
    "ingress-nginx",
    build,
    timeouts="`proxy-read-timeout`, `proxy-send-timeout`",
    follows="EndpointSlices, without a reload",
    draining="polling sessions are lost at once; with Traefik and a cookie they stay",
)
