"""The bare-node cluster: Kubernetes as plain processes on this machine, without Docker or a registry."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cluster import (
    apiserver,
    binaries,
    cgroups,
    controllers,
    daemons,
    dns,
    etcd,
    machines,
    network,
    node,
    packages,
)
from tests.cluster.api import Api
from tests.cluster.binaries import Binaries
from tests.cluster.certificates import Authority, Pair
from tests.cluster.cluster import Cluster
from tests.cluster.errors import ApiError, ClusterError
from tests.cluster.images import build_image
from tests.cluster.images.compiled import pause_program
from tests.cluster.images.load import load_into
from tests.cluster.layout import (
    API_SERVER,
    CONTROL_PLANE,
    KUBECONFIG,
    LOGS,
    PKI,
    STATE,
    Machine,
    nodes,
)
from tests.cluster.progress import say, step
from tests.cluster.waiting import wait_for

RECORD = STATE / "cluster.json"


def up(count: int) -> Cluster:
    """Bring up the control plane and `count` nodes; a healthy cluster is used again and given what is missing."""
    _check_root()
    packages.ensure(packages.CONTROL_PLANE + (packages.NODES if count else ()))
    built = binaries.ensure()
    if not _reusable(built):
        tear_down()
        with step("control plane: etcd, kube-apiserver, controllers, scheduler"):
            _start_control_plane(built)
    missing = [machine for machine in nodes(count) if machine.name not in machines.running()]
    if missing:
        with step(f"{', '.join(machine.name for machine in missing)}: containerd, kubelet, kube-proxy, DNS"):
            _add_nodes(missing, built)
    authority = Authority(PKI)
    authority.kubeconfig(KUBECONFIG, API_SERVER, _admin(authority))
    return _cluster(built)


def down() -> None:
    """End everything and remove all data; the logs stay. Nothing to do is no error."""
    _check_root()
    with step("ending the cluster"):
        tear_down()
    KUBECONFIG.unlink(missing_ok=True)


def tear_down() -> None:
    """Remove all that is there, however far an earlier run came."""
    machines.stop_all()
    for link in network.links():
        network.disconnect(link)
    cgroups.remove_all()
    network.restore_forwarding()
    if STATE.exists():
        shutil.rmtree(STATE)


def leftovers() -> list[str]:
    """What a run has left behind on the machine; empty when it is clean."""
    found = [f"process {pid}" for pid in machines.processes()]
    found += [f"network link {link}" for link in network.links()]
    found += [f"route {route}" for route in network.routes()]
    found += [f"cgroup {path}" for path in cgroups.left()]
    found += [f"mount {mount}" for mount in machines.mounts()]
    return found + ([f"data {STATE}"] if STATE.exists() else [])


def inside(node_name: str) -> list[str]:
    """The start of a command line that runs the rest of it on a node."""
    return machines.enter(_node(node_name))


def kill_node(name: str) -> None:
    """End all of a node at once, as a loss of power does: nobody answers for it. `revive_node` brings it back."""
    machine = _node(name)
    machines.kill(machine)
    network.silence(machine)


def revive_node(name: str) -> None:
    """Start a killed node again, with its disk as it was, and wait until it is Ready."""
    machine = _node(name)
    # On a machine /run is in memory; and nobody may take the records of ended processes for those of new ones.
    for folder in ("run", "pids"):
        shutil.rmtree(machine.home / folder)
    _add_nodes([machine], binaries.ensure())


def status() -> bool:
    """Print what runs; true when the cluster is there and healthy."""
    running = machines.running()
    if not running:
        say("no bare-node cluster is running")
        return False
    for name in running:
        machine = next(m for m in daemons.all_machines(len(running)) if m.name == name)
        dead = daemons.dead(machine)
        say(f"{name:<14} {machine.address:<12} {'ended: ' + ', '.join(dead) if dead else 'all programs run'}")
    problem = _problem()
    say(problem or f"healthy; kubeconfig {KUBECONFIG}, logs {_logs()}")
    return problem is None


def running_cluster() -> Cluster | None:
    """The cluster if it runs and is healthy."""
    return _cluster(binaries.ensure()) if _problem() is None else None


def _node(name: str) -> Machine:
    return next(machine for machine in nodes(9) if machine.name == name)


def _check_root() -> None:
    if os.geteuid() != 0:
        raise ClusterError("the bare-node cluster makes namespaces and mounts: run it as root, or use CLUSTER=kind")


def _start_control_plane(built: Binaries) -> None:
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    STATE.mkdir(parents=True, exist_ok=True)
    network.allow_forwarding()
    machines.start(CONTROL_PLANE, pause_program())
    authority = Authority(PKI)
    server = apiserver.daemon(built, authority, LOGS)
    for daemon in (etcd.daemon(built, LOGS), server):
        daemon.start()
    api = _api(authority)
    server.wait_ready(api.ready, 60)
    # Soon after it is ready, the API server makes the namespace kube-system.
    wait_for(lambda: api.get("/api/v1/namespaces/kube-system"), 30, "namespace kube-system", tolerate=(ApiError,))
    dns.publish(api)
    for daemon in (controllers.manager(built, authority, LOGS), controllers.scheduler(built, authority, LOGS)):
        daemon.start()
    # Written last: a cluster without it is not finished and is never used again.
    RECORD.write_text(json.dumps({"versions": built.versions, "logs": str(LOGS)}))


def _add_nodes(missing: list[Machine], built: Binaries) -> None:
    authority, init, pause, logs = Authority(PKI), pause_program(), build_image("pause"), _logs()

    def add(machine: Machine) -> None:
        node.prepare(machine, init, pause, logs)
        node.join(machine, built, authority, _api(authority), logs)

    _together(add, missing)


def _together(action: Callable[[Machine], None], targets: list[Machine]) -> None:
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(action, targets):
            pass


def _reusable(built: Binaries) -> bool:
    problem = _problem()
    if problem is None and json.loads(RECORD.read_text())["versions"] != built.versions:
        problem = "the running cluster has other versions"
    if problem and STATE.exists():
        say(f"  {problem}: starting afresh")
    return problem is None


def _problem() -> str | None:
    """Why the cluster cannot be used; None when it is healthy."""
    if not RECORD.exists() or CONTROL_PLANE.name not in machines.running():
        return "no finished cluster is running"
    found = daemons.all_machines(len(machines.running()) - 1)
    for machine in found:
        if dead := daemons.dead(machine):
            return f"{', '.join(dead)} on {machine.name} ended (logs: {_logs()})"
    api = _api(Authority(PKI))
    try:
        unready = [m.name for m in found if m.number and not api.node_ready(m.name)]
        return f"{', '.join(unready)} not ready" if unready or not api.ready() else None
    except (OSError, ApiError) as error:
        return f"the API server does not answer: {error}"


def _logs() -> Path:
    return Path(json.loads(RECORD.read_text())["logs"])


def _admin(authority: Authority) -> Pair:
    return authority.client("admin", "admin", "system:masters")


def _api(authority: Authority) -> Api:
    return Api(API_SERVER, authority.pair, _admin(authority))


def _cluster(built: Binaries) -> Cluster:
    count = len(machines.running()) - 1

    def load(tar: Path) -> None:
        _together(lambda machine: load_into(machine, tar), nodes(count))

    return Cluster(
        kubeconfig=KUBECONFIG,
        kubectl=built.kubernetes("kubectl"),
        audit_log=apiserver.audit_log(_logs()),
        logs=_logs(),
        nodes=count,
        loader=load,
    )
