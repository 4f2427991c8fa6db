"""Where the operator's own client enters the route, and when it is worth a visit."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.metadata import proxy_name
from socketio_operator.plan.figures import SOME_REQUESTS, total
from socketio_operator.plan.observed import Child
from socketio_operator.plan.runtime import RuntimeReport

HTTP, HTTPS = 80, 443
TRIED = {"polling", "websocket"}


@dataclass(frozen=True, slots=True)
class Route:
    """Where the operator enters. `host`: a name or address that is connected to, `name`: the host that is asked for.

    `path`: of Engine.IO's requests. `transports`: that the server takes. `namespace`: in which a short `host` is meant.
    """

    host: str
    port: int
    secure: bool
    name: str
    path: str
    transports: tuple[str, ...]
    namespace: str


def entrance(cluster: SocketIOCluster, children: Iterable[Child]) -> Route | None:
    """Where the route can be tried; None if nothing says where, or if this client cannot."""
    routing, engine = cluster.spec.routing, cluster.spec.engine
    can = routing.router != "direct" and routing.client_address != "proxyProtocol" and set(engine.transports) & TRIED
    if not can or not routing.canary_settings.enabled:
        return None
    host, port = _split(routing.canary_settings.address or _address(cluster, children))
    secure = routing.tls is not None
    if not host:
        return None
    return Route(
        host=host,
        port=port or (HTTPS if secure else HTTP),
        secure=secure,
        name=routing.host.replace("*", "canary", 1),
        path=f"{engine.path.rstrip('/')}/",
        transports=engine.transports,
        namespace=cluster.namespace,
    )


def is_quiet(reports: Iterable[RuntimeReport], visited: bool) -> bool:
    """Whether clients make too few requests to show anything. `visited`: the operator's own is on its way already."""
    # Else it would go again each time that they are a few less, or a few more.
    bound = 2 * SOME_REQUESTS if visited else SOME_REQUESTS
    return total(report.figures.five_minutes for report in reports).requests < bound


def proof(token: str) -> str:
    """What lets a client into the runtime's namespace."""
    return hmac.new(token.encode(), b"canary", hashlib.sha256).hexdigest()


def _address(cluster: SocketIOCluster, children: Iterable[Child]) -> str:
    if cluster.spec.routing.managed_proxy:
        return proxy_name(cluster)
    routes = [child.route for child in children if child.route and child.ownership(cluster) == "ours"]
    return next((_bracketed(route.address) for route in routes if route.address), "")


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _split(address: str) -> tuple[str, int]:
    """Host and port; 0 if there is none."""
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, "0"
    return host.strip("[]"), int(port)
