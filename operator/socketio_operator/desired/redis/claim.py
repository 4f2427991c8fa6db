"""The PersistentVolumeClaim of Redis.

It has our owner reference and goes with the cluster: what it holds, events and sessions of the last minutes, is of
use to nobody but the clients of that cluster. Who wants the bytes for longer takes a StorageClass that retains them.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import REDIS, object_meta, redis_name
from socketio_operator.desired.quantity import canonical_quantity


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest | None:
    """The claim, if `adapter.managed.storage` is given."""
    storage = cluster.spec.adapter.storage
    if storage is None:
        return None
    manifest: Manifest = canonical(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": object_meta(cluster, redis_name(cluster), REDIS),
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": storage.storage_class_name,
                "resources": {"requests": {"storage": canonical_quantity(storage.size)}},
            },
        }
    )
    return manifest
