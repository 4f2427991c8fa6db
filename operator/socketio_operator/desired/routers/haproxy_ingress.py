"""An Ingress with the annotations of HAProxy Ingress (jcmoraisjr/haproxy-ingress 0.16).

Its dynamic cookie is a hash of the pod's address: every replica of the controller reads it alike. A `source` hash is
by the order of servers, which replicas may have differently.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.routers.ingress import ingress, prefixed, sticky

PREFIX = "haproxy-ingress.github.io"


def _client_ip(cluster: SocketIOCluster) -> dict[str, str]:
    return {"balance-algorithm": "source"}


def _cookie(cluster: SocketIOCluster) -> dict[str, str]:
    routing = cluster.spec.routing
    cookie = routing.affinity_cookie
    words = ["indirect", "nocache", "httponly"]
    if cookie.max_age_seconds:
        words.append(f"attr Max-Age={cookie.max_age_seconds}")
    if cookie.same_site != "None":
        words.append(f"attr SameSite={cookie.same_site}")
        # `session-cookie-same-site` brings Secure with it.
        words += ["secure"] if routing.tls else []
    settings = {
        "affinity": "cookie",
        "session-cookie-name": cookie.name,
        "session-cookie-strategy": "insert",
        "session-cookie-dynamic": "true",
        "session-cookie-keywords": " ".join(words),
    }
    if cookie.same_site == "None":
        settings["session-cookie-same-site"] = "true"
    return settings


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The Ingress."""
    limits = proxy_limits(cluster.spec)
    settings = {
        **sticky(cluster, _client_ip, _cookie),
        "timeout-server": f"{limits.read_seconds}s",
        "timeout-tunnel": f"{max(limits.read_seconds, limits.send_seconds)}s",
        "proxy-body-size": str(limits.max_body_bytes),
    }
    return (ingress(cluster, "haproxy", prefixed(PREFIX, settings), cluster.name),)


ROUTER = Router(
    "haproxy-ingress",
    build,
    timeouts="`timeout-server`, `timeout-tunnel`",
    follows="EndpointSlices, through free slots without a reload",
    draining="with a cookie and the controller's `drain-support` polling sessions stay, else they are lost at once",
    run=False,
)
