"""Which writes lead from what is to what should be: none if they agree.

Invariants: an object that another owner controls, or nobody, is never written; nothing is deleted
without its uid and resourceVersion; the broker outlives the pods that use it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired import runtime
from socketio_operator.desired.kinds import WORKLOADS, Ref, ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import COMPONENT_LABEL, REDIS
from socketio_operator.plan import broker_move
from socketio_operator.plan.observed import (
    Acknowledged,
    Live,
    Observed,
    Problem,
    ownership,
    workload_settled,
)
from socketio_operator.plan.ownership import appliable, owned_fields
from socketio_operator.plan.rollout import held_images, with_cause
from socketio_operator.plan.storage import CLAIM, held_class, storage_problems


@dataclass(frozen=True, slots=True)
class Change:
    """One write. `manifest` is what to apply; for a deletion `uid` and `resource_version` are preconditions.

    `foreground`: the object stays, marked as deleted, until its pods are gone.
    """

    verb: Literal["create", "apply", "delete"]
    ref: Ref
    reason: str
    manifest: Manifest | None = None
    uid: str = ""
    resource_version: str = ""
    restarts_pods: bool = False
    foreground: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now. With `blockers` nothing is written: the last good children stay. `waits`: what must pass."""

    changes: tuple[Change, ...] = ()
    blockers: tuple[Problem, ...] = ()
    waits: tuple[Problem, ...] = ()


def digest(value: Any) -> str:
    """A short, stable hash of a JSON-like value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def acknowledgement(manifest: Manifest, live: Live) -> tuple[str, str]:
    """Remembered after an apply: what was asked for, and how the server stored it.

    While both stay the same there is no drift, even where the server rewrote a value.
    """
    return digest(appliable(manifest)), digest(owned_fields(live))


def decide(
    cluster: SocketIOCluster, desired: tuple[Manifest, ...], observed: Observed, acknowledged: Acknowledged
) -> Decision:
    """The writes for one cluster, or why there are none. `acknowledged`: what earlier applies were answered."""
    blockers = (
        *_conflicts(cluster, desired, observed),
        *observed.secrets,
        *storage_problems(cluster, desired, observed),
    )
    waits = tuple(_waits(cluster, desired, observed))
    if blockers or waits:
        return Decision(blockers=blockers, waits=waits)
    applies = tuple(_applies(cluster, desired, observed, acknowledged))
    prunes = tuple(_prunes(cluster, desired, observed, bool(applies)))
    moves = cluster.spec.adapter.runs_redis and _moves(cluster, observed, prunes)
    return Decision(applies + prunes, waits=(broker_move.MOVING,) if moves else ())


def _moves(cluster: SocketIOCluster, observed: Observed, prunes: tuple[Change, ...]) -> bool:
    old = broker_move.old_home(cluster, observed)
    if old is None:
        return broker_move.has_to_wait(cluster, observed)
    return bool(old["metadata"].get("deletionTimestamp")) or ref_of(old) in {change.ref for change in prunes}


def _conflicts(cluster: SocketIOCluster, desired: tuple[Manifest, ...], observed: Observed) -> Iterator[Problem]:
    for manifest in desired:
        live = observed.children.get(ref_of(manifest))
        if live is not None and ownership(live, cluster) == "foreign":
            yield Problem(
                "NameConflict",
                f"{ref_of(manifest)} exists already and is not ours, so it is left alone; "
                "delete or rename it, or give the SocketIOCluster another name.",
            )


def _waits(cluster: SocketIOCluster, desired: tuple[Manifest, ...], observed: Observed) -> Iterator[Problem]:
    for manifest in desired:
        live = observed.children.get(ref_of(manifest))
        if live is None:
            continue
        if ownership(live, cluster) == "former" or live["metadata"].get("deletionTimestamp"):
            yield Problem("WaitingForCleanup", f"An earlier {ref_of(manifest)} is still being deleted.")


def _applies(
    cluster: SocketIOCluster, desired: tuple[Manifest, ...], observed: Observed, acknowledged: Acknowledged
) -> Iterator[Change]:
    for manifest in desired:
        ref = ref_of(manifest)
        live = observed.children.get(ref)
        if live is None:
            if broker_move.is_new_home(cluster, ref) and broker_move.has_to_wait(cluster, observed):
                continue
            yield Change("create", ref, f"{ref} was missing", manifest)
            continue
        manifest, restart = with_cause(_held(cluster, manifest, live), live)
        if _is_current(manifest, live, acknowledged.get(ref)):
            continue
        reason = f"Rolling out {ref}: {restart}" if restart else f"{ref} differed from what it should be"
        yield Change("apply", ref, reason, manifest, restarts_pods=restart is not None)


def _held(cluster: SocketIOCluster, manifest: Manifest, live: Live) -> Manifest:
    if manifest["kind"] == CLAIM:
        return held_class(manifest, live)
    if manifest["kind"] not in WORKLOADS:
        return manifest
    managed = cluster.spec.adapter.managed
    chosen = {REDIS} if managed and managed.image else set()
    return held_images(manifest, live, frozenset({REDIS, runtime.NAME} - chosen))


def _is_current(manifest: Manifest, live: Live, acknowledged: tuple[str, str] | None) -> bool:
    owned = owned_fields(live)
    return owned == appliable(manifest) or acknowledged == (digest(appliable(manifest)), digest(owned))


def _prunes(
    cluster: SocketIOCluster, desired: tuple[Manifest, ...], observed: Observed, changing: bool
) -> Iterator[Change]:
    wanted = {ref_of(manifest) for manifest in desired}
    settled = not changing and workload_settled(observed.children.get(Ref("Deployment", cluster.name)))
    for ref, live in sorted(observed.children.items()):
        if ref in wanted or ownership(live, cluster) != "ours" or live["metadata"].get("deletionTimestamp"):
            continue
        meta, may_go = live["metadata"], settled
        if cluster.spec.adapter.runs_redis and live is broker_move.old_home(cluster, observed):
            may_go = broker_move.may_leave(live, settled)
        if meta.get("labels", {}).get(COMPONENT_LABEL) == REDIS and not may_go:
            # Pods of the earlier template still talk to it; their end brings the next look.
            continue
        reason = f"{ref} is no longer wanted"
        workload = ref.kind in WORKLOADS
        yield Change("delete", ref, reason, None, meta["uid"], meta["resourceVersion"], foreground=workload)
