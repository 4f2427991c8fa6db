"""CoreDNS on every node, behind the Service kube-dns."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

from tests.cluster.api import Api
from tests.cluster.binaries import Binaries
from tests.cluster.certificates import Authority
from tests.cluster.daemons import Daemon
from tests.cluster.layout import API_SERVER, DNS_SERVICE, Machine

USER = "system:coredns"
READY_PORT = 8181
SERVICE = "/api/v1/namespaces/kube-system/services/kube-dns"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"
RBAC = "/apis/rbac.authorization.k8s.io/v1"

# Names outside the cluster do not exist: a wrong name or a missing image fails at once instead of timing out.
COREFILE = """.:53 {{
    errors
    ready :{port}
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        fallthrough in-addr.arpa ip6.arpa
    }}
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def daemon(machine: Machine, binaries: Binaries, authority: Authority, logs: Path) -> Daemon:
    """CoreDNS inside the node's machine, on port 53."""
    client = authority.client(f"{machine.name}-coredns", USER)
    kubeconfig = authority.kubeconfig(machine.home / "etc/coredns.kubeconfig", API_SERVER, client)
    corefile = machine.home / "etc/Corefile"
    corefile.write_text(COREFILE.format(port=READY_PORT, kubeconfig=kubeconfig))
    command = (str(binaries.coredns), "-conf", str(corefile))
    return Daemon(machine, "coredns", command, logs / f"{machine.name}-coredns.log")


def ready(machine: Machine) -> bool:
    """Whether CoreDNS has read the cluster's Services; raises OSError while it does not answer."""
    with urllib.request.urlopen(f"http://{machine.address}:{READY_PORT}/ready", timeout=2) as answer:
        return bool(answer.status == 200)


def publish(api: Api) -> None:
    """Let CoreDNS read the cluster, and make the Service kube-dns."""
    api.apply(f"{RBAC}/clusterroles/{USER}", _role())
    api.apply(f"{RBAC}/clusterrolebindings/{USER}", _binding())
    api.apply(SERVICE, _service())


def add(api: Api, machine: Machine) -> None:
    """Let the Service kube-dns send requests to the node's CoreDNS."""
    api.apply(f"{SLICES}/kube-dns-{machine.name}", _endpoints(machine))


def _role() -> dict[str, Any]:
    verbs = ["list", "watch"]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": USER},
        "rules": [
            {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": verbs},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs},
        ],
    }


def _binding() -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": USER},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": USER},
        "subjects": [{"apiGroup": group, "kind": "User", "name": USER}],
    }


def _service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "labels": {"k8s-app": "kube-dns"}},
        "spec": {"clusterIP": DNS_SERVICE, "ports": _ports("targetPort")},
    }


def _endpoints(machine: Machine) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"kube-dns-{machine.name}",
            "labels": {"kubernetes.io/service-name": "kube-dns"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [machine.address], "conditions": {"ready": True}, "nodeName": machine.name}],
        "ports": _ports(None),
    }


def _ports(target: str | None) -> list[dict[str, Any]]:
    ports: list[dict[str, Any]] = [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]
    return [port | {target: 53} for port in ports] if target else ports
