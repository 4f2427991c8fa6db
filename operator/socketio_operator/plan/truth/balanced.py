"""Whether the pods share the connections."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.figures import ONE_ADDRESS
from socketio_operator.plan.truth.evidence import Evidence, percent

TYPE = "Balanced"
FEW_CONNECTIONS = 20
# The fullest pod exceeds the mean by so much of it: from the one on it is skewed, until it is below the other again.
SKEWED, EVEN = 0.75, 0.5


def balanced(cluster: SocketIOCluster, evidence: Evidence, before: Condition | None) -> Condition:
    """False: one pod has far more than the mean. Reason OneAddress: since all clients seem to have one address."""
    counts = [one.figures.connections for one in evidence.told]
    if len(counts) < 2 or sum(counts) < FEW_CONNECTIONS:
        message = f"There are fewer than two pods or {FEW_CONNECTIONS} connections to compare."
        return evidence.still_well(before) or Condition(TYPE, None, "FewConnections", message)
    mean, most = sum(counts) / len(counts), max(counts)
    bound = EVEN if before is not None and before.status is False else SKEWED
    figures = f"the fullest of {len(counts)} pods has {most} of {sum(counts)} connections"
    if most - mean <= max(FEW_CONNECTIONS / 2, bound * mean):
        return Condition(TYPE, True, "Even", f"{figures.capitalize()}.")
    if well := evidence.still_well(before):
        return well
    fullest = max(evidence.told, key=lambda one: one.figures.connections)
    window = fullest.figures.five_minutes
    by_address = ROUTERS[cluster.spec.routing.router].affinity(cluster) == "clientIP"
    if by_address and window.handshakes >= FEW_CONNECTIONS and window.busiest >= ONE_ADDRESS:
        return Condition(TYPE, False, "OneAddress", _one_address(figures, window.busiest))
    message = f"{figures.capitalize()}: they move as clients reconnect, or after POST /shed."
    return Condition(TYPE, False, "Skewed", message)


def _one_address(figures: str, share: float) -> str:
    return (
        f"Affinity clientIP sends all clients to one pod, as {percent(share)} of its new sessions come from one "
        f"address ({figures}): a load balancer hides the clients' addresses. Set externalTrafficPolicy: Local on the "
        "Service of the controller, or PROXY protocol, or let it trust the proxies in front of it; or set "
        "spec.routing.affinity to cookie."
    )
