"""The Service by which clients reach the proxy."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import PROXY, proxy_name, selector
from socketio_operator.desired.service_settings import public_meta, public_spec, settings_of

HTTP, HTTPS = 80, 443


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """It selects the pods of whatever program: while another takes over, both serve."""
    ports = {"http": HTTP, **({"https": HTTPS} if cluster.spec.routing.tls else {})}
    spec = {
        # Any of the proxy's pods takes a client to the same pod of the server.
        **public_spec(settings_of(cluster), by_client_ip=False),
        "selector": selector(cluster, PROXY),
        "ports": [{"name": name, "port": port, "targetPort": name, "protocol": "TCP"} for name, port in ports.items()],
    }
    meta = public_meta(cluster, proxy_name(cluster), PROXY)
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
