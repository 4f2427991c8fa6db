"""A node: containerd, kubelet, kube-proxy and CoreDNS in a machine of their own."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import cgroups, containerd, dns, kubelet, machines, network, proxy
from tests.cluster.api import Api
from tests.cluster.binaries import Binaries
from tests.cluster.certificates import Authority
from tests.cluster.images.load import load_into
from tests.cluster.layout import Machine


def prepare(machine: Machine, init: Path, pause_image: Path, logs: Path) -> None:
    """The part that needs no API server: namespaces, cgroups, containerd and the pause image."""
    cgroups.create(machine)
    machines.start(machine, init)
    network.add_routes(machine)
    runtime = containerd.daemon(machine, logs)
    runtime.start()
    runtime.wait_ready(lambda: containerd.answers(machine), 30)
    load_into(machine, pause_image)


def join(machine: Machine, binaries: Binaries, authority: Authority, api: Api, logs: Path) -> None:
    """Start the rest and wait until the node is Ready, its cluster IPs work and its DNS answers."""
    dns.add(api, machine)
    agent = kubelet.daemon(machine, binaries, authority, logs)
    rules = proxy.daemon(machine, binaries, authority, logs)
    names = dns.daemon(machine, binaries, authority, logs)
    for daemon in (agent, rules, names):
        daemon.start()
    rules.wait_ready(lambda: proxy.healthy(machine), 60)
    names.wait_ready(lambda: dns.ready(machine), 60)
    agent.wait_ready(lambda: api.node_ready(machine.name), 60)
