"""Which actions lead from what is to what should be: none if they agree.

Invariants: an object that another owner controls, or nobody, is never written; every write names the very object that
it was decided on; a problem blocks its scope and nothing else; nothing is deleted while anything is unsettled.
"""

import hashlib
from collections.abc import Iterator

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import Wanted, appliable, canonical_json
from socketio_operator.desired.component import Defaults
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.kinds import CHILD_KINDS
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import SERVER
from socketio_operator.plan.actions import Apply, Decision
from socketio_operator.plan.held import has_template, held, held_template
from socketio_operator.plan.observed import Acknowledged, Child, Observed
from socketio_operator.plan.problem import Problem, Scope
from socketio_operator.plan.retire import retirements, told_moves, unread_for, waiting_moves
from socketio_operator.plan.rollout import change_reason, with_cause
from socketio_operator.plan.storage import storage_problems
from socketio_operator.plan.unheard import is_unheard

# After these, no event tells that it may go on.
LOOK_AGAIN_SECONDS = 10.0
NOT_INSTALLED = "RouterNotInstalled"
_UNTOLD = {"NameConflict", "SecretNotFound", "SecretKeyNotFound", "ConfigMapNotFound"}


def acknowledgement(content: bytes, child: Child) -> tuple[bytes, bytes]:
    """Remembered after an apply: what was asked for, and how the server stored it.

    While both stay the same there is no drift, even where the server rewrote a value.
    """
    return _digest(content), _digest(child.owned or b"")


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def decide(
    cluster: SocketIOCluster, wanted: tuple[Wanted, ...], observed: Observed, acknowledged: Acknowledged
) -> Decision:
    """What to do for one cluster. `acknowledged`: what earlier applies were answered."""
    problems = tuple(_problems(cluster, wanted, observed))
    moves = waiting_moves(cluster, observed)
    applies = tuple(
        apply
        for one in wanted
        if one.ref not in moves and not _is_blocked(one, problems)
        if (apply := _apply(cluster, one, observed, acknowledged, problems)) is not None
    )
    refs = frozenset(one.ref for one in wanted)
    deletes = tuple(retirements(cluster, refs, observed, changing=bool(applies or problems)))
    told = tuple(told_moves(cluster, moves, observed, deletes))
    again = LOOK_AGAIN_SECONDS if any(problem.reason in _UNTOLD for problem in problems) else None
    if deletes and (unread := unread_for(wanted, observed)) > 0:
        deletes, again = (), unread
    return Decision(applies + deletes, problems + told, again)


def _problems(cluster: SocketIOCluster, wanted: tuple[Wanted, ...], observed: Observed) -> Iterator[Problem]:
    for one in wanted:
        if one.ref.kind in observed.unserved:
            yield _not_installed(one)
        child = observed.children.get(one.ref)
        if child is not None:
            yield from _standing_problems(cluster, child, observed)
    yield from observed.secrets
    yield from storage_problems(cluster, wanted, observed)


def _not_installed(one: Wanted) -> Problem:
    kind = CHILD_KINDS[one.ref.kind]
    message = (
        f"{kind.kind} ({kind.api_version}) is not served by this cluster; install {kind.install}, or set "
        "spec.routing.router to another."
    )
    return Problem(NOT_INSTALLED, message, Scope.CHILD, one.ref)


def _standing_problems(cluster: SocketIOCluster, child: Child, observed: Observed) -> Iterator[Problem]:
    """What is wrong with an object that stands where a child belongs."""
    whose = child.ownership(cluster)
    if whose == "foreign":
        server = observed.children.get(COMPONENTS[SERVER].workload(cluster))
        serves = server is not None and server.ownership(cluster) == "ours"
        yield Problem(
            "NameConflict",
            f"{child.ref} exists already and does not belong to this SocketIOCluster, so it is not touched; "
            "delete or rename it, or give the SocketIOCluster another name.",
            # Nothing is begun beside it; what serves already goes on.
            Scope.CHILD if serves else Scope.ALL,
            child.ref,
        )
    elif whose == "former" or child.deleting:
        scope = Scope.ALL if whose == "former" else Scope.CHILD
        yield Problem("WaitingForCleanup", f"An earlier {child.ref} is still being deleted.", scope, child.ref)


def _is_blocked(one: Wanted, problems: tuple[Problem, ...]) -> bool:
    return any(
        problem.scope is Scope.ALL or (problem.scope is Scope.CHILD and problem.child == one.ref)
        for problem in problems
    )


def _apply(
    cluster: SocketIOCluster,
    one: Wanted,
    observed: Observed,
    acknowledged: Acknowledged,
    problems: tuple[Problem, ...],
) -> Apply | None:
    child = observed.children.get(one.ref)
    template_blocked = any(problem.scope is Scope.TEMPLATE and problem.child == one.ref for problem in problems)
    unheard = is_unheard(cluster, COMPONENTS.get(one.component), one.ref, observed)
    if child is None:
        return None if template_blocked else Apply(one.ref, f"{one.ref} was missing", one.manifest, "", one.stage)
    if _is_unchanged(one.content, child, acknowledged) and not template_blocked and not unheard:
        return None
    return _update(cluster, one, child, observed, acknowledged, template_blocked, unheard)


def _update(
    cluster: SocketIOCluster,
    one: Wanted,
    child: Child,
    observed: Observed,
    acknowledged: Acknowledged,
    template_blocked: bool,
    unheard: bool,
) -> Apply | None:
    manifest = _held(cluster, one, child, observed, unheard)
    if template_blocked:
        manifest = held_template(manifest, child)
    manifest, restart = with_cause(manifest, child)
    if _is_unchanged(canonical_json(appliable(manifest)), child, acknowledged):
        return None
    reason = f"Rolling out {one.ref}: {restart}" if restart else f"Updating {one.ref}: {_difference(manifest, child)}"
    return Apply(one.ref, reason, manifest, child.uid, one.stage, restarts_pods=restart is not None)


def _held(cluster: SocketIOCluster, one: Wanted, child: Child, observed: Observed, unheard: bool) -> Manifest:
    """What is wanted, with what stays as it is; without a runtime that does not answer in pods of this template."""
    component = COMPONENTS.get(one.component)
    defaults = component.defaults(cluster) if component else Defaults()
    failing = frozenset[str]().union(*(pod.failing for pod in observed.pods_of(one.component)))
    usual = held(one.manifest, child, defaults, failing)
    if component is None or component.without_runtime is None or one.ref != component.workload(cluster):
        return usual
    other = held(component.without_runtime(cluster, one.manifest), child, defaults, failing)
    return other if has_template(child, other) or (unheard and has_template(child, usual)) else usual


def _difference(manifest: dict[str, object], child: Child) -> str:
    return change_reason(child.applied or {}, appliable(manifest))


def _is_unchanged(content: bytes, child: Child, acknowledged: Acknowledged) -> bool:
    if child.owned == content:
        return True
    return child.ref in acknowledged and acknowledged[child.ref] == acknowledgement(content, child)
