"""What the runtimes in the pods say of themselves, in fixed sentences: a pod's own text never reaches the status."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from socketio_operator.plan.figures import Figures
from socketio_operator.plan.pods import named_pods

_VERSION = re.compile(r"\d{1,5}(\.\d{1,5}){1,2}")

# A running pod whose runtime's port stays closed: nothing has loaded the runtime, or no server was made.
SILENT = "silent"
# A runtime in an app that listens and has made no Socket.IO server; its reason is the same.
NO_SERVER = "NoServer"
# What is told of a pod whose runtime is silent while its app is not.
SERVING = "serving"

# The runtime's reason not to be ready while its server listens where no router looks.
ELSEWHERE = "ListensElsewhere"


@dataclass(frozen=True, slots=True)
class Listens:
    """Where a server was found to listen; `loopback`: on 127.0.0.1 alone."""

    port: int
    loopback: bool

    @classmethod
    def parse(cls, found: Any) -> "Listens | None":
        """From the runtime's `/status`; None in another format."""
        port, loopback = (found.get("port"), found.get("loopback")) if isinstance(found, Mapping) else (None, None)
        if type(port) is not int or not 0 < port < 65536 or type(loopback) is not bool:
            return None
        return cls(port, loopback)


@dataclass(frozen=True, slots=True)
class RuntimeReport:
    """One pod's runtime.

    `owner` of the adapter: `runtime`, `app`, `none` or `unsupported`; `NO_SERVER` if there is no server to have one,
    `SILENT` if the runtime does not answer. `serves`: where it does not, the app's own port is open.
    `socketio`: a version. `waits_for`: the runtime's reason not to be ready, empty if it is. `listens`: where, if that
    is the reason. `apart`: the runtime's adapter does not hear what other pods publish. `skips`: sessions that are
    recovered skip the app's middlewares. `unsynced`: the app uses Feathers without feathers-sync. `figures`: of its
    traffic, as of `taken`; two reports are the same news if the `gist` of their figures is.
    """

    pod: str
    owner: str
    socketio: str = ""
    waits_for: str = ""
    listens: Listens | None = None
    apart: bool = False
    serves: bool = False
    skips: bool = False
    unsynced: bool = False
    gist: tuple[Any, ...] = Figures().gist
    figures: Figures = field(default=Figures(), compare=False)
    taken: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)

    @classmethod
    def parse(cls, pod: str, status: Mapping[str, Any]) -> "RuntimeReport | None":
        """From the runtime's `/status`; None if there may be a server soon.

        Raises KeyError, TypeError or ValueError on another format.
        """
        if not status["servers"]:
            return cls(pod, NO_SERVER) if status["ready"] and status.get("reason") == NO_SERVER else None
        server = status["servers"][0]
        waits_for = "" if status["ready"] else str(status["reason"])
        version = _VERSION.match(server["socketio"])
        if not version:
            raise ValueError("not a version")
        listens = Listens.parse(status.get("listens")) if waits_for == ELSEWHERE else None
        apart = any(_is_apart(item["adapter"]) for item in status["servers"])
        figures = Figures.parse(status)
        owner = str(server["adapter"]["owner"])
        return cls(
            pod,
            owner,
            version[0],
            waits_for,
            listens,
            apart=apart,
            skips=_any(status, "skipsMiddlewares"),
            unsynced=_any(status, "feathersUnsynced"),
            gist=figures.gist,
            figures=figures,
        )


def _any(status: Mapping[str, Any], key: str) -> bool:
    return any(item.get(key) is True for item in status["servers"])


def _is_apart(adapter: Mapping[str, Any]) -> bool:
    # An adapter of the app's own, or one that needs no broker, says nothing of this.
    return adapter["owner"] == "runtime" and adapter.get("subscribed") is False


