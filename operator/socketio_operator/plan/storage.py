"""What Kubernetes can and cannot change of a claim that exists: it grows, nothing else."""

from collections.abc import Iterator

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.kinds import ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.quantity import whole_quantity
from socketio_operator.plan.observed import Live, Observed, Problem, ownership
from socketio_operator.plan.ownership import owned_fields

CLAIM = "PersistentVolumeClaim"
_FIELD = "spec.adapter.managed.storage"


def storage_problems(cluster: SocketIOCluster, desired: tuple[Manifest, ...], observed: Observed) -> Iterator[Problem]:
    """What is asked of a claim of ours that its API would refuse, with what to write instead."""
    for manifest in desired:
        live = observed.children.get(ref_of(manifest))
        if manifest["kind"] != CLAIM or live is None or ownership(live, cluster) != "ours":
            continue
        wanted, given = manifest["spec"].get("storageClassName"), live["spec"].get("storageClassName")
        if wanted and given and wanted != given:
            yield Problem(
                "StorageUnchangeable",
                f"{_FIELD}.storageClassName cannot change from {given} to {wanted}, as Kubernetes moves no volume; set "
                f"it back to {given}, or remove {_FIELD} and add it again later: the data of Redis is lost then.",
            )
        if _shrinks(manifest, live):
            size, asked = _size(live), _size(manifest)
            yield Problem(
                "StorageUnchangeable",
                f"{_FIELD}.size cannot shrink from {size} to {asked}, as Kubernetes only enlarges volumes; set it to "
                f"{size} or more.",
            )


def held_class(manifest: Manifest, live: Live) -> Manifest:
    """A claim without a StorageClass keeps the one that it has: taking it away would be a change."""
    owned = owned_fields(live) or {}
    given = owned.get("spec", {}).get("storageClassName")
    if not given or manifest["spec"].get("storageClassName"):
        return manifest
    return {**manifest, "spec": {**manifest["spec"], "storageClassName": given}}


def _size(claim: Live) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def _shrinks(manifest: Manifest, live: Live) -> bool:
    # An enlargement that failed may be taken back: what counts then is the size that there is.
    there = live.get("status", {}).get("capacity", {}).get("storage")
    wanted, *sizes = (whole_quantity(size) for size in (_size(manifest), _size(live), there or _size(live)))
    return wanted is not None and all(size is not None and wanted < size for size in sizes)
