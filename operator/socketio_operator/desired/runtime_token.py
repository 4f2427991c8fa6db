"""The token by which the operator may drain and shed: generated once a cluster, read by the pods from a file."""

import base64

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import SERVER, object_meta, runtime_name
from socketio_operator.desired.runtime import TOKEN_KEY, injected


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest | None:
    """The Secret, if a runtime is injected. `data` is base64, as the API server stores it."""
    if not injected(cluster):
        return None
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": object_meta(cluster, runtime_name(cluster), SERVER),
        "type": "Opaque",
        "data": {TOKEN_KEY: base64.b64encode(inputs.runtime_token.encode()).decode()},
    }
