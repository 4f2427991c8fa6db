"""What Kubernetes cannot change of a claim that exists: it grows, nothing else."""

from collections.abc import Iterator

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import Wanted
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.quantity import whole_quantity
from socketio_operator.plan.observed import Child, Observed
from socketio_operator.plan.problem import Problem, Scope

_FIELD = "spec.adapter.managed.storage"


def storage_problems(cluster: SocketIOCluster, wanted: tuple[Wanted, ...], observed: Observed) -> Iterator[Problem]:
    """What is asked of a claim of ours that its API would refuse, with what to write instead."""
    for one in wanted:
        child = observed.children.get(one.ref)
        if one.ref.kind != "PersistentVolumeClaim" or child is None or child.ownership(cluster) != "ours":
            continue
        if child.applied:
            yield from _problems(one.manifest, child.applied, child)


def _problems(manifest: Manifest, applied: Manifest, child: Child) -> Iterator[Problem]:
    wanted, given = manifest["spec"].get("storageClassName"), applied["spec"].get("storageClassName")
    if wanted and given and wanted != given:
        yield _unchangeable(
            child,
            f"{_FIELD}.storageClassName cannot change from {given} to {wanted}, as Kubernetes moves no volume; set "
            f"it back to {given}, or remove {_FIELD} and add it again later: the data of Redis is lost then.",
        )
    size, asked = _size(applied), _size(manifest)
    if _shrinks(asked, size, child.capacity or size):
        yield _unchangeable(
            child,
            f"{_FIELD}.size cannot shrink from {size} to {asked}, as Kubernetes only enlarges volumes; set it to "
            f"{size} or more.",
        )


def _unchangeable(child: Child, message: str) -> Problem:
    return Problem("StorageUnchangeable", message, Scope.CHILD, child.ref)


def _size(claim: Manifest) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def _shrinks(asked: str, size: str, capacity: str) -> bool:
    # An enlargement that failed may be taken back: what counts then is the size that there is.
    wanted, *sizes = (whole_quantity(text) for text in (asked, size, capacity))
    return wanted is not None and all(size is not None and wanted < size for size in sizes)
