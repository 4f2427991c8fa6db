"""Conditions as kstatus reads them, each with a reason people can act on.

`Ready` is True when what was asked for is what serves. `Reconciling` (on the way) and `Stalled` (needs a
person) are there only while True. `Available` tells an outage from a mere rollout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import CAUSE_ANNOTATION, redis_name
from socketio_operator.plan.broker_move import old_home
from socketio_operator.plan.changes import Decision
from socketio_operator.plan.observed import Live, Observed, Problem, workload_settled
from socketio_operator.plan.pods import pod_problems
from socketio_operator.plan.runtime import adapter_finding, silence, waiting

# Reasons that only a person can end.
STALLED_REASONS = {
    "InvalidSpec",
    "NameConflict",
    "SecretNotFound",
    "SecretKeyNotFound",
    "ChildRejected",
    "ImagePullFailed",
    "ContainerNotCreated",
    "BrokerUrlInvalid",
    "BrokerAuthFailed",
    "PodsRefused",
    "StorageUnchangeable",
    "RuntimeSilent",
    "RolloutStuck",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition before it is stamped with times."""

    type: str
    status: bool
    reason: str
    message: str


def conditions(cluster: SocketIOCluster, decision: Decision, observed: Observed) -> tuple[Condition, ...]:
    """All conditions of a cluster after a reconcile."""
    problem = _problem(cluster, decision, observed)
    return (*_summary(cluster, problem), _available(cluster, observed), *_injected(cluster, observed))


def invalid(problems: tuple[str, ...]) -> tuple[Condition, ...]:
    """Conditions of a spec that cannot be used; the last good children stay."""
    message = "; ".join(problems)
    return (
        Condition("Ready", False, "InvalidSpec", message),
        Condition("Stalled", True, "InvalidSpec", message),
    )


def paused(cluster: SocketIOCluster, observed: Observed) -> tuple[Condition, ...]:
    """Conditions while `spec.paused` holds: what runs is told, what was asked for since is not claimed."""
    message = "Nothing is changed while spec.paused is true; set it to false to go on."
    return (
        Condition("Ready", False, "Paused", message),
        Condition("Paused", True, "Paused", message),
        _available(cluster, observed),
    )


def _problem(cluster: SocketIOCluster, decision: Decision, observed: Observed) -> Problem | None:
    """The most telling reason why the cluster is not ready: what a person must mend comes first."""
    server = observed.children.get(Ref("Deployment", cluster.name))
    candidates = (
        *decision.blockers,
        *decision.waits,
        *_refused(server),
        *([observed.broker] if observed.broker else ()),
        *_redis(cluster, observed),
        *pod_problems(observed.server_pods()),
        *_silent(observed),
        *([_applying(decision)] if decision.changes else ()),
        *_progress(cluster, server, waiting(observed.runtimes, cluster.spec.port)),
        *_apart(observed),
    )
    stalled = [problem for problem in candidates if problem.reason in STALLED_REASONS]
    return next(iter([*stalled, *candidates]), None)


def _silent(observed: Observed) -> list[Problem]:
    found = silence(observed.runtimes)
    return [Problem(*found)] if found else []


def _injected(cluster: SocketIOCluster, observed: Observed) -> tuple[Condition, ...]:
    finding = adapter_finding(observed.runtimes)
    if finding is None or cluster.spec.adapter.type == "none":
        return ()
    return (Condition("AdapterInjected", *finding),)


def _summary(cluster: SocketIOCluster, problem: Problem | None) -> tuple[Condition, ...]:
    if problem is None:
        pods = cluster.spec.replicas
        return (Condition("Ready", True, "Ready", f"{pods} of {pods} pods are ready."),)
    ready = Condition("Ready", False, problem.reason, problem.message)
    kind = "Stalled" if problem.reason in STALLED_REASONS else "Reconciling"
    return (ready, Condition(kind, True, problem.reason, problem.message))


def _available(cluster: SocketIOCluster, observed: Observed) -> Condition:
    server = observed.children.get(Ref("Deployment", cluster.name), {})
    ready = server.get("status", {}).get("readyReplicas", 0)
    broker = observed.broker or next(iter(_redis(cluster, observed)), None)
    apart = observed.apart()
    if ready == 0:
        return Condition("Available", False, "NoPodReady", "No pod is ready: clients cannot connect.")
    if broker:
        return Condition("Available", True, "Degraded", f"{_degraded(apart)}: {broker.message}")
    if apart:
        return Condition("Available", True, "Degraded", _apart(observed)[0].message)
    return Condition("Available", True, "Serving", "Clients can connect and meet.")


def _apart(observed: Observed) -> list[Problem]:
    if not (who := observed.apart()):
        return []
    return [Problem("Degraded", f"{_degraded(who)}: the adapter's broker does not answer there.")]


def _degraded(who: str) -> str:
    crossing = f"nothing crosses between {who} and other pods" if who else "pods may be apart from each other"
    return f"Clients can connect, but {crossing}"


def _refused(server: Live | None) -> list[Problem]:
    for condition in (server or {}).get("status", {}).get("conditions", ()):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return [Problem("PodsRefused", f"Kubernetes refuses to create pods: {condition.get('message', '')}")]
    return []


def _redis(cluster: SocketIOCluster, observed: Observed) -> list[Problem]:
    if not cluster.spec.adapter.runs_redis:
        return []
    homes = (observed.children.get(Ref("StatefulSet", redis_name(cluster))), old_home(cluster, observed))
    if any(home.get("status", {}).get("readyReplicas", 0) >= 1 for home in homes if home):
        return []
    pods = tuple(pod for pod in observed.pods if pod not in observed.server_pods())
    if problems := pod_problems(pods):
        return list(problems)
    return [
        Problem(
            "BrokerNotReady",
            "Redis does not answer yet, or no more; if this lasts, see kubectl logs "
            f"statefulset/{redis_name(cluster)}.",
        )
    ]


def _applying(decision: Decision) -> Problem:
    restart = next((change for change in decision.changes if change.restarts_pods), None)
    return Problem("Applying", (restart or decision.changes[0]).reason)


def _progress(cluster: SocketIOCluster, server: Live | None, waits: str) -> list[Problem]:
    if server is None:
        return [Problem("Applying", "The Deployment is being created.")]
    if workload_settled(server) and server["spec"].get("replicas") == cluster.spec.replicas:
        return []
    status: Mapping[str, Any] = server.get("status", {})
    if stuck := [c for c in status.get("conditions", ()) if c.get("reason") == "ProgressDeadlineExceeded"]:
        return [
            Problem("RolloutStuck", f"The new pods do not get ready; the old ones stay. {stuck[0]['message']}{waits}")
        ]
    wanted, ready = cluster.spec.replicas, status.get("readyReplicas", 0)
    if status.get("updatedReplicas", 0) < wanted or status.get("replicas", 0) > wanted:
        cause = server["metadata"].get("annotations", {}).get(CAUSE_ANNOTATION)
        updated = status.get("updatedReplicas", 0)
        why = f": {cause}" if cause else ""
        return [Problem("RollingOut", f"{updated} of {wanted} pods are up to date, {ready} ready{why}.{waits}")]
    return [Problem("PodsNotReady", f"{ready} of {wanted} pods are ready.{waits}")]
