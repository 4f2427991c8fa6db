"""A Service with the annotations of HAProxy Kubernetes Ingress Controller (haproxytech/kubernetes-ingress 3.2), and an
Ingress that leads to it: persistence on an Ingress is deprecated there."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.routing import CookieAffinity
from socketio_operator.desired.affinity import wanted_affinity
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import route_name
from socketio_operator.desired.routers.base import Lack, Router
from socketio_operator.desired.routers.ingress import ingress, prefixed
from socketio_operator.desired.routers.route_service import route_service

PREFIX = "haproxy.org"


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    """Its cookie has no attributes: to browsers that is SameSite Lax."""
    cookie = cluster.spec.routing.cookie
    foreign_pages = cookie is not None and cookie.same_site == "None"
    return frozenset({"clientIP", "none"} if foreign_pages else {"clientIP", "cookie", "none"})


def _lack(cluster: SocketIOCluster) -> Lack | None:
    if wanted_affinity(cluster.spec) in _affinities(cluster):
        return None
    return Lack(
        "CookieWithoutSameSite",
        "haproxytech sets no SameSite on its cookie, so browsers send it to pages of the same site only",
        "set spec.routing.affinity to clientIP, or spec.routing.router to haproxy-ingress",
    )


def _settings(cluster: SocketIOCluster) -> dict[str, str]:
    cookie = cluster.spec.routing.cookie or CookieAffinity()
    settings = {"timeout-server": f"{proxy_limits(cluster.spec).read_seconds}s"}
    match ROUTER.affinity(cluster):
        case "clientIP":
            settings["load-balance"] = "source"
        case "cookie":
            settings["cookie-persistence"] = cookie.name
    return settings


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The Service and the Ingress."""
    return route_service(cluster, prefixed(PREFIX, _settings(cluster))), ingress(cluster, {}, route_name(cluster))


ROUTER = Router(
    "haproxytech",
    build,
    affinities=_affinities,
    lack=_lack,
    timeouts="`timeout-server`; `timeout-client` and `timeout-tunnel` are the controller's (50 s, 1 h)",
    follows="EndpointSlices, through free slots without a reload",
    draining="polling sessions are lost at once, WebSockets stay until the pod ends",
    run=False,
)
