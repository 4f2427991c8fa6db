"""What is legal and probably not meant: conditions that are there only while True, and keep nobody from being Ready."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.runtime import adapter_finding


def warnings(cluster: SocketIOCluster, observed: Observed) -> tuple[Condition, ...]:
    """All that hold for a cluster."""
    return (
        *_forgeable(cluster),
        *_unavailable_affinity(cluster),
        *_missing_affinity(cluster),
        *_missing_adapter(cluster, observed),
        *_unavailable_webtransport(cluster),
    )


def _forgeable(cluster: SocketIOCluster) -> tuple[Condition, ...]:
    """Who can say that they are somebody else.

    With the documentation's form of X-Forwarded-For whoever writes the header; before a proxy of ours whom it trusts.
    """
    routing = cluster.spec.routing
    if routing.managed_proxy:
        everybody = [text for text in routing.trusted_proxies or () if text.endswith("/0")]
        message = (
            f"spec.routing.trustedProxies has {', '.join(everybody)}: anyone who reaches the proxy can claim any "
            "client address. List only the load balancers in front of it."
        )
        return (Condition("ClientAddressForgeable", True, "EverybodyTrusted", message),) if everybody else ()
    if routing.client_address != "forwardedFor":
        return ()
    message = (
        "A client chooses its pod by the X-Forwarded-For that it sends, unless a proxy in front of the controller "
        "removes it, and the controller must allow snippets (allow-snippet-annotations: true, annotations-risk-level: "
        "Critical). Let the controller trust your proxies instead, and set spec.routing.clientAddress to peer."
    )
    return (Condition("ClientAddressForgeable", True, "ForwardedForByAnybody", message),)


def _unavailable_affinity(cluster: SocketIOCluster) -> tuple[Condition, ...]:
    lack = ROUTERS[cluster.spec.routing.router].lack(cluster)
    if lack is None:
        return ()
    forwarded = cluster.spec.runtime.inject != "none"
    meanwhile = "find their pods by forwarding between the pods" if forwarded else "of clients that poll do not last"
    message = f"{lack.what}: sessions {meanwhile}; {lack.instead}."
    return (Condition("AffinityUnavailable", True, lack.reason, message),)


def _unavailable_webtransport(cluster: SocketIOCluster) -> tuple[Condition, ...]:
    router = cluster.spec.routing.router
    if not cluster.spec.engine.webtransport or ROUTERS[router].passes_udp:
        return ()
    message = (
        f"WebTransport runs over UDP, which routing.router {router} does not pass on: clients stay on the other "
        "transports. Set spec.routing.router to none or direct, or take webtransport out of spec.engine.transports."
    )
    return (Condition("WebTransportUnavailable", True, "RouterWithoutUdp", message),)


def _missing_affinity(cluster: SocketIOCluster) -> tuple[Condition, ...]:
    """Not of router none: a load balancer that nobody has told us of may keep its clients on their pods."""
    spec = cluster.spec
    if spec.routing.affinity != "none" or spec.routing.router == "none" or spec.engine.one_connection:
        return ()
    if spec.replicas < 2 or spec.runtime.inject != "none":
        return ()
    message = (
        f"Nothing keeps a client on one of {spec.replicas} pods, or forwards its requests to the pod that has its "
        "session: sessions of clients that poll do not last. Set spec.routing.affinity to clientIP or cookie, "
        "spec.engine.transports to [websocket], or spec.runtime.inject to what the app is written for."
    )
    return (Condition("AffinityMissing", True, "PollingWithoutAffinity", message),)


def _missing_adapter(cluster: SocketIOCluster, observed: Observed) -> tuple[Condition, ...]:
    spec, finding = cluster.spec, adapter_finding(observed.runtimes)
    if spec.adapter.type != "none" or spec.replicas < 2 or (finding and finding[1] == "AppAdapter"):
        return ()
    message = (
        f"spec.adapter.type is none: a broadcast to all clients or to a room reaches the clients of only one of "
        f"{spec.replicas} pods, unless the app has its own adapter. Set spec.adapter.type, or spec.replicas to 1."
    )
    return (Condition("AdapterMissing", True, "PodsApart", message),)
