"""Conditions as kstatus reads them, each with a reason people can act on.

`Ready` is True when what was asked for is what serves. `Reconciling` (on the way) and `Stalled` (needs a
person) are there only while True. `Available` tells an outage from a mere rollout.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.metadata import SERVER
from socketio_operator.plan.actions import Apply, Decision
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.problem import Problem
from socketio_operator.plan.progress import component_problems, troubles
from socketio_operator.plan.runtime import adapter_finding
from socketio_operator.plan.truth import verdicts
from socketio_operator.plan.warnings import warnings

# Reasons that only a person can end.
STALLED_REASONS = {
    "InvalidSpec",
    "NameConflict",
    "RouterNotInstalled",
    "SecretNotFound",
    "SecretKeyNotFound",
    "ConfigMapNotFound",
    "ChildRejected",
    "ImagePullFailed",
    "ContainerNotCreated",
    "BrokerUrlInvalid",
    "BrokerAuthFailed",
    "PodsRefused",
    "StorageUnchangeable",
    "RuntimeSilent",
    "RolloutStuck",
    "Unsupported",
    "AdapterNotStarted",
    "NoAdapter",
    "SessionsUnknown",
}

# What is missing may still come by itself: from External Secrets, cert-manager, a registry that had a hiccup; and what
# traffic says may be over.
PATIENT_REASONS = {
    "SecretNotFound",
    "SecretKeyNotFound",
    "ConfigMapNotFound",
    "ImagePullFailed",
    "AdapterNotStarted",
    "SessionsUnknown",
}
PATIENT_SECONDS = 60.0

# A broker that comes back is heard by one pod after the other: Ready returns once all has been well for a while.
UNSTEADY_REASONS = {"BrokerNotReady", "Degraded", "PodsApart"}
STEADY_SECONDS = 10.0


# What Ready promises: that sessions stick and broadcasts cross, unless nothing says whether they do.
PROMISED = {"AdapterInjected", "Broadcasting", "Sticky"}
# With an adapter of the app's own the pods may be whole; its heartbeats say so. Nothing says that an app is not whole
# which the runtime does not see; and one without a server has no sessions.
KEPT_PROMISES = {"AppAdapter", "RuntimeSilent", "NoServer"}


def conditions(
    cluster: SocketIOCluster, decision: Decision, observed: Observed, before: Sequence[Mapping[str, Any]] = ()
) -> tuple[Condition, ...]:
    """All conditions of a cluster after a reconcile. `before`: as they were told."""
    injected, truth = _injected(cluster, observed), verdicts(cluster, observed, before)
    broken = list(_broken((*injected, *truth))) if cluster.spec.replicas > 1 else []
    problem = _problem(cluster, decision, observed, broken)
    return (
        *_summary(cluster, problem, observed),
        _available(cluster, observed, broken),
        *injected,
        *truth,
        *_stale_credentials(cluster, observed),
        *warnings(cluster, observed),
    )


def invalid(problems: tuple[str, ...]) -> tuple[Condition, ...]:
    """Conditions of a spec that cannot be used; the last good children stay."""
    message = "; ".join(problems)
    return (
        Condition("Ready", False, "InvalidSpec", message),
        Condition("Stalled", True, "InvalidSpec", message),
    )


def paused(
    cluster: SocketIOCluster, observed: Observed, before: Sequence[Mapping[str, Any]] = ()
) -> tuple[Condition, ...]:
    """Conditions while `spec.paused` holds: what runs is told, what was asked for since is not claimed.

    Stalled, as only a person ends it: who waits for the cluster need not wait for ever.
    """
    message = "Nothing is changed while spec.paused is true; set it to false to continue."
    return (
        Condition("Ready", False, "Paused", message),
        Condition("Stalled", True, "Paused", message),
        Condition("Paused", True, "Paused", message),
        _available(cluster, observed, []),
        *verdicts(cluster, observed, before),
    )


def steadied(
    found: tuple[Condition, ...], before: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[tuple[Condition, ...], float | None]:
    """`found`, or what was told before while that is too short ago to be over; and the seconds until it may be."""
    earlier = {condition["type"]: condition for condition in before}
    ready, was = next(item for item in found if item.type == "Ready"), earlier.get("Ready")
    if not ready.status or was is None or was["status"] == "True" or was["reason"] not in UNSTEADY_REASONS:
        return found, None
    age = (now - datetime.fromisoformat(was["lastTransitionTime"])).total_seconds()
    if not 0 <= age < STEADY_SECONDS:
        return found, None
    kept = {name: Condition.of(item) for name, item in earlier.items() if name in ("Ready", "Reconciling", "Available")}
    rest = tuple(item for item in found if item.type not in kept)
    return (*kept.values(), *rest), STEADY_SECONDS - age


def patient(
    found: tuple[Condition, ...], before: Sequence[Mapping[str, Any]], lasted: float
) -> tuple[tuple[Condition, ...], float | None]:
    """`found`, without a call for a person while what is missing may come by itself; and the seconds until then.

    `lasted`: for how many seconds this has been the reason. `before`: what was told; a call is not taken back.
    """
    called = {item["reason"] for item in before if item["type"] == "Stalled"}
    if lasted >= PATIENT_SECONDS or not any(_may_come(item) and item.reason not in called for item in found):
        return found, None
    waiting = tuple(replace(item, type="Reconciling") if _may_come(item) else item for item in found)
    return waiting, PATIENT_SECONDS - lasted


def _may_come(item: Condition) -> bool:
    return item.type == "Stalled" and item.reason in PATIENT_REASONS


def _broken(found: Iterable[Condition]) -> Iterator[Problem]:
    for item in found:
        if item.type in PROMISED and item.status is False and item.reason not in KEPT_PROMISES:
            yield Problem(item.reason, item.message)


def _problem(cluster: SocketIOCluster, decision: Decision, observed: Observed, broken: list[Problem]) -> Problem | None:
    """The most telling reason why the cluster is not ready: what a person must mend comes first."""
    candidates = [*_candidates(cluster, decision, observed), *broken]
    stalled = [problem for problem in candidates if _needs_person(cluster, problem, observed)]
    return next(iter([*stalled, *candidates]), None)


def _needs_person(cluster: SocketIOCluster, problem: Problem, observed: Observed) -> bool:
    """Whether time alone will not end it. While all serves, an image may be pulled until the rollout is too late."""
    if problem.reason != "ImagePullFailed":
        return problem.reason in STALLED_REASONS
    workloads = [component.workload(cluster) for component in COMPONENTS.values() if component.wanted(cluster)]
    stuck = any(progress.stuck for workload in workloads if (progress := observed.progress(workload)))
    server = observed.progress(COMPONENTS[SERVER].workload(cluster))
    return stuck or server is None or server.ready == 0 or bool(troubles(cluster, observed))


def _candidates(cluster: SocketIOCluster, decision: Decision, observed: Observed) -> Iterator[Problem]:
    yield from decision.problems
    if observed.broker:
        yield observed.broker
    found = list(component_problems(cluster, observed))
    told_by_progress = {"Applying", "RollingOut", "ScalingDown", "PodsNotReady"}
    yield from (problem for problem in found if problem.reason not in told_by_progress)
    if decision.actions:
        yield _applying(decision)
    yield from (problem for problem in found if problem.reason in told_by_progress)
    yield from _apart(observed)


def _injected(cluster: SocketIOCluster, observed: Observed) -> tuple[Condition, ...]:
    finding = adapter_finding(observed.runtimes)
    if finding is None or cluster.spec.adapter.type == "none":
        return ()
    return (Condition("AdapterInjected", *finding),)


def _stale_credentials(cluster: SocketIOCluster, observed: Observed) -> tuple[Condition, ...]:
    external, server = cluster.spec.adapter.external_broker, COMPONENTS[SERVER].workload(cluster)
    if external is None or not observed.credentials or server not in observed.children:
        return ()
    started_with = observed.children[server].credentials
    if not started_with or started_with == observed.credentials:
        return ()
    message = (
        f"Secret {external.secret_name}, key {external.key}, changed after the pods were started, and pods read it "
        f"only when they start: run kubectl rollout restart deployment/{cluster.name}, or set "
        "spec.adapter.external.restartOnChange."
    )
    return (Condition("CredentialsStale", True, "SecretChanged", message),)


def _summary(cluster: SocketIOCluster, problem: Problem | None, observed: Observed) -> tuple[Condition, ...]:
    if problem is None:
        pods = cluster.spec.replicas
        return (Condition("Ready", True, "Ready", f"{pods} of {pods} pods are ready."),)
    ready = Condition("Ready", False, problem.reason, problem.message)
    kind = "Stalled" if _needs_person(cluster, problem, observed) else "Reconciling"
    return (ready, Condition(kind, True, problem.reason, problem.message))


def _available(cluster: SocketIOCluster, observed: Observed, broken: list[Problem]) -> Condition:
    progress = observed.progress(COMPONENTS[SERVER].workload(cluster))
    if progress is None or progress.ready == 0:
        return Condition("Available", False, "NoPodReady", "No pod is ready: clients cannot connect.")
    apart = observed.apart()
    if blocked := _blocked(cluster, observed):
        return Condition("Available", False, blocked.reason, f"Clients cannot connect: {blocked.message}")
    for effect, problem in _impairments(cluster, observed):
        return Condition("Available", True, "Degraded", f"{_degraded(apart, effect)}: {problem.message}")
    if apart:
        return Condition("Available", True, "Degraded", _apart(observed)[0].message)
    for problem in broken:
        return Condition("Available", True, "Degraded", f"Clients can connect, but: {problem.message}")
    return Condition("Available", True, "Serving", "Clients can connect and reach each other.")


def _blocked(cluster: SocketIOCluster, observed: Observed) -> Problem | None:
    """What keeps everybody from the server's pods."""
    return next((problem for trouble, problem in troubles(cluster, observed) if not trouble.effect), None)


def _impairments(cluster: SocketIOCluster, observed: Observed) -> Iterator[tuple[str, Problem]]:
    if observed.broker:
        yield "broadcasts may not reach all pods", observed.broker
    for trouble, problem in troubles(cluster, observed):
        yield trouble.effect, problem


def _apart(observed: Observed) -> list[Problem]:
    if not (who := observed.apart()):
        return []
    return [Problem("Degraded", f"{_degraded(who, '')}: the adapter's broker does not answer there.")]


def _degraded(who: str, effect: str) -> str:
    return f"Clients can connect, but {f'broadcasts do not pass between {who} and other pods' if who else effect}"


def _applying(decision: Decision) -> Problem:
    restart = next((action for action in decision.actions if isinstance(action, Apply) and action.restarts_pods), None)
    return Problem("Applying", (restart or decision.actions[0]).reason)
