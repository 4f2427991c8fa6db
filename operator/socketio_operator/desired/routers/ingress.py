"""What all routers that write an Ingress have in common: hosts, their certificates, path prefixes, one Service."""

from collections.abc import Callable, Mapping
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.routing import Routing
from socketio_operator.desired.affinity import wanted_affinity
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import route_meta

Settings = Callable[[SocketIOCluster], dict[str, str]]


def ingress(cluster: SocketIOCluster, class_name: str, annotations: Mapping[str, str], service: str) -> Manifest:
    """The Ingress that sends the route to port `http` of Service `service`, with full names of annotations.

    `class_name`: its class, unless the user names another.
    """
    routing = cluster.spec.routing
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend} for path in routing.all_paths]
    manifest: Manifest = canonical(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": route_meta(cluster, annotations),
            "spec": {
                "ingressClassName": routing.ingress_class_name or class_name,
                "tls": _certificates(routing),
                "rules": [{"host": host, "http": {"paths": paths}} for host in routing.all_hosts],
            },
        }
    )
    return manifest


def _certificates(routing: Routing) -> list[dict[str, Any]] | None:
    """The certificate of the route with all hosts that have none of their own, and those that have."""
    if routing.tls is None:
        return None
    shared = [routing.host, *(one.name for one in routing.hosts if one.tls is None)]
    own = [{"hosts": [one.name], "secretName": one.tls.secret_name} for one in routing.hosts if one.tls]
    return [{"hosts": shared, "secretName": routing.tls.secret_name}, *own]


def sticky(cluster: SocketIOCluster, by_client_ip: Settings, by_cookie: Settings) -> dict[str, str]:
    """The settings of the affinity that is wanted: those of one, or none at all, never of both."""
    match wanted_affinity(cluster.spec):
        case "clientIP":
            return by_client_ip(cluster)
        case "cookie":
            return by_cookie(cluster)
    return {}


def prefixed(prefix: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Annotations of one controller: their short names with its prefix."""
    return {f"{prefix}/{name}": value for name, value in settings.items()}
