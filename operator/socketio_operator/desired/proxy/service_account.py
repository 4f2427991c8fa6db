"""The proxy's ServiceAccount, without rights and without a token in the pods."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import PROXY, object_meta, proxy_name


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The ServiceAccount; nothing is ever bound to it."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": object_meta(cluster, proxy_name(cluster), PROXY),
        "automountServiceAccountToken": False,
    }
