"""The Service in front of the server's pods; routers read its endpoints and choose pods themselves."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import SERVER, object_meta, selector


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """A ClusterIP Service; its port has the name `http`, by which routers match endpoints."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_meta(cluster, cluster.name, SERVER),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(cluster, SERVER),
            "ports": [{"name": "http", "port": cluster.spec.port, "targetPort": "http", "protocol": "TCP"}],
        },
    }
