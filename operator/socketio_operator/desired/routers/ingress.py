"""What all routers that write an Ingress have in common: one host, one path prefix, one Service behind it."""

from collections.abc import Callable, Mapping

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.affinity import wanted_affinity
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import SERVER, object_meta

Settings = Callable[[SocketIOCluster], dict[str, str]]


def ingress(cluster: SocketIOCluster, class_name: str, annotations: Mapping[str, str], service: str) -> Manifest:
    """The Ingress that sends the route to port `http` of Service `service`, with full names of annotations.

    `class_name`: its class, unless the user names another.
    """
    routing = cluster.spec.routing
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    manifest: Manifest = canonical(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": object_meta(cluster, cluster.name, SERVER, annotations=dict(annotations) or None),
            "spec": {
                "ingressClassName": routing.ingress_class_name or class_name,
                "tls": [{"hosts": [routing.host], "secretName": routing.tls.secret_name}] if routing.tls else None,
                "rules": [
                    {
                        "host": routing.host,
                        "http": {"paths": [{"path": routing.path, "pathType": "Prefix", "backend": backend}]},
                    }
                ],
            },
        }
    )
    return manifest


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
