"""Whether each request finds its session."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.figures import Window
from socketio_operator.plan.truth.balanced import SETTLED_SECONDS
from socketio_operator.plan.truth.evidence import Evidence, percent

TYPE = "Sticky"
# From so many requests in five minutes on traffic says something, until they are fewer than the second number.
SOME_REQUESTS, FEW_REQUESTS = 40, 10
# A share of the requests that is told of, until it is below the second number.
MANY, HARDLY_ANY = 0.1, 0.02
# Sessions of a pod that has just gone are unknown until their clients have begun new ones.
GONE_SECONDS = 90.0


def sticky(cluster: SocketIOCluster, evidence: Evidence, before: Condition | None) -> Condition:
    """True: sessions are found, with the reason Forwarding where the router alone would not find them."""
    window, new_for = evidence.five_minutes, evidence.youngest_seconds
    known = before if before and before.status is not None else None
    if window.requests < (FEW_REQUESTS if known else SOME_REQUESTS):
        if known and new_for < SETTLED_SECONDS:
            # new pods have counted nothing yet
            return known
        message = f"{_seen(window)}: too few to tell whether sessions stick."
        return Condition(TYPE, None, "NoTraffic", message)
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
    return f"{_seen(window)}, {_shares(window)}: no session is lost, at the cost of a step more. {_cause(cluster)}"


def _cause(cluster: SocketIOCluster) -> str:
    router, engine = ROUTERS[cluster.spec.routing.router], cluster.spec.engine
    affinity = router.affinity(cluster)
    if affinity == "none" and "polling" in engine.transports:
        return "Affinity is none and clients poll: set spec.routing.affinity to clientIP or cookie."
    if affinity == "clientIP":
        return (
            "The controller may ignore our settings (another class or version), or see clients under changing "
            "addresses: set spec.routing.affinity to cookie, or let it trust the proxies before it."
        )
    return "The controller may ignore our settings (another class or version), or clients may refuse its cookie."
