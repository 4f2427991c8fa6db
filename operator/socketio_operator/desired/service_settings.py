"""Services that clients, or a load balancer of the user's, reach: the parts that spec.routing.service sets."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.service import ServiceSettings
from socketio_operator.desired.manifest import canonical
from socketio_operator.desired.metadata import described, object_meta

# The default of Kubernetes, written out: a field that is ours does not drift.
CLIENT_IP_SECONDS = 10_800


def public_meta(cluster: SocketIOCluster, name: str, component: str) -> dict[str, Any]:
    """`metadata` of the Service: ours with the user's annotations and labels."""
    settings = settings_of(cluster)
    return described(object_meta(cluster, name, component), settings.labels, settings.annotations)


def public_spec(settings: ServiceSettings, by_client_ip: bool) -> dict[str, Any]:
    """Parts of `spec`, without selector and ports. `by_client_ip`: kube-proxy keeps a client on its pod."""
    reached_from_outside = settings.type != "ClusterIP"
    parts: dict[str, Any] = canonical(
        {
            "type": settings.type,
            "loadBalancerClass": settings.load_balancer_class,
            # Else nodes put their own address in the place of the client's.
            "externalTrafficPolicy": (settings.external_traffic_policy or "Local") if reached_from_outside else None,
            "trafficDistribution": settings.traffic_distribution,
            "sessionAffinity": "ClientIP" if by_client_ip else "None",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": CLIENT_IP_SECONDS}} if by_client_ip else None,
        }
    )
    return parts


def settings_of(cluster: SocketIOCluster) -> ServiceSettings:
    """spec.routing.service, or its defaults."""
    return cluster.spec.routing.service or ServiceSettings()
