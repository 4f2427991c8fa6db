"""What the runtimes in the pods say of themselves, in fixed sentences: a pod's own text never reaches the status."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_VERSION = re.compile(r"\d{1,5}(\.\d{1,5}){1,2}")

# A running pod whose runtime's port stays closed: nothing has loaded the runtime, or no server was made.
SILENT = "silent"


@dataclass(frozen=True, slots=True)
class RuntimeReport:
    """One pod's runtime.

    `owner` of the adapter: `runtime`, `app`, `none` or `unsupported`; `SILENT` if the runtime does not answer.
    `socketio`: a version. `waits_for`: the runtime's reason not to be ready, empty if it is.
    """

    pod: str
    owner: str
    socketio: str = ""
    waits_for: str = ""

    @classmethod
    def parse(cls, pod: str, status: Mapping[str, Any]) -> "RuntimeReport | None":
        """From the runtime's `/status`; None if there is no server yet.

        Raises KeyError, TypeError or ValueError on another format.
        """
        if not status["servers"]:
            return None
        server = status["servers"][0]
        waits_for = "" if status["ready"] else str(status["reason"])
        version = _VERSION.match(server["socketio"])
        if not version:
            raise ValueError("not a version")
        return cls(pod, str(server["adapter"]["owner"]), version[0], waits_for)


# owner -> (reason, sentence); the first that any pod reports is told.
_FINDINGS = {
    SILENT: (
        "RuntimeSilent",
        "The runtime does not answer in pod {pod}: the image may run another language, or have Socket.IO bundled into "
        "one file; set spec.runtime.inject to what it runs, or to none.",
    ),
    "unsupported": (
        "Unsupported",
        "Socket.IO {socketio} in pod {pod} is too old for the runtime and left alone: update it to 4.1 "
        "(python-socketio: 5.0) or later, or broadcasts stay on one pod.",
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

_WAITS = {
    "NotListening": "its Socket.IO server does not listen yet",
    "BrokerUnreachable": "the adapter's broker does not answer it",
    "NotSubscribed": "messages of other pods do not reach it yet",
    "ConnectionLimit": "it has as many connections as it may",
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


def silence(reports: tuple[RuntimeReport, ...]) -> tuple[str, str] | None:
    """(reason, message) if a pod's runtime does not answer: that pod cannot get ready."""
    silent = tuple(report for report in reports if report.owner == SILENT)
    finding = adapter_finding(silent)
    return finding[1:] if finding else None


def waiting(reports: tuple[RuntimeReport, ...]) -> str:
    """What a pod waits for, as the end of a sentence; empty if none says so."""
    for report in reports:
        if what := _WAITS.get(report.waits_for):
            return f" Pod {report.pod}: {what}."
    return ""
