"""Whether what one pod broadcasts reaches the others, by heartbeats that cross the adapter itself."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.figures import MOST_HEARD
from socketio_operator.plan.pods import named_pods
from socketio_operator.plan.truth.evidence import Evidence, Testimony

TYPE = "Broadcasting"
_REMEDY = (
    "See whether these pods reach the adapter's broker, and whether all run the same adapter with the same prefix."
)


def broadcasting(cluster: SocketIOCluster, evidence: Evidence, before: Condition | None) -> Condition:
    """True: each pod hears each other one. False: which does not. Unknown: nothing says so."""
    if len(evidence.ready) < 2:
        return Condition(TYPE, None, "OnePod", "No broadcast has to cross pods: fewer than two pods are ready.")
    alone = [one.pod.name for one in evidence.told if one.report.owner in ("none", "unsupported")]
    if alone:
        return Condition(TYPE, False, "NoAdapter", _without_adapter(cluster, alone))
    # A pod that has been ready for less may not have heard the first heartbeats, or sent them.
    deaf = evidence.deaf_seconds
    listeners = [one for one in evidence.told if one.figures.hears is not None and one.knew(one.pod, deaf)]
    if not listeners:
        return _without_heartbeats(evidence, before)
    missed = {one.pod.name: _unheard(one, listeners, deaf) for one in listeners}
    if any(missed.values()):
        return Condition(TYPE, False, "PodsApart", _apart(missed, len(evidence.ready), deaf))
    return Condition(TYPE, True, "Crossing", _crossing(evidence, listeners))


# Who hears nothing at all may not have begun: python-socketio's own managers do with their first client.
def _unheard(listener: Testimony, speakers: list[Testimony], deaf: float) -> list[str]:
    heard = listener.figures.heard(deaf)
    if len(heard) >= MOST_HEARD:
        return []
    others = (one.pod for one in speakers if one is not listener and listener.knew(one.pod, deaf))
    return [pod.name for pod in others if pod.address not in heard]


def _without_heartbeats(evidence: Evidence, before: Condition | None) -> Condition:
    crosses = evidence.canary.crosses if evidence.canary else None
    if crosses:
        message = "The operator's own session on one pod receives what its session on another pod sends."
        return Condition(TYPE, True, "Crossing", message)
    if crosses is False:
        message = (
            "Broadcasts do not cross: the operator's own session on one pod does not receive what its session on "
            "another pod sends."
        )
        return Condition(TYPE, False, "PodsApart", f"{message} {_REMEDY}")
    message = "No pod reports heartbeats of other pods: they are off, or the adapter cannot carry them."
    return evidence.still_well(before) or Condition(TYPE, None, "NotMeasured", message)


def _without_adapter(cluster: SocketIOCluster, alone: list[str]) -> str:
    if cluster.spec.adapter.type == "none":
        what = "spec.adapter.type is none: set another one, or keep one pod."
        return f"Broadcasts stay on the pod that sends them, as {what}"
    return (
        f"Broadcasts do not leave {named_pods(alone)}: the adapter is not in use there, see condition AdapterInjected."
    )


def _apart(missed: dict[str, list[str]], pods: int, deaf: float) -> str:
    """`missed`: pod -> those that it does not hear. `deaf`: seconds."""
    deafest = max(missed, key=lambda name: len(missed[name]))
    silent = [name for name in missed[deafest] if all(name in rest for pod, rest in missed.items() if pod != name)]
    if silent and len(missed[deafest]) < pods - 1:
        what = f"no other pod receives heartbeats of {named_pods(silent)}"
    else:
        apart = sum(bool(rest) for rest in missed.values())
        more = f" ({apart - 1} more of {pods} pods miss some)" if apart > 1 else ""
        what = f"pod {deafest} receives no heartbeats of {named_pods(missed[deafest])}{more}"
    return f"Broadcasts do not cross: for {deaf:.0f} s and longer {what}. {_REMEDY}"


def _crossing(evidence: Evidence, listeners: list[Testimony]) -> str:
    lags = [one.figures.lag for one in listeners if one.figures.lag is not None]
    late = f", at most {max(lags) * 1000:.0f} ms late" if lags else ""
    return f"{len(evidence.ready)} pods receive each other's heartbeats through the adapter{late}."
