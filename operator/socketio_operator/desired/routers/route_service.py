"""A Service of the route's own, for controllers that read their settings from annotations of the Service."""

from collections.abc import Mapping

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import SERVER, object_meta, route_name, selector


def route_service(cluster: SocketIOCluster, annotations: Mapping[str, str]) -> Manifest:
    """A ClusterIP Service of the server's pods, with full names of annotations."""
    manifest: Manifest = canonical(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": object_meta(cluster, route_name(cluster), SERVER, annotations=dict(annotations) or None),
            "spec": {
                "type": "ClusterIP",
                "selector": selector(cluster, SERVER),
                "ports": [{"name": "http", "port": cluster.spec.port, "targetPort": "http", "protocol": "TCP"}],
            },
        }
    )
    return manifest
