"""kube-router's firewall on the bare nodes, whose pod network alone does not enforce NetworkPolicy."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.cluster import bare, packages
from tests.cluster.binaries import Tool, ensure_tool
from tests.cluster.errors import ClusterError
from tests.cluster.waiting import wait_for

KUBE_ROUTER = Tool("kube-router", "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router", "v2.1.0", 150)
NAME = KUBE_ROUTER.name
ONLY_FIREWALL = ("--run-firewall=true", "--run-router=false", "--run-service-proxy=false", "--enable-cni=false")
# `kube-router --cleanup-config` of this version ends with a panic and leaves the rules.
REMOVE_RULES = (
    "iptables-save -t filter | grep -v -e KUBE-ROUTER -e KUBE-POD-FW -e KUBE-NWPLCY | iptables-restore -T filter"
    " && ipset destroy"
)


@contextmanager
def enforced(kubeconfig: Path, nodes: Sequence[str], logs: Path) -> Iterator[None]:
    """For as long as the block runs, these nodes enforce NetworkPolicy; `logs` gets a file for each.

    Raises ClusterError when the firewall does not start.
    """
    packages.ensure(("ipset",))
    program = ensure_tool(KUBE_ROUTER)
    with ExitStack() as stack:
        for node in nodes:
            stack.enter_context(_firewall(program, kubeconfig, node, logs / f"{node}-{NAME}.log"))
        yield


@contextmanager
def _firewall(program: Path, kubeconfig: Path, node: str, log: Path) -> Iterator[None]:
    command = [str(program), f"--kubeconfig={kubeconfig}", f"--hostname-override={node}", *ONLY_FIREWALL]
    with log.open("wb") as output:
        process = subprocess.Popen([*bare.inside(node), *command], stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: "KUBE-ROUTER-FORWARD" in _run(node, "iptables -S FORWARD"), 30, f"{NAME}'s rules on {node}")
        yield
    finally:
        # What runs here is nsenter, which waits for it; the node has processes of its own.
        _run(node, f"pkill --exact {NAME}")
        process.wait(30)
        _run(node, REMOVE_RULES)


def _run(node: str, script: str) -> str:
    done = subprocess.run([*bare.inside(node), "sh", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`{script}` failed on {node}: {done.stderr.strip()}")
    return done.stdout
