"""How kubectl, Helm and Flux read each state: docs/status.md, by kstatus' published rules.

They are those of sigs.k8s.io/cli-utils v0.37.2, pkg/kstatus/status: generic.go and status.go.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import wanted_children
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.conditions import PATIENT_SECONDS, conditions, invalid, patient, paused
from socketio_operator.plan.decide import decide
from socketio_operator.plan.problem import Scope
from socketio_operator.plan.report import stalled_status, status_of
from tests.unit.samples import INPUTS, cluster, picture
from tests.unit.test_plan import REDIS, missing_secret, pod, world

PAGE = Path(__file__).parents[2] / "docs" / "status.md"
NOW = "2026-01-01T00:00:00Z"
LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
State = Callable[[SocketIOCluster], dict[str, Any]]


def kstatus(resource: Mapping[str, Any]) -> str:
    """What the reference library calls the resource."""
    meta, status = resource["metadata"], resource.get("status", {})
    if "deletionTimestamp" in meta:
        return "Terminating"
    if status.get("observedGeneration", meta["generation"]) != meta["generation"]:
        return "InProgress"
    for condition in status.get("conditions", ()):
        if condition["status"] == "True" and condition["type"] in ("Reconciling", "Stalled"):
            return "InProgress" if condition["type"] == "Reconciling" else "Failed"
    ready = next((item["status"] for item in status.get("conditions", ()) if item["type"] == "Ready"), "True")
    return "Current" if ready == "True" else "InProgress"


def seen(lasted: float = 0, secrets: tuple[Any, ...] = (), pods: tuple[Any, ...] = (), **server: Any) -> State:
    """A state of the world, and for how long it has been the case."""

    def status(of: SocketIOCluster) -> dict[str, Any]:
        live = world(of, **server)
        observed = picture(live, pods=pods, secrets=secrets)
        found = conditions(of, decide(of, wanted_children(of, INPUTS), observed, {}), observed)
        return report(of, observed, patient(found, (), lasted)[0])

    return status


def report(of: SocketIOCluster, observed: Any, found: tuple[Condition, ...]) -> dict[str, Any]:
    return status_of(of, observed, found, {}, NOW)


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
PULL = (pod("ErrImagePull"),)
STATES: dict[str, State] = {
    "just applied": lambda of: {"observedGeneration": -1},
    "a change that the operator has not seen": lambda of: {**seen()(of), "observedGeneration": of.generation - 1},
    "a rollout": seen(updatedReplicas=1, replicas=3),
    "all as asked for": seen(),
    "a Secret is missing": seen(secrets=SECRET),
    "a Secret has been missing for a minute": seen(PATIENT_SECONDS, secrets=SECRET),
    "an image cannot be pulled, others serve": seen(PATIENT_SECONDS, pods=PULL, readyReplicas=1),
    "the same, and the rollout's deadline is over": seen(
        PATIENT_SECONDS, pods=PULL, readyReplicas=1, conditions=[LATE]
    ),
    "an image cannot be pulled, nobody serves": seen(PATIENT_SECONDS, pods=PULL, readyReplicas=0),
    "Redis is away": without_redis,
    "paused": left_alone,
    "a spec that cannot be used": refused,
}


def row(name: str) -> tuple[str, ...]:
    of = cluster()
    status = STATES[name](of)
    found = {item["type"]: item for item in status.get("conditions", ())}
    ready = f"{found['Ready']['status']}, `{found['Ready']['reason']}`" if found else "not there yet"
    beside = next((name for name in ("Reconciling", "Stalled") if name in found), "")
    resource = {"metadata": {"generation": of.generation}, "status": status}
    return name, ready, beside, kstatus(resource)


@pytest.mark.parametrize("name", STATES)
def test_the_page_says_how_each_state_is_read(name: str) -> None:
    line = "| " + " | ".join(row(name)) + " |"
    assert re.sub(" +", " ", line) in PAGE.read_text(encoding="utf-8")


def test_the_page_has_no_state_that_is_not_tested() -> None:
    rows = re.findall(r"^\| (?!state|---)([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == list(STATES)


def test_one_that_is_deleted_ends() -> None:
    assert kstatus({"metadata": {"generation": 1, "deletionTimestamp": NOW}}) == "Terminating"
