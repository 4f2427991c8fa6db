"""A volume of a node's own disk: neither kind of test cluster has anything that makes volumes for two nodes alike."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

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
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "storageClassName": storage_class,
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "local": {"path": path},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_node]}]}},
            },
        }
    )
    try:
        yield
    finally:
        kubectl("delete", "persistentvolume", name, "--wait=false")
