"""Whether each request finds its session."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.figures import SOME_REQUESTS, Window
from socketio_operator.plan.passage import CanaryReport, Passage
from socketio_operator.plan.truth.evidence import SETTLED_SECONDS, Evidence, percent

TYPE = "Sticky"
# What traffic said holds until its requests in five minutes are fewer.
FEW_REQUESTS = 10
# A share of the requests that is told of, until it is below the second number.
MANY, HARDLY_ANY = 0.1, 0.02
_NO_UPGRADE = (
    "Each request of the operator's own session found it, but the upgrade from polling to WebSocket failed: see "
    "whether whatever is in front of the pods passes the headers Upgrade and Connection."
)
_UNREACHED = {
    Passage.SILENT: "The operator's own client gets no answer there either: where it may not reach the route, set "
    "spec.routing.canary.",
    Passage.FOREIGN: "Another server answers the operator's own client there: if that is not the route, set "
    "spec.routing.canary.address.",
}
# Sessions of a pod that has just gone are unknown until their clients have begun new ones.
GONE_SECONDS = 90.0


def sticky(cluster: SocketIOCluster, evidence: Evidence, before: Condition | None) -> Condition:
    """True: sessions are found, with the reason Forwarding where the router alone would not find them."""
    window, new_for = evidence.five_minutes, evidence.youngest_seconds
    known = before if before and before.status is not None else None
    # Requests of visits are among the few, and a visit says more of them.
    visited = evidence.canary is not None and evidence.canary.reached
    if window.requests < (FEW_REQUESTS if known and not visited else SOME_REQUESTS):
        return _without_traffic(cluster, evidence, known)
    # In both windows: five minutes of history alone may be over, one minute alone may be an accident.
    windows = [one for one in (evidence.minute, window) if one.requests]
    lost, forwarding = bool(known and not known.status), bool(known and known.reason == "Forwarding")
    if _much([one.share(one.unknown) for one in windows], lost):
        if known and not lost and new_for < GONE_SECONDS:
            return known
        return Condition(TYPE, False, "SessionsUnknown", _unknown(cluster, window))
    if _much([one.share(one.forwarded) for one in windows], forwarding):
        if known and known.reason == "Sticking" and new_for < SETTLED_SECONDS:
            return known
        return Condition(TYPE, True, "Forwarding", _forwarding(cluster, window))
    return Condition(TYPE, True, "Sticking", f"{_seen(window)}, {_shares(window)}.")


def _without_traffic(cluster: SocketIOCluster, evidence: Evidence, known: Condition | None) -> Condition:
    canary, new_for = evidence.canary, evidence.youngest_seconds
    if canary and canary.reached and (canary.passage is Passage.FOUND or new_for >= GONE_SECONDS):
        return _by_canary(cluster, canary, known)
    if known and new_for < SETTLED_SECONDS:
        # new pods have counted nothing yet
        return known
    message = f"{_seen(evidence.five_minutes)}: too few to tell whether sessions stick."
    if canary and not canary.reached:
        return Condition(TYPE, None, "NotReached", f"{message} {_UNREACHED[canary.passage]}")
    return Condition(TYPE, None, "NoTraffic", message)


def _by_canary(cluster: SocketIOCluster, canary: CanaryReport, known: Condition | None) -> Condition:
    if canary.passage is Passage.LOST:
        message = (
            f"A request of the operator's own session did not find it: clients lose their sessions. {_cause(cluster)}"
        )
        return Condition(TYPE, False, "SessionsUnknown", message)
    if canary.upgraded is False:
        return Condition(TYPE, True, "NoUpgrade", _NO_UPGRADE)
    if known and known.status and known.reason != "NoUpgrade":
        return known
    return Condition(TYPE, True, "Sticking", "Each request of the operator's own session found it.")


def _much(shares: list[float], already: bool) -> bool:
    bound = HARDLY_ANY if already else MANY
    return all(share >= bound for share in shares)


def _seen(window: Window) -> str:
    return f"{window.requests} requests of sessions in five minutes"


def _shares(window: Window) -> str:
    forwarded, unknown = (percent(window.share(count)) for count in (window.forwarded, window.unknown))
    return f"{forwarded} of them forwarded between pods, {unknown} for unknown sessions"


def _unknown(cluster: SocketIOCluster, window: Window) -> str:
    return f"{_seen(window)}, {_shares(window)}: clients lose their sessions. {_cause(cluster)}"


def _forwarding(cluster: SocketIOCluster, window: Window) -> str:
    effect = "no session is lost, but these requests take an extra hop"
    return f"{_seen(window)}, {_shares(window)}: {effect}. {_cause(cluster)}"


def _cause(cluster: SocketIOCluster) -> str:
    router, engine = ROUTERS[cluster.spec.routing.router], cluster.spec.engine
    affinity = router.affinity(cluster)
    if affinity == "none" and "polling" in engine.transports:
        return "Affinity is none and clients poll: set spec.routing.affinity to clientIP or cookie."
    if affinity == "clientIP":
        return (
            "The controller may ignore our settings (another class or version), or see clients under changing "
            "addresses: set spec.routing.affinity to cookie, or let it trust the proxies in front of it."
        )
    return "The controller may ignore our settings (another class or version), or clients may refuse its cookie."
