"""Where a server whose root file system is read-only may write: apps, and the runtime's workers, expect a `/tmp`."""

from typing import Any

from socketio_operator.api import SocketIOCluster

NAME = "socketio-runtime-scratch"
PATH = "/tmp"


def scratch_volumes(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """An empty folder, or nothing."""
    return [{"name": NAME, "emptyDir": {}}] if _wanted(cluster) else []


def scratch_mounts(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """Where it appears, or nothing."""
    return [{"name": NAME, "mountPath": PATH}] if _wanted(cluster) else []


def _wanted(cluster: SocketIOCluster) -> bool:
    spec = cluster.spec
    return spec.pod.read_only_root and all(mount.mount_path.rstrip("/") != PATH for mount in spec.volume_mounts)
