"""Many clusters that stand, with all their pods ready: what is measured at rest is measured on them.

kube-controller-manager makes the pods and kube-scheduler binds them; a node without containers says that they run.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench import audit
from tests.bench.apply_to_children import CREATOR, wait_for_children
from tests.bench.clusters import API_VERSION, PLURAL, Json, apply_clusters
from tests.bench.helpers import Helper
from tests.bench.procfs import cpu_seconds, rss_mib
from tests.bench.rig import Rig, note
from tests.cluster.errors import ApiError
from tests.cluster.waiting import wait_for
from tests.operator_process import USER_AGENT

# Addresses that the machine takes for its own while the fleet stands. Kubernetes refuses loopback as an endpoint.
PODS = "10.245.0.0/16"
RUNTIME_PORT = 9400
NODE = "bench-node"
CLUSTERS_IN_A_NAMESPACE = 50
ALL_CLUSTERS = f"/apis/{API_VERSION}/{PLURAL}"
READY_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """`base_mib`: the operator's memory before there was any cluster; `full_mib`: with all at rest, first process."""

    namespaces: tuple[str, ...]
    clusters: int
    runtimes: Helper
    base_mib: float
    full_mib: float


def standing(rig: Rig) -> Fleet:
    """The fleet of this run, with the operator at rest; made when it is first asked for."""
    if "fleet" not in rig.shared:
        rig.shared["fleet"] = _raise(rig, rig.options.clusters)
    fleet = rig.shared["fleet"]
    assert isinstance(fleet, Fleet)
    if not rig.operator.running:
        rig.start_operator()
        wait_quiet(rig)
    return fleet


def pods_run(rig: Rig) -> Helper:
    """A node whose pods become ready at once, until the end of the run; returns the runtimes in them."""
    if "runtimes" not in rig.shared:
        rig.stack.enter_context(_own_addresses())
        rig.stack.callback(_forget_node, rig)
        _forget_node(rig)
        rig.helper("kubelet", f"--kubeconfig={rig.cluster.kubeconfig}", f"--node={NODE}", f"--addresses={PODS}")
        rig.shared["runtimes"] = rig.helper("runtimes", f"--port={RUNTIME_PORT}")
    runtimes = rig.shared["runtimes"]
    assert isinstance(runtimes, Helper)
    return runtimes


def wait_quiet(rig: Rig) -> None:
    """Waits until the operator has written nothing for as long as the options say."""
    position, since = rig.audit_position(), time.monotonic()

    def quiet() -> bool:
        nonlocal position, since
        end = rig.audit_position()
        if any(request.writes for request in audit.requests(rig.cluster.audit_log, position, USER_AGENT)):
            since = time.monotonic()
        position = end
        return time.monotonic() - since >= rig.options.quiet_seconds

    wait_for(quiet, READY_SECONDS, "an operator that writes nothing", interval=1)


def clusters(rig: Rig) -> tuple[list[Json], str]:
    """All SocketIOClusters, and the resourceVersion of the list."""
    answer = rig.admin.get(ALL_CLUSTERS)
    return answer["items"], answer["metadata"]["resourceVersion"]


def _raise(rig: Rig, count: int) -> Fleet:
    if "runtimes" not in rig.shared:
        rig.renew()
    runtimes = pods_run(rig)
    rig.start_operator()
    time.sleep(rig.options.quiet_seconds)
    base, started = rss_mib(rig.operator.pid), time.monotonic()
    parts = [
        range(count)[first : first + CLUSTERS_IN_A_NAMESPACE] for first in range(0, count, CLUSTERS_IN_A_NAMESPACE)
    ]
    namespaces = tuple(_namespaces(rig, len(parts)))
    requests = (
        request for name, numbers in zip(namespaces, parts, strict=True) for request in apply_clusters(name, numbers)
    )
    creator, _ = rig.load(CREATOR, requests)
    creator.ask()
    for name, numbers in zip(namespaces, parts, strict=True):
        wait_for_children(rig, name, len(numbers))
    note(f"{count} clusters have their children after {time.monotonic() - started:.0f} s")
    wait_for(lambda: _all_ready(rig), READY_SECONDS, f"{count} clusters to become Ready", interval=max(1, count / 200))
    note(f"{count} clusters are Ready after {time.monotonic() - started:.0f} s")
    wait_quiet(rig)
    full = rss_mib(rig.operator.pid)
    note(f"operator's memory: {base:.0f} MiB, {full:.0f} MiB with {count} clusters")
    return Fleet(namespaces, count, runtimes, base, full)


def _namespaces(rig: Rig, count: int) -> list[str]:
    """Deleted together at the end of the run, when nobody reconciles any more."""
    names = [rig.create_namespace("fleet") for _ in range(count)]
    if not rig.options.disposable:
        rig.stack.callback(rig.delete_namespaces, names)
    rig.stack.callback(rig.stop_operator)
    return names


def _all_ready(rig: Rig) -> bool:
    found, _ = clusters(rig)
    return all(_is_ready(cluster) for cluster in found)


def _is_ready(cluster: Json) -> bool:
    conditions = cluster.get("status", {}).get("conditions", ())
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


@contextmanager
def _own_addresses() -> Iterator[None]:
    route = ("local", PODS, "dev", "lo")
    subprocess.run(["ip", "route", "replace", *route], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "route", "delete", *route], check=True)


def _forget_node(rig: Rig) -> None:
    for path in (f"/api/v1/nodes/{NODE}", f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{NODE}"):
        try:
            rig.admin.request("DELETE", path)
        except ApiError as error:
            if " 404 " not in str(error):
                raise


def cpu_rate(pid: int, seconds: float) -> float:
    """Cores that a process uses, measured for so long."""
    before, started = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - started)
