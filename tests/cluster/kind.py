"""The same cluster by kind, on a Docker engine: the one that answers, or one of the project's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.cluster import apiserver, binaries, engine, kind_image, kind_names
from tests.cluster.cluster import Cluster
from tests.cluster.errors import ClusterError
from tests.cluster.images.archive import image_digest
from tests.cluster.layout import BUILD, KUBECONFIG, LOGS, MOST_MACHINES, NUMBER, SUFFIX
from tests.cluster.progress import say, step

NAME = f"socketio-operator{SUFFIX}"
POLICY = BUILD / "kind/audit-policy.yaml"
POLICY_IN_NODE = "/etc/kubernetes/audit-policy.yaml"
LOGS_IN_NODE = "/var/log/kubernetes"
# Not those of a bare-node cluster, which may run beside it.
POD_RANGE = f"10.252.{MOST_MACHINES * NUMBER}.0/20"
SERVICE_RANGE = f"10.253.{MOST_MACHINES * NUMBER}.0/20"
# For a machine with cgroup v1, and for the node image that is built here, which has no iptables.
KUBELET = {"kind": "KubeletConfiguration", "failCgroupV1": False}
PROXY_MODE = "nftables"


def up(count: int) -> Cluster:
    """Bring up one control plane and `count` workers; a healthy cluster with as many is used again."""
    engine.ensure()
    found = running_cluster()
    if found and found.nodes >= count:
        return found
    _delete()
    image = kind_image.node_image()
    LOGS.mkdir(parents=True, exist_ok=True)
    POLICY.parent.mkdir(parents=True, exist_ok=True)
    POLICY.write_text(yaml.safe_dump(apiserver.AUDIT_POLICY))
    path = POLICY.with_name("config.yaml")
    path.write_text(yaml.safe_dump(configuration(count, image)))
    with step(f"kind cluster with {count} workers"):
        _kind("create", "cluster", f"--config={path}", f"--kubeconfig={KUBECONFIG}", "--wait=180s")
    kind_names.fail_at_once(_kubectl(), _nodes())
    _route(_kubectl(), "replace")
    return _cluster(count)


def down() -> None:
    """Delete the cluster and, with the last one, end the engine if it is our own; nothing to do is no error."""
    others = ""
    if engine.found():
        _delete()
        others = _kind_says("get", "clusters")
    if not others:
        engine.end()
    KUBECONFIG.unlink(missing_ok=True)


def inside(node_name: str) -> list[str]:
    """The start of a command line that runs the rest of it on a node."""
    return ["docker", "exec", node_name]


def kill_node(name: str) -> None:
    """End all of a node at once, as a loss of power does. `revive_node` brings it back."""
    _docker("kill", name)


def revive_node(name: str) -> None:
    """Start a killed node again, with its disk as it was, and wait until it is Ready."""
    _docker("start", name)
    command = [*_kubectl(), "wait", "--for=condition=Ready", f"node/{name}", "--timeout=120s"]
    subprocess.run(command, capture_output=True, check=True)
    kind_names.settle(_kubectl(), [name])


def status() -> bool:
    """Print what runs; true when the cluster is there and healthy."""
    found = running_cluster()
    nodes = _nodes() if engine.found() else []
    say(f"kind nodes: {', '.join(nodes) or 'none'}; {'healthy' if found else 'no healthy cluster'}")
    return found is not None


def running_cluster() -> Cluster | None:
    """The cluster if it runs and is healthy."""
    nodes = _nodes() if engine.found() else []
    if not nodes:
        return None
    try:
        _kind("export", "kubeconfig", f"--kubeconfig={KUBECONFIG}")
    except ClusterError:
        return None  # a killed `up` left nodes without a cluster
    ready = subprocess.run([*_kubectl(), "get", "--raw=/readyz"], capture_output=True, check=False)
    return _cluster(len(nodes) - 1) if ready.returncode == 0 else None


def configuration(count: int, image: str) -> dict[str, object]:
    """kind's configuration: `count` workers of the node image `image`, and an audit log that the host can read."""
    audit = {
        "kind": "ClusterConfiguration",
        "apiServer": {
            "extraArgs": [
                {"name": "audit-policy-file", "value": POLICY_IN_NODE},
                {"name": "audit-log-path", "value": f"{LOGS_IN_NODE}/audit.log"},
            ],
            "extraVolumes": [
                {"name": "policy", "hostPath": POLICY_IN_NODE, "mountPath": POLICY_IN_NODE, "readOnly": True},
                {"name": "logs", "hostPath": LOGS_IN_NODE, "mountPath": LOGS_IN_NODE},
            ],
        },
    }
    control_plane = {
        "role": "control-plane",
        "image": image,
        "extraMounts": [
            {"hostPath": str(POLICY), "containerPath": POLICY_IN_NODE, "readOnly": True},
            {"hostPath": str(LOGS), "containerPath": LOGS_IN_NODE},
        ],
    }
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": NAME,
        "networking": {"podSubnet": POD_RANGE, "serviceSubnet": SERVICE_RANGE, "kubeProxyMode": PROXY_MODE},
        "kubeadmConfigPatches": [yaml.safe_dump(audit), yaml.safe_dump(KUBELET)],
        "nodes": [control_plane, *({"role": "worker", "image": image} for _ in range(count))],
    }


