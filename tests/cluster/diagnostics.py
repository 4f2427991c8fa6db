"""What a failed test's namespace looks like: pods, events and logs."""

from __future__ import annotations

from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl

LOG_LINES = 60


def describe(kubectl: Kubectl) -> str:
    """Pods, events and the end of every container's log of the namespace, as text; never raises KubectlError."""
    parts = [
        ("pods", _try(kubectl, "get", "pods", "--output=wide")),
        ("events", _try(kubectl, "get", "events", "--sort-by=.metadata.creationTimestamp")),
    ]
    names = _try(kubectl, "get", "pods", "--output=name").split()
    for pod in names:
        if pod.startswith("pod/"):
            parts += [(f"log of {pod}", _logs(kubectl, pod))]
    return "\n\n".join(f"{title}:\n{text.rstrip() or '(none)'}" for title, text in parts)


def _logs(kubectl: Kubectl, pod: str) -> str:
    now = _try(kubectl, "logs", pod, "--all-containers", "--prefix", f"--tail={LOG_LINES}")
    restarts = _try(kubectl, "get", pod, "--output=jsonpath={.status.containerStatuses[*].restartCount}")
    if any(count not in ("", "0") for count in restarts.split(" ")):
        before = _try(kubectl, "logs", pod, "--all-containers", "--prefix", "--previous", f"--tail={LOG_LINES}")
        return f"{now}\nbefore the last restart:\n{before}"
    return now


def _try(kubectl: Kubectl, *arguments: str) -> str:
    try:
        return kubectl(*arguments, timeout=20)
    except KubectlError as error:
        return str(error)
