"""The Service in front of the server's pods; routers read its endpoints and choose pods themselves."""

from collections.abc import Mapping

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import SERVER, object_meta, selector


def service(cluster: SocketIOCluster, name: str, annotations: Mapping[str, str]) -> Manifest:
    """A ClusterIP Service; its port has the name `http`, by which routers match endpoints.

    Controllers that read their settings from a Service have one of the route's own, with their annotations.
    """
    manifest: Manifest = canonical(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": object_meta(cluster, name, SERVER, annotations=dict(annotations) or None),
            "spec": {
                "type": "ClusterIP",
                "selector": selector(cluster, SERVER),
                "ports": [{"name": "http", "port": cluster.spec.port, "targetPort": "http", "protocol": "TCP"}],
            },
        }
    )
    return manifest


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The Service that has the cluster's name."""
    return service(cluster, cluster.name, {})
