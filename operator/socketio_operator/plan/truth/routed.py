"""Whether somebody serves the route, by its own status, else by the clients that come."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.metadata import PROXY
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.observed import Child, Observed
from socketio_operator.plan.truth.evidence import Evidence

TYPE = "Routed"
# Controllers that write an address do so within seconds.
TAKEN_SECONDS = 60.0
_WITHOUT_ROUTE = ("none", "direct")


def routed(
    cluster: SocketIOCluster, observed: Observed, evidence: Evidence, before: Condition | None
) -> Condition | None:
    """None where the operator writes no route, or has yet to write it."""
    if cluster.spec.routing.router in _WITHOUT_ROUTE:
        return None
    routes = [child for child in observed.children.values() if child.route and child.ownership(cluster) == "ours"]
    for child in routes:
        if child.route and child.route.refused:
            return Condition(TYPE, False, "Refused", f"{child.ref} is not served: {child.route.refused}")
    if routes and all(child.route and child.route.taken for child in routes):
        return Condition(TYPE, True, "Taken", f"{_named(routes)} is served{_where(routes)}.")
    return _by_traffic(cluster, observed, evidence, routes, before)


def _by_traffic(
    cluster: SocketIOCluster, observed: Observed, evidence: Evidence, routes: list[Child], before: Condition | None
) -> Condition:
    if any(one.figures.connections for one in evidence.told):
        return Condition(TYPE, True, "ClientsCome", "Clients reach the pods.")
    if evidence.canary and evidence.canary.reached:
        return Condition(TYPE, True, "ClientsCome", "The operator's own session reaches a pod.")
    if before is not None and before.status:
        return before
    if not routes:
        return _without_status(cluster, observed)
    age = observed.now.timestamp() - max(child.created for child in routes)
    # while no pod is ready nobody can come
    if not evidence.ready or age < TAKEN_SECONDS:
        return Condition(TYPE, None, "Waiting", f"{_named(routes)} waits for its controller.")
    return Condition(TYPE, False, "NotTaken", _not_taken(cluster, routes))


def _without_status(cluster: SocketIOCluster, observed: Observed) -> Condition:
    if cluster.spec.routing.managed_proxy:
        proxy = observed.progress(COMPONENTS[PROXY].workload(cluster))
        if proxy and proxy.ready:
            return Condition(TYPE, True, "ProxyServes", "The proxy that the operator runs is ready.")
    return Condition(TYPE, None, "NoStatus", "This kind of route has no status, and no client has connected yet.")


def _not_taken(cluster: SocketIOCluster, routes: list[Child]) -> str:
    classes = {"Ingress": f" of class {cluster.spec.routing.ingress_class_name or 'its router'}"}
    what = classes.get(routes[0].ref.kind, "")
    return (
        f"No controller{what} has written an address to {_named(routes)}, and no client has connected: check that "
        "one runs and watches this namespace. A controller that writes no addresses is detected by its first client."
    )


def _named(routes: list[Child]) -> str:
    return " and ".join(str(child.ref) for child in routes)


def _where(routes: list[Child]) -> str:
    addresses = [child.route.address for child in routes if child.route and child.route.address]
    return f" at {addresses[0]}" if addresses else ""
