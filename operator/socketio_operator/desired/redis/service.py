"""The Service by which the pods find Redis."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import REDIS, object_meta, redis_name, selector
from socketio_operator.desired.redis import PORT


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest | None:
    """A ClusterIP Service, if the operator runs Redis."""
    if not cluster.spec.adapter.runs_redis:
        return None
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_meta(cluster, redis_name(cluster), REDIS),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(cluster, REDIS),
            "ports": [{"name": "redis", "port": PORT, "targetPort": "redis", "protocol": "TCP"}],
        },
    }
