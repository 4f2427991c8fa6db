"""What all routers that write an Ingress have in common: one host, one path prefix, one Service behind it."""

from collections.abc import Mapping

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import SERVER, object_meta


def ingress(cluster: SocketIOCluster, annotations: Mapping[str, str], service: str) -> Manifest:
    """The Ingress that sends the route to port `http` of Service `service`, with full names of annotations."""
    routing = cluster.spec.routing
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    manifest: Manifest = canonical(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": object_meta(cluster, cluster.name, SERVER, annotations=dict(annotations) or None),
            "spec": {
                "ingressClassName": routing.ingress_class,
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


def prefixed(prefix: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Annotations of one controller: their short names with its prefix."""
    return {f"{prefix}/{name}": value for name, value in settings.items()}
