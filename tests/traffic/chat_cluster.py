"""The chat as a SocketIOCluster in a namespace of a real cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.cluster.kubectl import Kubectl
from tests.traffic.route import Route
from tests.traffic.wire import Target

IMAGE = "registry.local/chat:1"
READY_SECONDS = 120
# routing of a proxy that the operator runs, reached at the nodes' addresses.
PROXIED = {"router": "proxy", "service": {"type": "NodePort"}}


@dataclass(frozen=True)
class Pod:
    """A pod that serves; `address` is its IP address."""

    name: str
    node: str
    address: str


@dataclass(frozen=True)
class ChatCluster:
    """A running chat: where clients reach it, and its server pods."""

    target: Target
    pods: tuple[Pod, ...]

    @property
    def pod_names(self) -> list[str]:
        """Sorted."""
        return sorted(pod.name for pod in self.pods)

    @property
    def nodes(self) -> set[str]:
        """Where the pods run."""
        return {pod.node for pod in self.pods}


def manifest(
    name: str,
    affinity: str = "clientIP",
    adapter: str = "redis",
    engine: dict[str, Any] | None = None,
    routing: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A SocketIOCluster of the chat with 3 replicas, at NAME.localhost; `engine` in ms, `more` of its spec.

    `routing`: what is asked for beyond host and affinity.
    """
    return {
        "apiVersion": "socketio-operator.dev/v1alpha1",
        "kind": "SocketIOCluster",
        "metadata": {"name": name},
        "spec": {
            "image": IMAGE,
            "replicas": 3,
            "routing": {"host": f"{name}.localhost", "affinity": affinity, **(routing or {})},
            "adapter": {"type": adapter},
            "engine": engine or {},
            **more,
        },
    }


def deploy_chat(kubectl: Kubectl, route: Route, name: str, **settings: Any) -> ChatCluster:
    """Apply a chat (`settings` as for `manifest`), and wait until it is Ready and routed as NAME.localhost.

    Without an adapter it is never Ready: then its pods are.
    Namespaces of ended tests go in the background, so every test needs a name of its own.
    """
    kubectl.apply(manifest(name, **settings))
    return running_chat_cluster(kubectl, route, name, joined=settings.get("adapter") != "none")


def running_chat_cluster(kubectl: Kubectl, route: Route, name: str, joined: bool = True) -> ChatCluster:
    """The chat of this name, waited for until it is Ready and the route leads to exactly its pods.

    Of one that is not `joined`, as it has no adapter, the pods alone are.
    """
    host = f"{name}.localhost"
    if joined:
        wait_ready(kubectl, name)
    else:
        wait_condition(kubectl, name, "Broadcasting", "False")
        kubectl("rollout", "status", f"deployment/{name}", f"--timeout={READY_SECONDS}s", timeout=READY_SECONDS + 10)
    pods = server_pods(kubectl, name)
    # A pod that the router learns of later would take over sessions of the others.
    route.wait_routed(host, {pod.address for pod in pods})
    return ChatCluster(route.target(host), pods)


def wait_ready(kubectl: Kubectl, name: str) -> None:
    """Wait for the condition Ready. Raises KubectlError."""
    wait_condition(kubectl, name, "Ready", "True")


def wait_condition(kubectl: Kubectl, name: str, type_: str, status: str, seconds: int = READY_SECONDS) -> None:
    """Wait until a condition is so. Raises KubectlError."""
    kubectl("wait", f"--for=condition={type_}={status}", f"sio/{name}", f"--timeout={seconds}s", timeout=seconds + 10)


def server_pods(kubectl: Kubectl, name: str) -> tuple[Pod, ...]:
    """The server pods that are not about to end."""
    selector = f"socketio-operator.dev/cluster={name},socketio-operator.dev/component=server"
    items = kubectl.json("get", "pods", "--selector", selector)["items"]
    return tuple(
        Pod(pod["metadata"]["name"], pod["spec"]["nodeName"], pod["status"]["podIP"])
        for pod in items
        if "deletionTimestamp" not in pod["metadata"]
    )
