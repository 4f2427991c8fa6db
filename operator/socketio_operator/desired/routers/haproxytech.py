"""A Service with the annotations of HAProxy Kubernetes Ingress Controller (haproxytech/kubernetes-ingress 3.2), and an
Ingress that leads to it: persistence on an Ingress is deprecated there."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.affinity import Lack
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import route_name
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.routers.ingress import ingress, prefixed
from socketio_operator.desired.server.service import service

PREFIX = "haproxy.org"


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    """Its cookie has no attributes: to browsers that is SameSite Lax."""
    foreign_pages = cluster.spec.routing.affinity_cookie.same_site == "None"
    return frozenset({"clientIP", "none"} if foreign_pages else {"clientIP", "cookie", "none"})


def _without(cluster: SocketIOCluster) -> Lack:
    return Lack(
        "CookieWithoutSameSite",
        "haproxytech sets no SameSite on its cookie, so browsers send it to pages of the same site only",
        "set spec.routing.affinity to clientIP, or spec.routing.router to haproxy-ingress",
    )


def _settings(cluster: SocketIOCluster) -> dict[str, str]:
    settings = {"timeout-server": f"{proxy_limits(cluster.spec).read_seconds}s"}
    match ROUTER.affinity(cluster):
        case "clientIP":
            settings["load-balance"] = "source"
        case "cookie":
            settings["cookie-persistence"] = cluster.spec.routing.affinity_cookie.name
    return settings


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The Service and the Ingress."""
    name = route_name(cluster)
    annotations = prefixed(PREFIX, _settings(cluster))
    return service(cluster, name, annotations), ingress(cluster, "haproxy", {}, name)


ROUTER = Router(
    "haproxytech",
    build,
    affinities=_affinities,
    without=_without,
    timeouts="`timeout-server`; `timeout-client` and `timeout-tunnel` are the controller's (50 s, 1 h)",
    follows="EndpointSlices, through free slots without a reload",
    draining="polling sessions are lost at once, WebSockets stay until the pod ends",
    run=False,
)
