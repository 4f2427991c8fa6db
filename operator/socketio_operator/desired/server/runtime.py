"""The runtime's part of a pod: an init container copies it in, an environment variable makes the interpreter load it.

The pods' image stays as it is; an emptyDir carries the runtime from one container to the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.probes import Probes
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import wire
from socketio_operator.desired.metadata import peers_name, runtime_name
from socketio_operator.desired.quantity import canonical_resources
from socketio_operator.desired.security import container_security
from socketio_operator.desired.server.discovery import discovery_env
from socketio_operator.desired.server.secret_files import secret_env, secret_mounts, secret_volumes

NAME = "socketio-runtime"
PORT_NAME = "runtime"
MOUNT = f"/{NAME}"
SIZE_LIMIT = "128Mi"
RESOURCES = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}
TOKEN_KEY = "token"
SESSION_KEY = "session-key"
TOKEN_NAME = f"{NAME}-token"
TOKEN_MOUNT = f"/{TOKEN_NAME}"
# The hook looks each second whether the drain is over, and after SIGTERM the app's own handlers get up to 10 s
# (SOCKETIO_EXIT_SECONDS); then the process ends.
MARGIN_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Loader:
    """How an interpreter is made to load the runtime. `value` of `variable`, or `joined` with the user's own value."""

    variable: str
    value: str
    joined: str

    @property
    def given(self) -> str:
        """The user's own value under another name, so that ours can hold it wherever it comes from."""
        return f"SOCKETIO_RUNTIME_USER_{self.variable}"


_PRELOAD = f"--require {MOUNT}/preload.cjs"
LOADERS = {
    "node": Loader("NODE_OPTIONS", _PRELOAD, f"$(SOCKETIO_RUNTIME_USER_NODE_OPTIONS) {_PRELOAD}"),
    "python": Loader("PYTHONPATH", MOUNT, f"{MOUNT}:$(SOCKETIO_RUNTIME_USER_PYTHONPATH)"),
}


def injected(cluster: SocketIOCluster) -> bool:
    """Whether the runtime is brought into the pods."""
    return cluster.spec.runtime.inject != "none"


def init_container(cluster: SocketIOCluster, inputs: Inputs) -> dict[str, Any]:
    """Copies the runtime into the shared volume."""
    images = {"node": inputs.images.runtime_node, "python": inputs.images.runtime_python}
    return {
        "name": NAME,
        "image": images[cluster.spec.runtime.inject],
        "command": ["/bin/cp", "-r", "/runtime/.", MOUNT],
        "resources": canonical_resources(wire(cluster.spec.runtime.resources)) or RESOURCES,
        "securityContext": container_security(read_only=True),
        "volumeMounts": [{"name": NAME, "mountPath": MOUNT}],
    }


def volumes(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """The shared volume, the token and the session key, and what the runtime reads of the user's Secrets."""
    items = [{"key": key, "path": key} for key in (TOKEN_KEY, SESSION_KEY)]
    secret = {"secretName": runtime_name(cluster), "items": items}
    return [
        {"name": NAME, "emptyDir": {"sizeLimit": SIZE_LIMIT}},
        {"name": TOKEN_NAME, "secret": secret},
        *secret_volumes(cluster),
    ]


def mounts(cluster: SocketIOCluster) -> list[Any]:
    """The user's mounts and, with the runtime, its own, read-only."""
    own = [wire(mount) for mount in cluster.spec.volume_mounts]
    places = {NAME: MOUNT, TOKEN_NAME: TOKEN_MOUNT, **secret_mounts(cluster)} if injected(cluster) else {}
    return [*own, *({"name": name, "mountPath": path, "readOnly": True} for name, path in places.items())]


def loading(cluster: SocketIOCluster, env: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`env` with the variable that loads the runtime; the user's own, a plain value or a reference, is kept in it."""
    loader = LOADERS[cluster.spec.runtime.inject]
    given = next((item for item in env if item["name"] == loader.variable), None)
    rest = [item for item in env if item["name"] != loader.variable]
    if given is None:
        return [*rest, {"name": loader.variable, "value": loader.value}]
    # Kubernetes expands $(NAME) of variables that come before.
    return [*rest, {**given, "name": loader.given}, {"name": loader.variable, "value": loader.joined}]


def runtime_env(cluster: SocketIOCluster, broker: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Variables that only the runtime reads; `broker`: the Secret key that holds the broker's URL."""
    spec = cluster.spec
    values = {
        "SOCKETIO_RUNTIME_PORT": str(spec.runtime.port),
        "SOCKETIO_RUNTIME_TOKEN_FILE": f"{TOKEN_MOUNT}/{TOKEN_KEY}",
        "SOCKETIO_RUNTIME_SESSION_KEY_FILE": f"{TOKEN_MOUNT}/{SESSION_KEY}",
        "SOCKETIO_RUNTIME_PEERS": f"{peers_name(cluster)}.{cluster.namespace}.svc",
        "SOCKETIO_RUNTIME_APP_PORT": str(spec.port),
        "SOCKETIO_DRAIN_SECONDS": str(spec.runtime.drain_seconds),
        **discovery_env(cluster),
        **secret_env(cluster),
        **_admin_ui(cluster),
    }
    if not spec.runtime.heartbeats:
        values["SOCKETIO_RUNTIME_HEARTBEATS"] = "off"
    if spec.workers.count > 1:
        values["SOCKETIO_WORKERS"] = str(spec.workers.count)
        values["SOCKETIO_WORKERS_BALANCING"] = spec.workers.balancing
    env: dict[str, dict[str, Any]] = {name: {"name": name, "value": value} for name, value in values.items()}
    name = "SOCKETIO_RUNTIME_ADDRESS"
    env[name] = {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}}
    if broker:
        name = "SOCKETIO_RUNTIME_BROKER_URL"
        env[name] = {"name": name, "valueFrom": {"secretKeyRef": broker}}
    return env


def _admin_ui(cluster: SocketIOCluster) -> dict[str, str]:
    asked = cluster.spec.runtime.admin_ui
    if asked is None:
        return {}
    values = {"SOCKETIO_RUNTIME_ADMIN_USERNAME": asked.username, "SOCKETIO_RUNTIME_ADMIN_MODE": asked.mode}
    return values if asked.read_only else {**values, "SOCKETIO_RUNTIME_ADMIN_READ_ONLY": "off"}


def asks_runtime(container: Mapping[str, Any]) -> bool:
    """Whether the runtime says if a container is ready."""
    return bool((container.get("readinessProbe") or {}).get("httpGet", {}).get("port") == PORT_NAME)


def pre_stop(seconds: int) -> dict[str, Any]:
    """A hook that waits for routers and drains: an app may never hear SIGTERM, as below npm or a shell."""
    return {"exec": {"command": [f"{MOUNT}/bin/busybox", "sh", f"{MOUNT}/pre-stop.sh", str(seconds)]}}


def probes(patience: Probes) -> dict[str, Any]:
    """Probes on the runtime's port, once the app is up: it knows of listening servers, the broker and the drain."""
    ready_failures, alive_failures = patience.readiness_failures, patience.liveness_failures
    ready = {"httpGet": {"path": "/readyz", "port": PORT_NAME}}
    alive = {"httpGet": {"path": "/healthz", "port": PORT_NAME}}
    return {
        "readinessProbe": {**ready, "periodSeconds": 2, "failureThreshold": ready_failures, "timeoutSeconds": 2},
        "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": alive_failures, "timeoutSeconds": 5},
    }
