"""The cluster is a real one: pods on both nodes, Services, DNS, exec and logs, reached from the host."""

from __future__ import annotations

import functools
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import Cluster, ClusterError, KubectlError, bare, lifecycle
from tests.cluster.daemons import Daemon
from tests.cluster.kubectl import Kubectl
from tests.cluster.layout import CONTROL_PLANE
from tests.cluster.plugin import LoadImage, WaitFor

LABELS = {"app": "redis"}
REDIS_PORT = 6379


def redis_deployment(image: str) -> dict[str, Any]:
    """Three pods, spread over the nodes."""
    container = {
        "name": "redis",
        "image": image,
        "args": ["--protected-mode", "no"],
        "readinessProbe": {"tcpSocket": {"port": REDIS_PORT}, "periodSeconds": 1},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": LABELS},
        # kind's control plane is a node too, which takes no pods of ours.
        "nodeTaintsPolicy": "Honor",
    }
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {
        "containers": [container],
        "securityContext": security,
        "terminationGracePeriodSeconds": 1,
        "topologySpreadConstraints": [spread],
    }
    template = {"metadata": {"labels": LABELS}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "redis"},
        "spec": {"replicas": 3, "selector": {"matchLabels": LABELS}, "template": template},
    }


def redis_service() -> dict[str, Any]:
    """A Service in front of the pods."""
    spec = {"selector": LABELS, "ports": [{"port": REDIS_PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "redis"}, "spec": spec}


def ping(address: str) -> bytes:
    """What the Redis at `address` answers to PING."""
    with socket.create_connection((address, REDIS_PORT), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(100)


@pytest.mark.node
def test_pods_run_on_both_nodes_and_are_reached_by_every_address(
    kubectl: Kubectl, load_image: LoadImage, wait_for: WaitFor
) -> None:
    kubectl.apply(redis_deployment(load_image("redis")), redis_service())
    kubectl("rollout", "status", "deployment/redis", "--timeout=60s", timeout=70)
    pods = kubectl.json("get", "pods")["items"]

    assert len({pod["spec"]["nodeName"] for pod in pods}) == 2
    for pod in pods:
        assert ping(pod["status"]["podIP"]) == b"+PONG\r\n"

    cluster_ip = kubectl.json("get", "service", "redis")["spec"]["clusterIP"]
    wait_for(lambda: _answers(cluster_ip), 10, "the cluster IP to answer on the host")


@pytest.mark.node
def test_every_node_resolves_services_and_gives_exec_and_logs(
    kubectl: Kubectl, load_image: LoadImage, wait_for: WaitFor, namespace: str
) -> None:
    kubectl.apply(redis_deployment(load_image("redis")), redis_service())
    kubectl("rollout", "status", "deployment/redis", "--timeout=60s", timeout=70)
    for name in kubectl("get", "pods", "--output=name").split():

        def ping_from_pod(host: str, name: str = name) -> str:
            return kubectl("exec", name, "--", "redis-cli", "-h", host, "ping")

        wait_for(functools.partial(ping_from_pod, "redis"), 10, f"the name `redis` in {name}")
        assert ping_from_pod(f"redis.{namespace}.svc.cluster.local") == "PONG\n"
        assert "Ready to accept connections" in kubectl("logs", name)


@pytest.mark.node
def test_an_image_that_no_node_has_fails_soon(kubectl: Kubectl, wait_for: WaitFor) -> None:
    deployment = redis_deployment("registry.local/absent:1")
    kubectl.apply(deployment)

    def waiting_reasons() -> list[str]:
        pods = kubectl.json("get", "pods")["items"]
        statuses = [status for pod in pods for status in pod["status"].get("containerStatuses", [])]
        return [status["state"].get("waiting", {}).get("reason", "") for status in statuses]

    wait_for(lambda: "ErrImagePull" in waiting_reasons(), 5, "the first failure, without a time-out of the DNS")
    wait_for(lambda: "ImagePullBackOff" in waiting_reasons(), 30, "the kubelet to wait before it pulls again")


@pytest.mark.api
def test_the_namespace_refuses_a_privileged_pod(kubectl: Kubectl) -> None:
    container = {"name": "c", "image": "registry.local/pause:1", "securityContext": {"privileged": True}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    with pytest.raises(KubectlError, match="restricted"):
        kubectl.apply(pod)


@pytest.mark.api
def test_the_audit_log_holds_each_write(cluster: Cluster, kubectl: Kubectl, wait_for: WaitFor, namespace: str) -> None:
    kubectl("create", "configmap", "counted", "--from-literal=a=b")

    def writes() -> list[dict[str, Any]]:
        whole_lines = cluster.audit_log.read_text().split("\n")[:-1]
        events = [json.loads(line) for line in whole_lines if namespace in line]
        return [e for e in events if e["verb"] == "create" and e["objectRef"].get("name") == "counted"]

    assert len(wait_for(writes, 5, "the write in the audit log")) == 1


@pytest.mark.api
def test_a_program_that_ends_is_reported_with_its_log(cluster: Cluster, tmp_path: Path) -> None:
    if lifecycle.backend() is not bare:
        pytest.skip("kind starts its programs itself")
    command = ("sh", "-c", "echo unknown flag; exit 1")
    daemon = Daemon(CONTROL_PLANE, "broken", command, tmp_path / "broken.log")
    try:
        daemon.start()
        with pytest.raises(ClusterError, match=r"broken on control-plane has ended.*broken\.log(.|\n)*unknown flag"):
            daemon.wait_ready(lambda: False, 10)
    finally:
        daemon.pid_file.unlink()


def _answers(address: str) -> bool:
    try:
        return ping(address) == b"+PONG\r\n"
    except OSError:
        return False
