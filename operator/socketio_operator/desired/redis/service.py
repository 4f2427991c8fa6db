"""The Service by which the pods find Redis."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import REDIS, object_meta, redis_name, selector
from socketio_operator.desired.redis import PORT


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """A headless Service: with one pod there is nothing to balance, and an address of its own costs the API server more
    than all other children together.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_meta(cluster, redis_name(cluster), REDIS),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            # A name that comes and goes with readiness would be remembered as missing by resolvers.
            "publishNotReadyAddresses": True,
            "selector": selector(cluster, REDIS),
            "ports": [{"name": "redis", "port": PORT, "targetPort": "redis", "protocol": "TCP"}],
        },
    }
