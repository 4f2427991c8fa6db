"""The headless Service by which the runtimes find each other: a request that reaches the wrong pod is handed on."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import SERVER, object_meta, peers_name, selector
from socketio_operator.desired.server.runtime import injected


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest | None:
    """The Service, if a runtime is injected."""
    if not injected(cluster):
        return None
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_meta(cluster, peers_name(cluster), SERVER),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            # A pod that is about to end still holds its sessions: its peers must reach it when routers no longer do.
            "publishNotReadyAddresses": True,
            "selector": selector(cluster, SERVER),
            "ports": [
                {"name": "runtime", "port": cluster.spec.runtime.port, "targetPort": "runtime", "protocol": "TCP"}
            ],
        },
    }
