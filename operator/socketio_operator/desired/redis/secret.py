"""Credentials of the managed broker: generated once, then kept."""

import base64
import hashlib

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import REDIS, object_meta, redis_name
from socketio_operator.desired.redis import ACL_KEY, PORT

USERNAME = "default"
PASSWORD_KEY = "password"


def _values(cluster: SocketIOCluster, password: str) -> dict[str, str]:
    host = f"{redis_name(cluster)}.{cluster.namespace}.svc"
    digest = hashlib.sha256(password.encode()).hexdigest()
    return {
        "url": f"redis://{USERNAME}:{password}@{host}:{PORT}",
        "host": host,
        "port": str(PORT),
        "username": USERNAME,
        PASSWORD_KEY: password,
        # Redis gets the hash alone.
        ACL_KEY: f"user {USERNAME} on #{digest} ~* &* +@all\n",
    }


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The Secret. `data` is base64, as the API server stores it."""
    values = _values(cluster, inputs.redis_password)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": object_meta(cluster, redis_name(cluster), REDIS),
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()},
    }
