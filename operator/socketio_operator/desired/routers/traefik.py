"""Traefik's own providers: an Ingress with a sticky cookie, or an IngressRoute that hashes the client's address.

The cookie is an annotation of the Service, so the route has one of its own. The provider of Ingresses has no hash:
that takes `strategy: hrw` of an IngressRoute (Traefik 3.7, pkg/provider/kubernetes/ingress and crd).
"""

from collections.abc import Iterable

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.routing import Routing
from socketio_operator.desired.affinity import wanted_affinity
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import route_meta, route_name
from socketio_operator.desired.routers.base import Router
from socketio_operator.desired.routers.ingress import ingress
from socketio_operator.desired.routers.traefik_cookie import sticky_annotations
from socketio_operator.desired.server.service import service

CLASS = "traefik"


def _ingress(cluster: SocketIOCluster) -> tuple[Manifest, ...]:
    routing = cluster.spec.routing
    sticky = sticky_annotations(routing) if wanted_affinity(cluster.spec) == "cookie" else {}
    # Without it, the route would be there on entry points without TLS as well, and on some with TLS not at all.
    tls = {"traefik.ingress.kubernetes.io/router.tls": "true"} if routing.tls else {}
    return service(cluster, route_name(cluster), sticky), ingress(cluster, CLASS, tls, route_name(cluster))


def _ingress_route(cluster: SocketIOCluster) -> tuple[Manifest, ...]:
    routing = cluster.spec.routing
    # The field `ingressClassName` is not in the CRDs of earlier versions, which are refused an unknown field.
    meta = route_meta(cluster, {"kubernetes.io/ingress.class": routing.ingress_class_name or CLASS})
    rule = {
        "kind": "Rule",
        "match": _match(routing),
        "services": [{"kind": "Service", "name": cluster.name, "port": "http", "strategy": "hrw"}],
    }
    tls = {"secretName": routing.tls.secret_name} if routing.tls else None
    manifest: Manifest = canonical(
        {
            "apiVersion": "traefik.io/v1alpha1",
            "kind": "IngressRoute",
            "metadata": meta,
            "spec": {"routes": [rule], "tls": tls},
        }
    )
    return (manifest,)


def _match(routing: Routing) -> str:
    prefixes = (f"PathPrefix(`{path}`)" for path in routing.all_paths)
    return f"{_any(map(_host, routing.all_hosts))} && {_any(prefixes)}"


def _host(name: str) -> str:
    """As Traefik reads a host of an Ingress: a wildcard is one label."""
    if not name.startswith("*."):
        return f"Host(`{name}`)"
    below = name.removeprefix("*.").replace(".", "[.]")
    return f"HostRegexp(`^[a-zA-Z0-9-]+[.]{below}$`)"


def _any(matchers: Iterable[str]) -> str:
    found = tuple(matchers)
    return found[0] if len(found) == 1 else f"({' || '.join(found)})"


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """A Service and an Ingress, or an IngressRoute."""
    return _ingress_route(cluster) if wanted_affinity(cluster.spec) == "clientIP" else _ingress(cluster)


ROUTER = Router(
    "traefik",
    build,
    timeouts="none needed: Traefik waits without a limit of its own",
    follows="EndpointSlices, without a reload",
    draining="with a cookie polling sessions stay until the pod ends (3.7.5 or later), else they are lost at once",
)
