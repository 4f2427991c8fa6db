"""Names outside of a kind cluster fail at once, as on the bare nodes: a missing image or broker is seen in a second.

An engine asks the host's name servers, which may answer a node late or never.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.cluster.progress import step

# Its answer to a name that no plugin before knows is "no such name".
COREFILE = """. {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    template ANY ANY {
        rcode NXDOMAIN
    }
    loadbalance
}
"""
# Nobody listens there, so that a question is refused by the kernel.
NOBODY = "nameserver 127.0.0.1\n"
SECONDS = 90


def fail_at_once(kubectl: list[str], nodes: list[str]) -> None:
    """Let nodes and pods know the cluster's names and no others."""
    settle(kubectl, nodes)
    corefile = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns"},
        "data": {"Corefile": COREFILE},
    }
    with step("CoreDNS with the cluster's names alone"):
        _kubectl(
            kubectl, "--namespace=kube-system", "apply", "--server-side", "--force-conflicts", "-f-", given=corefile
        )
        _kubectl(kubectl, "--namespace=kube-system", "rollout", "restart", "deployment/coredns")
        _kubectl(kubectl, "--namespace=kube-system", "rollout", "status", "deployment/coredns", f"--timeout={SECONDS}s")


def settle(kubectl: list[str], nodes: list[str]) -> None:
    """Give `nodes` each other's names, and no name server. Docker undoes it whenever it starts a node."""
    items = json.loads(_kubectl(kubectl, "get", "nodes", "--output=json"))["items"]
    lines = "".join(f"{_address(item)} {item['metadata']['name']}\n" for item in items)
    script = 'printf "$1" >> /etc/hosts && printf "$2" > /etc/resolv.conf'
    for node in nodes:
        command = ["docker", "exec", node, "sh", "-c", script, "sh", lines, NOBODY]
        subprocess.run(command, capture_output=True, check=True)


def _address(node: dict[str, Any]) -> str:
    return next(str(item["address"]) for item in node["status"]["addresses"] if item["type"] == "InternalIP")


def _kubectl(kubectl: list[str], *arguments: str, given: object = None) -> str:
    done = subprocess.run([*kubectl, *arguments], input=json.dumps(given), capture_output=True, text=True, check=True)
    return done.stdout
