"""What every measurement works with: a cluster, the operator as a process, namespaces of its own, bare clients."""

from __future__ import annotations

import json
import resource
import secrets
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.admin import MERGE, Admin
from tests.bench.clusters import Request
from tests.bench.helpers import Helper
from tests.bench.procfs import cpu_seconds, pid_of
from tests.cluster import lifecycle
from tests.cluster.cluster import Cluster
from tests.cluster.errors import ApiError
from tests.cluster.progress import say
from tests.cluster.waiting import wait_for
from tests.operator_process import OperatorProcess, install_rights, operator_kubeconfig
from tests.traffic.ports import free_port

IN_FLIGHT = 32
START_SECONDS = 300.0
DELETION_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured with. `clusters`: of the fleet that stands; `sizes`: of what is applied; times are seconds."""

    clusters: int = 1000
    sizes: tuple[tuple[int, int], ...] = ((200, 3), (600, 2), (1000, 2))
    """How many clusters are applied at once, and in how many rounds."""
    rest_seconds: float = 120.0
    edit_seconds: float = 30.0
    edit_rounds: int = 2
    edits_per_second: float = 20.0
    churn_minutes: float = 60.0
    churn_clusters: int = 100
    churn_warm_up: int = 3
    """Rounds that do not count: the first ones fill pools and caches."""
    quiet_seconds: float = 15.0
    """How long the operator must have written nothing to be called at rest."""
    operator: tuple[str, ...] = ()
    """More options of the operator, such as `--workers=16`."""
    delete_at_once: bool = True
    """Whether a namespace must be gone before the next measurement; else all are deleted together at the end."""
    disposable: bool = False
    """Whether the cluster ends with the run, so that nothing in it needs to be deleted."""


@dataclass
class Rig:
    """One run of the bench. Use `running_rig`."""

    cluster: Cluster
    folder: Path
    options: Options
    admin: Admin
    operator_login: Path
    """A kubeconfig of the operator's ServiceAccount: bare clients use it as well."""
    stack: ExitStack
    """What is closed at the end, the last first."""
    health: str = ""
    shared: dict[str, Any] = field(default_factory=dict)
    """What measurements leave for each other, by name."""

    def __post_init__(self) -> None:
        self.health = f"http://127.0.0.1:{free_port()}"
        options = (f"--health={self.health}/healthz", *self.options.operator)
        self.operator = OperatorProcess(self.operator_login, self.folder / "operator.log", *options)

    def start_operator(self) -> None:
        """Starts it and waits until it says that it is ready."""
        self.operator.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Waits until the operator, started before, says that it is ready."""

        def ready() -> bool:
            if not self.operator.running:
                raise RuntimeError(f"the operator has ended; see {self.operator.log}")
            return is_ready(self.health)

        wait_for(ready, START_SECONDS, f"the operator to become ready (see {self.operator.log})", interval=0.05)

    def stop_operator(self) -> None:
        """Ends it as a rollout of its own Deployment does; nothing to do is no error."""
        if self.operator.running:
            self.operator.stop(signal.SIGTERM)

    @property
    def api_server(self) -> int:
        """The API server's process."""
        return pid_of("kube-apiserver")

    def audit_position(self) -> int:
        """Where the audit log ends now."""
        return self.cluster.audit_log.stat().st_size

    def renew(self) -> None:
        """An empty control plane, where the cluster is disposable: emptying one takes minutes, a new one seconds."""
        if not self.options.disposable:
            return
        self.admin.close()
        lifecycle.down()
        self.cluster = lifecycle.up(0)
        self.admin = Admin(self.cluster.kubeconfig)
        install_rights(self.cluster)
        operator_kubeconfig(self.cluster, self.operator_login)
        time.sleep(self.options.quiet_seconds)

    @contextmanager
    def alone(self, title: str) -> Iterator[str]:
        """A fresh namespace in a control plane where nothing of an earlier measurement goes on."""
        if self.options.disposable:
            self.renew()
            yield self.create_namespace(title)
        else:
            with self.namespace(title) as name:
                yield name

    @contextmanager
    def namespace(self, title: str) -> Iterator[str]:
        """A fresh namespace; gone with all that is in it at the end."""
        name = self.create_namespace(title)
        if not self.options.delete_at_once:
            self.stack.callback(self.delete_namespaces, [name])
            yield name
            self.delete_namespaces([name], wait=False)
            return
        try:
            yield name
        finally:
            self.delete_namespaces([name])

    def create_namespace(self, title: str) -> str:
        """A fresh namespace with what Kubernetes puts in each; the caller deletes it."""
        name = f"bench-{title}-{secrets.token_hex(3)}"
        self.admin.apply(
            f"/api/v1/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        )
        self._wait_furnished(name)
        return name

    def delete_namespaces(self, names: list[str], wait: bool = True) -> None:
        """Deletes those of the namespaces that are there, and waits until they are gone."""
        for name in filter(self._exists, names):
            self.admin.request("DELETE", f"/api/v1/namespaces/{name}")
        if not wait:
            return
        wait_for(lambda: not any(map(self._exists, names)), DELETION_SECONDS, f"deletion of {names}", interval=0.5)

    def helper(self, module: str, *options: str | Path) -> Helper:
        """A helper process that ends at the end of the run at the latest."""
        helper = Helper(module, self.folder / f"{module}.log", *options)
        self.stack.callback(helper.stop)
        return helper

    def load(self, agent: str, requests: Iterable[Request], login: Path | None = None) -> tuple[Helper, Path]:
        """A bare client that has read its requests and waits for `ask()`; and where its answers will be."""
        work = self.folder / f"{agent}-{secrets.token_hex(3)}"
        with work.open("w") as lines:
            lines.writelines(f"{json.dumps(request)}\n" for request in requests)
        answers = work.with_suffix(".answers")
        options = (f"--kubeconfig={login or self.cluster.kubeconfig}", f"--agent={agent}", f"--in-flight={IN_FLIGHT}")
        return self.helper("load", *options, f"--requests={work}", f"--answers={answers}"), answers

    def _exists(self, namespace: str) -> bool:
        try:
            self.admin.get(f"/api/v1/namespaces/{namespace}")
        except ApiError as error:
            if " 404 " in str(error):
                return False
            raise
        return True

    def _wait_furnished(self, name: str) -> None:
        def furnished() -> bool:
            root = f"/api/v1/namespaces/{name}"
            return self.admin.count(f"{root}/serviceaccounts") > 0 and self.admin.count(f"{root}/configmaps") > 0

        wait_for(furnished, 60, f"the objects that every namespace has in {name}")


@contextmanager
def running_rig(cluster: Cluster, folder: Path, options: Options) -> Iterator[Rig]:
    """A rig with nothing running yet; everything that was started has ended after the block."""
    install_rights(cluster)
    login = operator_kubeconfig(cluster, folder / "operator.kubeconfig")
    with ExitStack() as stack:
        admin = Admin(cluster.kubeconfig)
        # Last of all: to let pods run again opens the connection once more.
        stack.callback(admin.close)
        stack.enter_context(_many_files())
        stack.enter_context(_no_pod_runs(admin))
        rig = Rig(cluster, folder, options, admin, login, stack)
        stack.callback(lambda: rig.admin.close())
        stack.callback(rig.stop_operator)
        yield rig


@contextmanager
def _many_files() -> Iterator[None]:
    """Lets the processes that are started meanwhile open as many connections as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def _no_pod_runs(admin: Admin) -> Iterator[None]:
    """Keeps new pods away from the cluster's nodes, if it has any: what containers cost is not measured here."""
    open_nodes = [node for node in admin.get("/api/v1/nodes")["items"] if not node["spec"].get("unschedulable")]
    paths = [f"/api/v1/nodes/{node['metadata']['name']}" for node in open_nodes]
    try:
        for path in paths:
            admin.request("PATCH", path, {"spec": {"unschedulable": True}}, MERGE)
        yield
    finally:
        for path in paths:
            admin.request("PATCH", path, {"spec": {"unschedulable": None}}, MERGE)


def is_ready(address: str) -> bool:
    """Whether the operator says so: on /readyz, or on /healthz where there is no /readyz."""
    for path in ("/readyz", "/healthz"):
        try:
            with urllib.request.urlopen(f"{address}{path}", timeout=5):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 404:
                return False
        except OSError:
            return False
    return False


def cpu_of(pids: dict[str, int]) -> Callable[[], dict[str, float]]:
    """Starts to count; the function that is returned tells the CPU seconds of each since then."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    return lambda: {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}


def note(text: str) -> None:
    """Says what is being done, on standard error's side of the table."""
    say(f"  {text}")
