"""redis.conf in a ConfigMap. The password is not in it: users come from the ACL file of the Secret."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import REDIS, object_meta, redis_name
from socketio_operator.desired.redis import ACL_KEY, AUTH_DIR, CONFIG_KEY, DATA_DIR, PORT
from socketio_operator.desired.redis.memory import max_memory, persistent
from socketio_operator.desired.text import Word, render


def redis_conf(cluster: SocketIOCluster) -> str:
    """The text of redis.conf: data is kept on disk only where the adapter stores events, or the user gave a volume."""
    return render(
        "redis.conf",
        port=PORT,
        data_dir=Word(DATA_DIR),
        acl_file=Word(f"{AUTH_DIR}/{ACL_KEY}"),
        max_memory=max_memory(cluster),
        persistent=persistent(cluster),
    )


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": object_meta(cluster, redis_name(cluster), REDIS),
        "data": {CONFIG_KEY: redis_conf(cluster)},
    }