def _delete() -> None:
    if _nodes():
        _route(_kubectl(), "delete")
        with step("deleting the kind cluster"):
            _kind("delete", "cluster", f"--kubeconfig={KUBECONFIG}")


def _route(kubectl: list[str], verb: str) -> None:
    """Reach pod and cluster IPs from the host, as with the bare-node cluster; only root can."""
    if os.geteuid() != 0:
        say("  not root: the host has no routes to pods, so tests of traffic cannot run")
        return
    shown = subprocess.run([*kubectl, "get", "nodes", "--output=json"], capture_output=True, text=True, check=False)
    nodes = json.loads(shown.stdout)["items"] if shown.returncode == 0 else []
    for number, node in enumerate(nodes):
        addresses = {item["type"]: item["address"] for item in node["status"]["addresses"]}
        for ip_range in [node["spec"]["podCIDR"]] + ([SERVICE_RANGE] if number == 0 else []):
            command = ["ip", "route", verb, ip_range, "via", addresses["InternalIP"]]
            subprocess.run(command, capture_output=True, check=verb != "delete")


def _cluster(count: int) -> Cluster:
    def load(tar: Path) -> None:
        image = _image(tar)
        # With workers there, no pod of a test runs on the control plane.
        workers = [node for node in _nodes() if "worker" in node or count == 0]
        if lacking := [node for node in workers if image not in _images(node)]:
            _kind("load", "image-archive", f"--nodes={','.join(lacking)}", str(tar))

    kubectl = Path(_kubectl()[0])
    return Cluster(KUBECONFIG, kubectl, apiserver.audit_log(LOGS), LOGS, count, load)


def _image(tar: Path) -> tuple[str, str] | None:
    """Name and digest of the image in `tar`; None for an archive of Docker's own layout."""
    try:
        return image_digest(tar)
    except KeyError:
        return None


def _images(node: str) -> set[tuple[str, str]]:
    """The images of a node: name and digest of the manifest."""
    command = [*inside(node), "ctr", "--namespace=k8s.io", "images", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {(row[0], row[2]) for row in map(str.split, listed.splitlines()[1:])}


def _nodes() -> list[str]:
    return [line for line in _kind("get", "nodes").splitlines() if line.startswith(NAME)]


def _kubectl() -> list[str]:
    found = shutil.which("kubectl")
    program = Path(found) if found else binaries.ensure((binaries.KUBERNETES,)).kubernetes("kubectl")
    return [str(program), f"--kubeconfig={KUBECONFIG}"]


def _kind(*arguments: str) -> str:
    return _kind_says(*arguments, f"--name={NAME}")


def _kind_says(*arguments: str) -> str:
    command = [str(_program()), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
    return done.stdout


def _docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], capture_output=True, check=True)


def _program() -> Path:
    """kind itself, built on first use."""
    return binaries.ensure_tool(kind_image.KIND)
