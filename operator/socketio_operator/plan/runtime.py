"""What the runtimes in the pods say of themselves, as one condition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RuntimeReport:
    """One pod's runtime. `owner` of the adapter: `runtime`, `app`, `none` or `unsupported`; `socketio`: a version."""

    pod: str
    owner: str
    socketio: str

    @classmethod
    def parse(cls, pod: str, status: Mapping[str, Any]) -> "RuntimeReport | None":
        """From the runtime's `/status`; None if there is no server yet. KeyError or TypeError on another format."""
        if not status["servers"]:
            return None
        server = status["servers"][0]
        return cls(pod, str(server["adapter"]["owner"]), str(server["socketio"]))


# owner -> (reason, sentence); the first that any pod reports is told.
_FINDINGS = {
    "unsupported": (
        "Unsupported",
        "socket.io {socketio} in pod {pod} is older than 4.1 and left alone: update it, or broadcasts stay on one pod.",
    ),
    "none": (
        "AdapterNotStarted",
        "The adapter could not be started in pod {pod}, so broadcasts stay there; see kubectl logs {pod}.",
    ),
    "app": (
        "AppAdapter",
        "The app in pod {pod} chose its own adapter, which is kept; remove it from the app to use the runtime's.",
    ),
}


def adapter_finding(reports: tuple[RuntimeReport, ...]) -> tuple[bool, str, str] | None:
    """(injected, reason, message) for condition AdapterInjected; None while no pod has reported."""
    for owner, (reason, sentence) in _FINDINGS.items():
        for report in reports:
            if report.owner == owner:
                return False, reason, sentence.format(pod=report.pod, socketio=report.socketio)
    if not reports:
        return None
    return True, "Injected", "The pods use the adapter that the runtime brought."
