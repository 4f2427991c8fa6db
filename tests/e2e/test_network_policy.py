"""NetworkPolicy, enforced: the clients that are named, the pods and the operator get through, nobody else."""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import bare, lifecycle
from tests.cluster.cluster import Cluster
from tests.cluster.firewall import enforced
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.e2e.test_proxies import swarm
from tests.e2e.test_traffic import MODES
from tests.e2e.test_truth import wait_told
from tests.traffic.chat_cluster import ChatCluster, Pod, deploy_chat, manifest, wait_ready
from tests.traffic.route import RUNTIME_PORT, ClusterIp
from tests.traffic.wire import Target

pytestmark = [
    pytest.mark.node,
    pytest.mark.long,
    pytest.mark.usefixtures("operator", "probed"),
    pytest.mark.skipif(lifecycle.backend() is not bare, reason="the firewall is started on the bare nodes"),
]

APP_PORT, REDIS_PORT = 3000, 6379
ALONE = {"router": "none"}
SOON_SECONDS = 30
NOBODY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "nobody"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
}
# Half of the networks that the clients' addresses are in.
NAMED = ["10.250.1.0/24", "10.250.2.0/24", "10.250.3.0/24"]


def is_open(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=2):
            return True
    except OSError:
        return False


def sessions(chat: ChatCluster, pod: Pod, sources: list[str]) -> list[int]:
    """How many sessions at the pod itself survive, for each kind of client."""
    at_pod = replace(chat, target=Target(APP_PORT, chat.target.host, addresses=(pod.address,)))
    return [swarm(at_pod, sources, mode).sticky for mode in MODES]


def guarded(name: str, policy: dict[str, Any] | None) -> dict[str, Any]:
    return manifest(name, routing=ALONE, networkPolicy=policy)


def test_who_gets_through(space: Kubectl, cluster: Cluster, sources: list[str], tmp_path: Path) -> None:
    chat = deploy_chat(space, ClusterIp(space, "guarded-route", sources), "guarded", routing=ALONE)
    pod = chat.pods[0]
    named = [source for source in sources if f"{source.rpartition('.')[0]}.0/24" in NAMED]
    others = [source for source in sources if source not in named]
    redis = space.json("get", "pod", "guarded-redis-0")["status"]["podIP"]
    doors = [(pod.address, RUNTIME_PORT), (redis, REDIS_PORT)]
    assert len(named) == len(others) == 30

    only_named = {"clients": [{"cidr": cidr} for cidr in NAMED]}
    space.apply(NOBODY, guarded("guarded", only_named))
    space("wait", "--for=create", "networkpolicy/guarded", "--timeout=30s")
    assert all(is_open(*door) for door in doors), "nothing enforces it yet"
    assert sessions(chat, pod, others) == [30, 30, 30]

    with enforced(cluster.kubeconfig, sorted(chat.nodes), tmp_path):
        wait_for(lambda: not any(is_open(*door) for door in doors), SOON_SECONDS, "runtime and Redis to be closed")
        assert sessions(chat, pod, named) == [30, 30, 30]
        assert sessions(chat, pod, others) == [0, 0, 0]

        # Another one starts where Redis, the pods and the operator have to be let through from the beginning.
        space.apply(guarded("later", only_named))
        wait_ready(space, "later")
        message = wait_told(space, "later", "Broadcasting", "True", "Crossing")
        assert message.startswith("3 pods receive each other's heartbeats through the adapter")

        space.apply(guarded("guarded", None))
        wait_for(lambda: not is_open(pod.address, APP_PORT), SOON_SECONDS, "the namespace's own policy alone")
        assert sessions(chat, pod, named) == [0, 0, 0]