# owner -> (reason, sentence); the first that any pod reports is told.
_FINDINGS = {
    SILENT: (
        "RuntimeSilent",
        "The runtime does not answer in pod {pod}: the image may run another language, or make no Socket.IO server; "
        "set spec.runtime.inject to what it runs, or to none.",
    ),
    SERVING: (
        "RuntimeSilent",
        "The app in pod {pod} listens, but the runtime does not answer there: the image may run another language. The "
        "app's own port decides whether the pod is ready, and broadcasts stay there unless the app has an adapter; set "
        "spec.runtime.inject to what it runs, or to none.",
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
    NO_SERVER: (
        "NoServer",
        "The app in pod {pod} listens, and the runtime has seen no Socket.IO server there: the adapter is added when "
        "the app makes one, unless it is bundled and older than 4.1.",
    ),
}

# field of a report -> what is said of the first pod in which it holds
_NOTES = {
    "skips": (
        "In pod {pod} sessions that are recovered skip the app's middlewares, which may check who connects: set "
        "connectionStateRecovery.skipMiddlewares to false in the app."
    ),
    "unsynced": (
        "The app in pod {pod} uses Feathers, which sends its events to the clients of their own pod only: configure "
        "feathers-sync in the app."
    ),
}

_WAITS = {
    ELSEWHERE: "nothing listens yet on spec.port, where routers look",
    "NotListening": "its Socket.IO server does not listen yet",
    "BrokerUnreachable": "the adapter's broker does not answer it",
    "BrokerRefused": "the adapter's broker refuses the user or password of its URL",
    "NotSubscribed": "it does not receive messages from other pods yet",
    "ConnectionLimit": "it has reached its connection limit",
    "ProcessSilent": "one of its processes does not answer",
}


def adapter_finding(reports: tuple[RuntimeReport, ...]) -> tuple[bool, str, str] | None:
    """(injected, reason, message) for condition AdapterInjected; None while no pod has reported."""
    for owner, (reason, sentence) in _FINDINGS.items():
        for report in reports:
            if _kind(report) == owner:
                return False, reason, sentence.format(pod=report.pod, socketio=report.socketio)
    if not reports:
        return None
    return True, "Injected", "The pods use the adapter that the runtime added." + _notes(reports)


def _notes(reports: tuple[RuntimeReport, ...]) -> str:
    first = {note: next((report.pod for report in reports if getattr(report, note)), None) for note in _NOTES}
    return "".join(" " + _NOTES[note].format(pod=pod) for note, pod in first.items() if pod)


def _kind(report: RuntimeReport) -> str:
    return SERVING if report.serves else report.owner


def silence(reports: tuple[RuntimeReport, ...]) -> tuple[str, str] | None:
    """(reason, message) if in a pod neither the runtime answers nor the app: that pod cannot get ready."""
    silent = tuple(report for report in reports if _kind(report) == SILENT)
    finding = adapter_finding(silent)
    return finding[1:] if finding else None


def waiting(reports: tuple[RuntimeReport, ...], port: int) -> str:
    """What a pod waits for, as the end of a sentence; empty if none says so. `port`: where routers look."""
    for report in reports:
        if what := _elsewhere(report.listens, port) or _WAITS.get(report.waits_for):
            return f" Pod {report.pod}: {what}."
    return ""


def _elsewhere(found: Listens | None, port: int) -> str:
    if found is None:
        return ""
    if found.loopback:
        wrong_port = "" if found.port == port else f", and on PORT, which is {port}"
        where = "127.0.0.1" if found.port == port else f"port {found.port} of 127.0.0.1"
        return f"it listens on {where} alone, where no router reaches it: let it listen on 0.0.0.0{wrong_port}"
    if found.port == port:
        return ""
    return (
        f"it listens on port {found.port}, routers look at {port}: set spec.port to {found.port}, "
        "or let the app listen on PORT"
    )


def apart(reports: tuple[RuntimeReport, ...], ready: frozenset[str]) -> str:
    """Those of the `ready` pods that do not hear the others, in words; empty if none."""
    return named_pods(report.pod for report in reports if report.apart and report.pod in ready)
