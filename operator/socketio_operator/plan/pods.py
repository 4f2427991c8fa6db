"""What keeps pods from running, in one sentence, from their own status."""

from collections.abc import Iterator
from typing import Any

from socketio_operator.desired import runtime
from socketio_operator.plan.observed import Live, Problem

_IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ErrInspectImage"}
_RUNTIME_IMAGE = "check the operator's setting of the runtime's image"
_CONFIG = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}


def pod_problems(pods: tuple[Live, ...]) -> tuple[Problem, ...]:
    """Problems of the pods, the most telling first; pods that are on their way out do not count."""
    found = [problem for pod in pods if not pod["metadata"].get("deletionTimestamp") for problem in _of(pod)]
    order = ("ImagePullFailed", "ContainerNotCreated", "PodsCrashing", "PodsUnschedulable")
    return tuple(sorted(found, key=lambda problem: (order.index(problem.reason), problem.message)))


def _of(pod: Live) -> Iterator[Problem]:
    name = pod["metadata"]["name"]
    status = pod.get("status", {})
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        yield from _waiting(name, container)
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            yield Problem("PodsUnschedulable", f"Pod {name} fits on no node: {condition.get('message', '')}")


def _waiting(pod: str, container: dict[str, Any]) -> Iterator[Problem]:
    waiting = container.get("state", {}).get("waiting") or {}
    reason, detail = waiting.get("reason", ""), waiting.get("message", "")
    image = container.get("image", "")
    if reason in _IMAGE:
        # The kubelet alternates between the failure and the back-off from it; one text keeps the status still.
        cause = detail.split(": ErrImagePull: ")[-1].removeprefix("Back-off pulling image ") or reason
        check = _RUNTIME_IMAGE if container["name"] == runtime.NAME else "check the name, the tag"
        yield Problem(
            "ImagePullFailed",
            f"Image {image} of pod {pod} cannot be pulled; {check} and spec.imagePullSecrets: {cause}",
        )
    elif reason in _CONFIG:
        yield Problem("ContainerNotCreated", f"Pod {pod} cannot start: {detail or reason}")
    elif reason == "CrashLoopBackOff":
        ended = container.get("lastState", {}).get("terminated") or {}
        code = ended.get("exitCode", "unknown")
        why = f" ({ended['reason']})" if ended.get("reason") else ""
        yield Problem(
            "PodsCrashing",
            f"Pod {pod} ends again and again, last with exit code {code}{why}; see kubectl logs {pod}.",
        )
