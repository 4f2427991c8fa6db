"""Pods as the few fields that decisions read, and what keeps them from running, in one sentence each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from socketio_operator.desired.metadata import COMPONENT_LABEL
from socketio_operator.desired.server import runtime
from socketio_operator.plan.problem import Problem, one_line

_IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ErrInspectImage"}
_RUNTIME_IMAGE = "check the operator's setting of the runtime's image"
_CONFIG = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
# More of them do not fit into a sentence.
NAMED_PODS = 3
_ORDER = ("ImagePullFailed", "ContainerNotCreated", "PodsCrashing", "PodsUnschedulable")


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod. `controller`: uid of what controls it, `controlled_by`: the kind of that.

    `address`: its IP, empty before it has one. `ready_since`: when it became ready, None if it is not. `started`: since
    when its component's container runs, None if it does not. `restarts`: of all its containers. `failing`: containers
    that cannot start or end again and again. `up`: that container has passed its startup probe. `asks_runtime`: the
    runtime in it says whether it is ready. `template`: the hash of the template that it was made from, `created`: when,
    in seconds of Unix time.
    """

    name: str
    uid: str
    version: int
    component: str
    controller: str
    controlled_by: str = ""
    address: str = ""
    ready: bool = False
    deleting: bool = False
    started: datetime | None = None
    restarts: int = 0
    problems: tuple[Problem, ...] = ()
    failing: frozenset[str] = frozenset()
    ready_since: datetime | None = None
    up: bool = False
    asks_runtime: bool = False
    template: str = ""
    created: int = 0

    @classmethod
    def of(cls, live: Mapping[str, Any]) -> "Pod":
        """From a pod as the API server serves it."""
        meta, status = live["metadata"], live.get("status", {})
        labels = meta.get("labels", {})
        component = labels.get(COMPONENT_LABEL, "")
        containers = status.get("containerStatuses", ())
        owners = [owner for owner in meta.get("ownerReferences", ()) if owner.get("controller")]
        controller: dict[str, Any] = owners[0] if owners else {}
        found = dict(_failures(meta["name"], status))
        ready = _ready(status)
        return cls(
            name=meta["name"],
            uid=meta["uid"],
            version=int(meta["resourceVersion"]),
            component=component,
            controller=controller.get("uid", ""),
            controlled_by=controller.get("kind", ""),
            address=status.get("podIP", ""),
            ready=ready is not None,
            ready_since=datetime.fromisoformat(ready) if ready else None,
            deleting="deletionTimestamp" in meta,
            started=_started(containers, component),
            restarts=sum(item.get("restartCount", 0) for item in containers),
            problems=(*found.values(), *_unschedulable(meta["name"], status)),
            failing=frozenset(found),
            up=any(item.get("started", False) for item in containers if item["name"] == component),
            asks_runtime=any(runtime.asks_runtime(item) for item in live.get("spec", {}).get("containers", ())),
            template=labels.get("pod-template-hash", ""),
            created=unix_seconds(meta.get("creationTimestamp")),
        )


def named_pods(names: Iterable[str]) -> str:
    """`pod a`, or `pods a, b, c and 2 more`; empty without names."""
    known = sorted(names)
    if not known:
        return ""
    more = f" and {len(known) - NAMED_PODS} more" if len(known) > NAMED_PODS else ""
    return f"pod{'s' if len(known) > 1 else ''} {', '.join(known[:NAMED_PODS])}{more}"


def pod_problems(pods: tuple[Pod, ...]) -> tuple[Problem, ...]:
    """Problems of the pods, the most telling first; pods that are on their way out do not count."""
    found = [problem for pod in pods if not pod.deleting for problem in pod.problems]
    return tuple(sorted(found, key=lambda problem: (_ORDER.index(problem.reason), problem.message)))


def _ready(status: Mapping[str, Any]) -> str | None:
    """Since when, as the API has it, empty if it does not say; None if it is not ready."""
    for item in status.get("conditions", ()):
        if item["type"] == "Ready" and item["status"] == "True":
            return str(item.get("lastTransitionTime") or "")
    return None


def _started(containers: list[dict[str, Any]], name: str) -> datetime | None:
    for container in containers:
        running = container.get("state", {}).get("running")
        if container["name"] == name and running and running.get("startedAt"):
            return datetime.fromisoformat(running["startedAt"])
    return None


def unix_seconds(timestamp: str | None) -> int:
    """Of a time as the API server writes it; 0 without one."""
    return int(datetime.fromisoformat(timestamp).timestamp()) if timestamp else 0


def _unschedulable(pod: str, status: Mapping[str, Any]) -> Iterator[Problem]:
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            yield Problem(
                "PodsUnschedulable", f"Pod {pod} does not fit on any node: {one_line(condition.get('message', ''))}"
            )


def _failures(pod: str, status: Mapping[str, Any]) -> Iterator[tuple[str, Problem]]:
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        if problem := _failure(pod, container):
            yield container["name"], problem


def _failure(pod: str, container: dict[str, Any]) -> Problem | None:
    waiting = container.get("state", {}).get("waiting") or {}
    reason, detail = waiting.get("reason", ""), one_line(waiting.get("message", ""))
    if reason in _IMAGE:
        # The kubelet alternates between the failure and the back-off from it; one text keeps the status still.
        cause = detail.split(": ErrImagePull: ")[-1].removeprefix("Back-off pulling image ") or reason
        check = _RUNTIME_IMAGE if container["name"] == runtime.NAME else "check the name, the tag"
        image = one_line(container.get("image", ""))
        return Problem(
            "ImagePullFailed",
            f"Image {image} of pod {pod} cannot be pulled; {check} and spec.imagePullSecrets: {cause}",
        )
    if reason in _CONFIG:
        return Problem("ContainerNotCreated", f"Pod {pod} cannot start: {detail or reason}")
    if reason == "CrashLoopBackOff":
        ended = container.get("lastState", {}).get("terminated") or {}
        why = f" ({ended['reason']})" if ended.get("reason") else ""
        return Problem(
            "PodsCrashing",
            f"Pod {pod} keeps crashing, most recently with exit code {ended.get('exitCode', 'unknown')}{why}; "
            f"see kubectl logs {pod}.",
        )
    return None
