"""kube-proxy of a node: it makes cluster IPs and node ports work."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import yaml

from tests.cluster.binaries import Binaries
from tests.cluster.certificates import Authority
from tests.cluster.daemons import Daemon
from tests.cluster.layout import API_SERVER, POD_RANGE, Machine

HEALTH_PORT = 10256


def daemon(machine: Machine, binaries: Binaries, authority: Authority, logs: Path) -> Daemon:
    """kube-proxy inside the node's machine, by nftables."""
    client = authority.client(f"{machine.name}-kube-proxy", "system:kube-proxy")
    kubeconfig = authority.kubeconfig(machine.home / "etc/kube-proxy.kubeconfig", API_SERVER, client)
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "clusterCIDR": POD_RANGE,
        "hostnameOverride": machine.name,
        "bindAddress": machine.address,
        "healthzBindAddress": f"{machine.address}:{HEALTH_PORT}",
        "metricsBindAddress": "127.0.0.1:10249",
        "nftables": {"minSyncPeriod": "100ms"},  # tests wait for a changed Service
        # Connection tracking limits belong to the host's network namespace and cannot be set from here.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
    path = machine.home / "etc/kube-proxy.yaml"
    path.write_text(yaml.safe_dump(config))
    command = (str(binaries.kubernetes("kube-proxy")), f"--config={path}")
    return Daemon(machine, "kube-proxy", command, logs / f"{machine.name}-kube-proxy.log")


def healthy(machine: Machine) -> bool:
    """Whether kube-proxy has programmed the node's rules; raises OSError while it does not answer."""
    url = f"http://{machine.address}:{HEALTH_PORT}/healthz"
    with urllib.request.urlopen(url, timeout=2) as answer:
        return bool(answer.status == 200)
