"""The ports of a proxy's pod."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.proxy import HTTP_PORT, HTTPS_PORT, OWN_PORT


def ports(cluster: SocketIOCluster) -> dict[str, int]:
    """Name -> number."""
    https = {"https": HTTPS_PORT} if cluster.spec.routing.tls else {}
    return {"http": HTTP_PORT, **https, "metrics": OWN_PORT}
