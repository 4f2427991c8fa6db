"""The kubelet of a node."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.cluster import cgroups, containerd
from tests.cluster.binaries import Binaries
from tests.cluster.certificates import Authority
from tests.cluster.daemons import Daemon
from tests.cluster.layout import API_SERVER, DNS_SERVICE, Machine

# The disk and the memory are shared with the host: what the host uses must not evict pods.
NO_EVICTION = dict.fromkeys(
    ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree"), "0%"
)


def daemon(machine: Machine, binaries: Binaries, authority: Authority, logs: Path) -> Daemon:
    """The kubelet inside the node's machine; it registers the node under the machine's name."""
    client = authority.client(f"{machine.name}-kubelet", f"system:node:{machine.name}", "system:nodes")
    kubeconfig = authority.kubeconfig(machine.home / "etc/kubelet.kubeconfig", API_SERVER, client)
    config = machine.home / "etc/kubelet.yaml"
    config.write_text(yaml.safe_dump(_config(machine, authority)))
    command = (
        str(binaries.kubernetes("kubelet")),
        f"--config={config}",
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={machine.name}",
        f"--node-ip={machine.address}",
        "--v=2",
    )
    return Daemon(machine, "kubelet", command, logs / f"{machine.name}-kubelet.log")


def _config(machine: Machine, authority: Authority) -> dict[str, object]:
    serving = authority.server(f"{machine.name}-kubelet-server", (machine.name, machine.address))
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": machine.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority.pair.certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "containerRuntimeEndpoint": f"unix://{containerd.SOCKET}",
        "cgroupRoot": cgroups.root_of(machine),
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "evictionHard": NO_EVICTION,
        # Images come from tars only: one that is collected would not come back.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "serializeImagePulls": False,
        "clusterDNS": [DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "resolvConf": "/etc/resolv.conf",
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "maxPods": 250,
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
    }
