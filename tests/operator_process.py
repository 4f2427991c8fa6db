"""The operator outside a cluster, as a process that tests may kill, with the rights of its ServiceAccount."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.crds import wait_served
from tests.installation import NAME, NAMESPACE, TEST_IMAGES, install_objects
from tests.traffic.processes import ENDS_WITH_US

ROOT = Path(__file__).parents[1]
USER_AGENT = "socketio-operator/"


def install_rights(cluster: Cluster) -> None:
    """CRD, namespace, ServiceAccount and RBAC of the install manifest; no Deployment."""
    kubectl = Kubectl(cluster, NAMESPACE)
    objects = [manifest for manifest in install_objects() if manifest["kind"] != "Deployment"]
    text = yaml.safe_dump_all(objects)
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=text)
    wait_served(kubectl, "crd/socketioclusters.socketio-operator.dev")


def operator_kubeconfig(cluster: Cluster, path: Path) -> Path:
    """A kubeconfig with a token of the operator's ServiceAccount."""
    config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    token = Kubectl(cluster, NAMESPACE)("create", "token", NAME, "--duration=3h").strip()
    config["users"][0]["user"] = {"token": token}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    path.chmod(0o600)
    return path


class OperatorProcess:
    """One operator process at a time. Its log goes on over restarts."""

    def __init__(self, kubeconfig: Path, log: Path, *options: str) -> None:
        self.log = log
        self._command = [
            *ENDS_WITH_US,
            *(sys.executable, "-m", "socketio_operator", "run", f"--kubeconfig={kubeconfig}"),
            *(f"{option}={image}" for option, image in TEST_IMAGES.items()),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and returns at once."""
        with self.log.open("ab") as log:
            environment = os.environ | {"PYTHONPATH": str(ROOT / "operator")}
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=environment)

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal, such as SIGSTOP to hold it still."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and returns its exit code (negative: the signal)."""
        assert self._process is not None
        self._process.send_signal(how)
        code = self._process.wait(timeout=30)
        self._process = None
        return code

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None


@contextmanager
def running_operator(cluster: Cluster, folder: Path, *options: str) -> Iterator[OperatorProcess]:
    """A started operator; ended at the end of the block."""
    install_rights(cluster)
    process = OperatorProcess(operator_kubeconfig(cluster, folder / "kubeconfig"), folder / "operator.log", *options)
    process.start()
    try:
        yield process
    finally:
        if process.running:
            process.stop()


def audit_position(cluster: Cluster) -> int:
    """Where the audit log ends now."""
    return cluster.audit_log.stat().st_size


def operator_requests(cluster: Cluster, since: int, namespace: str | None = None) -> list[dict[str, object]]:
    """The operator's answered requests after a position: verb, resource (with subresource), name, code.

    With a namespace: only those in it, and those in none (lists and watches of all namespaces).
    """
    found = []
    with cluster.audit_log.open("rb") as log:
        log.seek(since)
        for line in log:
            if not line.endswith(b"\n"):
                break  # being written right now
            event = json.loads(line)
            ended = "ResponseStarted" if event["verb"] == "watch" else "ResponseComplete"
            if not event.get("userAgent", "").startswith(USER_AGENT) or event["stage"] != ended:
                continue
            ref = event.get("objectRef", {})
            if namespace and ref.get("namespace", namespace) != namespace:
                continue
            resource = ref.get("resource", event["requestURI"])
            if ref.get("subresource"):
                resource += "/" + ref["subresource"]
            found.append(
                {
                    "verb": event["verb"],
                    "group": ref.get("apiGroup", ""),
                    "resource": resource,
                    "name": ref.get("name", ""),
                    "namespace": ref.get("namespace", ""),
                    "code": event["responseStatus"]["code"],
                }
            )
    return found


def operator_writes(cluster: Cluster, since: int, namespace: str | None = None) -> list[str]:
    """The operator's writes after a position, as text."""
    return [
        f"{request['verb']} {request['resource']} {request['namespace']}/{request['name']} -> {request['code']}"
        for request in operator_requests(cluster, since, namespace)
        if request["verb"] not in ("get", "list", "watch")
    ]


def wait_synced(process: OperatorProcess, position: int, timeout: float = 20) -> None:
    """Waits until the process has listed the clusters, from a position of its log on."""
    wait_for(
        lambda: b"Initial authentication has finished" in process.log.read_bytes()[position:],
        timeout,
        f"start of the operator (see {process.log})",
    )
