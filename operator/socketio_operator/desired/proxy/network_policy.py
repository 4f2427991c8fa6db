"""Everybody reaches the proxy's ports, and no others of its pods."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import PROXY, object_meta, proxy_name, selector
from socketio_operator.desired.proxy.ports import ports


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The NetworkPolicy. Addresses of clients behind a load balancer are nobody's to tell, so none is left out."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": object_meta(cluster, proxy_name(cluster), PROXY),
        "spec": {
            "podSelector": {"matchLabels": selector(cluster, PROXY)},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"port": name, "protocol": "TCP"} for name in ports(cluster)]}],
        },
    }
