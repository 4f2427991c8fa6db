"""What may go: children that are no longer wanted, and workloads of earlier versions that others take the place of.

Invariant: what pods use outlives them, those included that are ending and that their Deployment no longer counts.
"""

from collections.abc import Iterable, Iterator

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import Wanted
from socketio_operator.desired.component import Component, Former
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.kinds import WORKLOADS, Ref
from socketio_operator.plan.actions import Delete
from socketio_operator.plan.observed import Child, Observed
from socketio_operator.plan.problem import Problem, Scope

# ingress-nginx and HAProxy's controllers reload within seconds, Envoy Gateway's policies take 15 s to act.
ROUTE_READ_SECONDS = 15.0


def retirements(
    cluster: SocketIOCluster, wanted: frozenset[Ref], observed: Observed, changing: bool
) -> Iterator[Delete]:
    """Deletions that are due. `changing`: something is applied, or cannot be, so that nothing is settled."""
    carrying = [component.label for component in COMPONENTS.values() if component.carries and component.wanted(cluster)]
    settled = not changing and all(_settled(cluster, observed, label) for label in carrying)
    for ref, child in sorted(observed.children.items()):
        if ref in wanted or ref.kind in observed.unserved or child.ownership(cluster) != "ours" or child.deleting:
            continue
        if _may_go(cluster, child, observed, changing, settled):
            yield Delete(ref, f"{ref} is no longer wanted", child.uid, child.version, ref.kind in WORKLOADS)


def unread_for(wanted: Iterable[Wanted], observed: Observed) -> float:
    """Seconds until controllers have had the time to read what is new of the route; not positive if nothing is.

    Few of them say when they have. What leads to the pods until then stays.
    """
    parts = (observed.children.get(one.ref) for one in wanted if not one.component)
    youngest = max((child.created for child in parts if child), default=0)
    return youngest + ROUTE_READ_SECONDS - observed.now.timestamp() if youngest else 0.0


def _may_go(cluster: SocketIOCluster, child: Child, observed: Observed, changing: bool, settled: bool) -> bool:
    component = COMPONENTS.get(child.component)
    if component and component.wanted(cluster) and _is_former(cluster, component, child.ref):
        return settled or child.progress is None or child.progress.ready == 0
    if component and component.outlives:
        return not changing and _settled(cluster, observed, component.outlives)
    # Labels can be edited: what belongs to no component that we know stays until all is settled.
    return settled


def _settled(cluster: SocketIOCluster, observed: Observed, label: str) -> bool:
    progress = observed.progress(COMPONENTS[label].workload(cluster))
    return progress is not None and progress.settled and not any(pod.deleting for pod in observed.pods_of(label))


def _is_former(cluster: SocketIOCluster, component: Component, ref: Ref) -> bool:
    return component.former is not None and component.former.workload(cluster) == ref


def waiting_moves(cluster: SocketIOCluster, observed: Observed) -> dict[Ref, Component]:
    """Workloads that are not made before the last pod of their former homes is gone: two never serve at once.

    Pods that talk to different ones would be apart.
    """
    movable = [component for component in COMPONENTS.values() if component.wanted(cluster)]
    return {
        component.workload(cluster): component
        for component in movable
        if component.former and _is_occupied(cluster, component, component.former, observed)
    }


def _is_occupied(cluster: SocketIOCluster, component: Component, former: Former, observed: Observed) -> bool:
    if component.workload(cluster) in observed.children:
        return False
    old = observed.children.get(former.workload(cluster))
    if old is not None and old.ownership(cluster) == "ours":
        return True
    return any(pod.controlled_by == "ReplicaSet" for pod in observed.pods_of(component.label))


def told_moves(
    cluster: SocketIOCluster, waiting: dict[Ref, Component], observed: Observed, leaving: tuple[Delete, ...]
) -> Iterator[Problem]:
    """Moves that have begun. Before that the former home serves, and there is nothing to tell."""
    for new, component in waiting.items():
        if component.former is None:
            continue
        old = component.former.workload(cluster)
        child = observed.children.get(old)
        if child is None or child.deleting or old in {delete.ref for delete in leaving}:
            message = f"{new} takes the place of {old}: it starts once the old pod is gone."
            yield Problem(component.former.reason, message, Scope.CHILD, new)
