"""The headless Service by which the proxy finds the server's pods: a name whose addresses are those of the pods."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import SERVER, endpoints_name, object_meta, selector
from socketio_operator.desired.proxy.programs import program_of


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The Service. Its port has a name, so that DNS has SRV records of it."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_meta(cluster, endpoints_name(cluster), SERVER),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            "publishNotReadyAddresses": program_of(cluster).sees_all_pods(cluster),
            "selector": selector(cluster, SERVER),
            "ports": [{"name": "http", "port": cluster.spec.port, "targetPort": "http", "protocol": "TCP"}],
        },
    }
