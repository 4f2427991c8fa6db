"""A volume of a node's own disk: neither kind of test cluster has anything that makes volumes for two nodes alike."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cluster.kubectl import Kubectl
from tests.cluster.lifecycle import backend


@contextmanager
def volume(kubectl: Kubectl, storage_class: str) -> Iterator[None]:
    """One volume of 1 GiB of this class, for as long as the block runs."""
    node = sorted(item["metadata"]["name"] for item in kubectl.json("get", "nodes")["items"])[-1]
    name = f"{kubectl.namespace}-{storage_class}"
    path = f"/var/lib/{name}"
    subprocess.run([*backend().inside(node), "mkdir", "--parents", path], check=True, cwd="/")
    on_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_node]}]}}
    place = {"accessModes": ["ReadWriteOnce"], "local": {"path": path}, "nodeAffinity": affinity}
    with _volume(kubectl, name, storage_class, place):
        yield


@contextmanager
def volume_of_every_node(kubectl: Kubectl, storage_class: str) -> Iterator[None]:
    """One that pods on several nodes may have at once, for as long as the block runs; each node shows its own files."""
    name = f"{kubectl.namespace}-shared"
    folder = {"path": f"/var/lib/{name}", "type": "DirectoryOrCreate"}
    with _volume(kubectl, name, storage_class, {"accessModes": ["ReadWriteMany"], "hostPath": folder}):
        yield


@contextmanager
def _volume(kubectl: Kubectl, name: str, storage_class: str, place: dict[str, Any]) -> Iterator[None]:
    size = {"capacity": {"storage": "1Gi"}, "persistentVolumeReclaimPolicy": "Retain"}
    spec = {"storageClassName": storage_class, **size, **place}
    kubectl.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec})
    try:
        yield
    finally:
        kubectl("delete", "persistentvolume", name, "--wait=false")
