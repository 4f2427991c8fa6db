"""Every state of a SocketIOCluster that its readers must tell apart, as the operator reports it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import wanted_children
from socketio_operator.plan.actions import Decision
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.conditions import PATIENT_SECONDS, conditions, invalid, patient, paused
from socketio_operator.plan.decide import decide
from socketio_operator.plan.figures import Figures
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.problem import Scope
from socketio_operator.plan.report import stalled_status, status_of
from tests.unit.samples import INPUTS, LEAST, body, picture
from tests.unit.test_plan import REDIS, missing_secret, pod, world
from tests.unit.test_traffic_truth import hearing, requests, sight

NOW = "2026-01-01T00:00:00Z"
LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
Report = Callable[[SocketIOCluster], dict[str, Any]]


@dataclass(frozen=True)
class State:
    """What the operator reports of a cluster whose spec has `fields`; `change`: asked for since then."""

    report: Report
    fields: Mapping[str, Any] = field(default_factory=dict)
    change: Mapping[str, Any] = field(default_factory=dict)


def seen(lasted: float = 0, secrets: tuple[Any, ...] = (), pods: tuple[Any, ...] = (), **server: Any) -> Report:
    """A state of the world, and for how long it has been the case."""

    def status(of: SocketIOCluster) -> dict[str, Any]:
        live = world(of, **server)
        observed = picture(live, pods=pods, secrets=secrets)
        found = conditions(of, decide(of, wanted_children(of, INPUTS), observed, {}), observed)
        return report(of, observed, patient(found, (), lasted)[0])

    return status


def report(of: SocketIOCluster, observed: Any, found: tuple[Condition, ...]) -> dict[str, Any]:
    return status_of(of, observed, found, {}, NOW)


def traffic(told: Observed, lasted: float = 0) -> Report:
    """All runs as asked for, and this is what traffic shows."""

    def status(of: SocketIOCluster) -> dict[str, Any]:
        observed = replace(told, children=picture(world(of)).children)
        found = conditions(of, Decision(), observed)
        return report(of, observed, patient(found, (), lasted)[0])

    return status


def without_redis(of: SocketIOCluster) -> dict[str, Any]:
    live = world(of)
    live[REDIS]["status"] = {}
    observed = picture(live)
    return report(of, observed, conditions(of, decide(of, wanted_children(of, INPUTS), observed, {}), observed))


def left_alone(of: SocketIOCluster) -> dict[str, Any]:
    observed = picture(world(of))
    return report(of, observed, paused(of, observed))


def refused(of: SocketIOCluster) -> dict[str, Any]:
    return stalled_status(invalid(("spec.replicas: wrong",)), {}, of.generation, NOW)


SECRET = (missing_secret(Scope.TEMPLATE),)
LOST = sight([requests(100, unknown=50)] * 2)
PULL = (pod("ErrImagePull"),)
STATES: dict[str, State] = {
    "just applied": State(lambda of: {"observedGeneration": -1}),
    "a change that the operator has not seen": State(seen(), change={"replicas": 3}),
    "a rollout": State(seen(updatedReplicas=1, replicas=3)),
    "all as asked for": State(seen()),
    "a Secret is missing": State(seen(secrets=SECRET)),
    "a Secret has been missing for a minute": State(seen(PATIENT_SECONDS, secrets=SECRET)),
    "an image cannot be pulled, others serve": State(seen(PATIENT_SECONDS, pods=PULL, readyReplicas=1)),
    "the same, and the rollout's deadline is over": State(
        seen(PATIENT_SECONDS, pods=PULL, readyReplicas=1, conditions=[LATE])
    ),
    "an image cannot be pulled, nobody serves": State(seen(PATIENT_SECONDS, pods=PULL, readyReplicas=0)),
    "Redis is away": State(without_redis),
    "requests find no session": State(traffic(LOST)),
    "requests have found no session for a minute": State(traffic(LOST, PATIENT_SECONDS)),
    "broadcasts do not cross": State(traffic(sight(hearing((), ())))),
    "there is no adapter to cross": State(traffic(sight([Figures(), Figures()], owner="none"))),
    "paused": State(left_alone, fields={"paused": True}),
    "a spec that cannot be used": State(refused),
}


def before(name: str, cluster: str = "chat") -> dict[str, Any]:
    """The SocketIOCluster that gets into that state, as it is applied first."""
    return {**body({**LEAST, **STATES[name].fields}), "metadata": {"name": cluster}}


def resource(name: str) -> dict[str, Any]:
    """A SocketIOCluster in that state, as the API server serves it."""
    state, spec = STATES[name], before(name)["spec"]
    first = SocketIOCluster.parse(body(spec))
    now = body({**spec, **state.change}, generation=first.generation + bool(state.change))
    return {**now, "status": state.report(first)}
