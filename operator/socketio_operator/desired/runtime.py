"""The runtime's part of a pod: an init container copies it in, NODE_OPTIONS loads it.

The pods' image stays as it is; an emptyDir carries the runtime from one container to the other.
"""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import wire
from socketio_operator.desired.security import container_security

NAME = "socketio-runtime"
MOUNT = f"/{NAME}"
PRELOAD = f"{MOUNT}/preload.cjs"
SIZE_LIMIT = "128Mi"
# After the drain the app's own handlers get up to 10 s (SOCKETIO_EXIT_SECONDS), then the process ends.
MARGIN_SECONDS = 15

# The user's own NODE_OPTIONS, kept under another name so that ours can begin with them wherever they come from.
USER_OPTIONS = "SOCKETIO_RUNTIME_USER_NODE_OPTIONS"


def injected(cluster: SocketIOCluster) -> bool:
    """Whether the runtime is brought into the pods."""
    return cluster.spec.runtime.inject != "none"


def init_container(cluster: SocketIOCluster, inputs: Inputs) -> dict[str, Any]:
    """Copies the runtime into the shared volume."""
    return {
        "name": NAME,
        "image": inputs.images.runtime_node,
        "command": ["/bin/cp", "-r", "/runtime/.", MOUNT],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": container_security(read_only=True),
        "volumeMounts": [{"name": NAME, "mountPath": MOUNT}],
    }


def volume() -> dict[str, Any]:
    """The shared volume."""
    return {"name": NAME, "emptyDir": {"sizeLimit": SIZE_LIMIT}}


def with_node_options(env: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`env` with the preload after the user's own NODE_OPTIONS, a plain value or a reference."""
    preload = f"--require {PRELOAD}"
    given = next((item for item in env if item["name"] == "NODE_OPTIONS"), None)
    rest = [item for item in env if item["name"] != "NODE_OPTIONS"]
    if given is None:
        return [*rest, {"name": "NODE_OPTIONS", "value": preload}]
    # Kubernetes expands $(NAME) of variables that come before.
    joined = {"name": "NODE_OPTIONS", "value": f"$({USER_OPTIONS}) {preload}"}
    return [*rest, {**given, "name": USER_OPTIONS}, joined]


def runtime_env(cluster: SocketIOCluster, broker: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Variables that only the runtime reads; `broker`: the Secret key that holds the broker's URL."""
    runtime = cluster.spec.runtime
    env: dict[str, dict[str, Any]] = {
        "SOCKETIO_RUNTIME_PORT": {"name": "SOCKETIO_RUNTIME_PORT", "value": str(runtime.port)},
        "SOCKETIO_DRAIN_SECONDS": {"name": "SOCKETIO_DRAIN_SECONDS", "value": str(runtime.drain_seconds)},
    }
    if broker:
        name = "SOCKETIO_RUNTIME_BROKER_URL"
        env[name] = {"name": name, "valueFrom": {"secretKeyRef": broker}}
    return env


def probes() -> dict[str, Any]:
    """Probes on the runtime's port: it knows of listening servers, the broker and the drain."""
    ready = {"httpGet": {"path": "/readyz", "port": "runtime"}}
    alive = {"httpGet": {"path": "/healthz", "port": "runtime"}}
    return {
        "startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": 120, "timeoutSeconds": 2},
        "readinessProbe": {**ready, "periodSeconds": 2, "failureThreshold": 2, "timeoutSeconds": 2},
        "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": 6, "timeoutSeconds": 5},
    }


def mounts(cluster: SocketIOCluster) -> list[Any]:
    """The user's mounts and, with the runtime, its own, read-only."""
    own = [wire(mount) for mount in cluster.spec.volume_mounts]
    return [*own, {"name": NAME, "mountPath": MOUNT, "readOnly": True}] if injected(cluster) else own
