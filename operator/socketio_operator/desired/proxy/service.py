"""The Service by which clients reach the proxy."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.proxy import ServiceSettings
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import PROXY, object_meta, proxy_name, selector

HTTP, HTTPS = 80, 443


def _reached(settings: ServiceSettings) -> dict[str, Any]:
    """How the Service is reached. Only `Local` keeps the clients' addresses."""
    local = None if settings.type == "ClusterIP" else "Local"
    return {
        "type": settings.type,
        "loadBalancerClass": settings.load_balancer_class,
        "externalTrafficPolicy": settings.external_traffic_policy or local,
        "trafficDistribution": settings.traffic_distribution,
    }


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """It selects the pods of whatever program: while another takes over, both serve."""
    settings = cluster.spec.routing.service or ServiceSettings()
    meta = object_meta(cluster, proxy_name(cluster), PROXY, annotations=settings.annotations or None)
    ports = {"http": HTTP, **({"https": HTTPS} if cluster.spec.routing.tls else {})}
    manifest: Manifest = canonical(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {**meta, "labels": {**settings.labels, **meta["labels"]}},
            "spec": {
                **_reached(settings),
                "selector": selector(cluster, PROXY),
                "ports": [
                    {"name": name, "port": port, "targetPort": name, "protocol": "TCP"} for name, port in ports.items()
                ],
            },
        }
    )
    return manifest
