"""What the runtimes of one cluster share: generated once, kept, read by the pods from files.

The token is what one may drain and shed by. The session key seals into each session id where the session lives: another
key would orphan every session.
"""

import base64

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import SERVER, object_meta, runtime_name
from socketio_operator.desired.server.runtime import SESSION_KEY, TOKEN_KEY, injected


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest | None:
    """The Secret, if a runtime is injected. `data` is base64, as the API server stores it."""
    if not injected(cluster):
        return None
    values = {TOKEN_KEY: inputs.runtime_token, SESSION_KEY: inputs.session_key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": object_meta(cluster, runtime_name(cluster), SERVER),
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()},
    }
