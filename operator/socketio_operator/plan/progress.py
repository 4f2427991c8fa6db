"""What keeps each component of a cluster from being whole, from its workload and its pods."""

from collections.abc import Iterator

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.component import Component, Trouble
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.plan.observed import Observed, Progress
from socketio_operator.plan.pods import pod_problems
from socketio_operator.plan.problem import Problem
from socketio_operator.plan.runtime import silence, waiting


def component_problems(cluster: SocketIOCluster, observed: Observed) -> Iterator[Problem]:
    """Problems of all components that a cluster has, in the order of the registry."""
    for component in COMPONENTS.values():
        if not component.wanted(cluster):
            continue
        if component.trouble:
            yield from _trouble(cluster, component, component.trouble, observed)
            yield from _replacing(cluster, component, observed)
        else:
            yield from _server(cluster, component, observed)


def troubles(cluster: SocketIOCluster, observed: Observed) -> list[tuple[Trouble, Problem]]:
    """Of the components that others depend on: what is wrong, and what it means for clients."""
    return [
        (component.trouble, problem)
        for component in COMPONENTS.values()
        if component.trouble and component.wanted(cluster)
        for problem in _trouble(cluster, component, component.trouble, observed)
    ]


def _trouble(
    cluster: SocketIOCluster, component: Component, trouble: Trouble, observed: Observed
) -> tuple[Problem, ...]:
    homes = [component.workload(cluster), *([component.former.workload(cluster)] if component.former else ())]
    if any(progress.ready >= 1 for home in homes if (progress := observed.progress(home))):
        return ()
    pods = observed.pods_of(component.label)
    # Another workload of the same pods may be about to go: it serves until this one does.
    if component.carries and any(pod.ready for pod in pods):
        return ()
    return pod_problems(pods) or (Problem(trouble.reason, trouble.message(cluster)),)


def _replacing(cluster: SocketIOCluster, component: Component, observed: Observed) -> Iterator[Problem]:
    """What clients' connections run through is as it was asked for once all of its pods are."""
    progress = observed.progress(component.workload(cluster))
    if not component.carries or progress is None or progress.settled:
        return
    yield from pod_problems(observed.pods_of(component.label))
    if progress.stuck:
        yield Problem("RolloutStuck", f"New pods of the {component.label} do not become ready. {progress.stuck}")
    what = f"pods of the {component.label} are up to date, {progress.ready} ready"
    yield Problem("RollingOut", f"{progress.updated} of {progress.wanted} {what}.")


def _server(cluster: SocketIOCluster, component: Component, observed: Observed) -> Iterator[Problem]:
    progress = observed.progress(component.workload(cluster))
    if progress and progress.refused:
        yield Problem("PodsRefused", f"Kubernetes refuses to create pods: {progress.refused}")
    yield from pod_problems(observed.pods_of(component.label))
    if found := silence(observed.runtimes):
        yield Problem(*found)
    if progress is None:
        yield Problem("Applying", f"{component.workload(cluster)} is being created.")
    else:
        waits = waiting(observed.runtimes, cluster.spec.port)
        cause = observed.children[component.workload(cluster)].cause
        yield from _rollout(cluster.spec.replicas, progress, cause, waits)


def _rollout(wanted: int, progress: Progress, cause: str, waits: str) -> Iterator[Problem]:
    if progress.settled and progress.wanted == wanted:
        return
    if progress.stuck:
        yield Problem("RolloutStuck", f"The new pods do not become ready; the old ones stay. {progress.stuck}{waits}")
    elif not progress.current or progress.wanted != wanted:
        yield Problem("Applying", "Kubernetes has yet to act on the latest change of the Deployment.")
    elif progress.replicas > wanted and progress.updated == progress.replicas:
        yield Problem(
            "ScalingDown", f"{progress.replicas - wanted} pods more than the {wanted} wanted are terminating."
        )
    elif progress.updated < wanted or progress.replicas > wanted:
        why = f": {cause}" if cause else ""
        # Some of the new pods may be surplus for the moment.
        updated = min(progress.updated, wanted)
        yield Problem("RollingOut", f"{updated} of {wanted} pods are up to date, {progress.ready} ready{why}.{waits}")
    else:
        yield Problem("PodsNotReady", f"{progress.ready} of {wanted} pods are ready.{waits}")
