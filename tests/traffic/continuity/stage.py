"""A SocketIOCluster with rooms, a router of its own and a crowd in front of it: where something happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.traffic.chat_cluster import (
    PROXIED,
    ChatCluster,
    Pod,
    manifest,
    running_chat_cluster,
    server_pods,
    wait_ready,
)
from tests.traffic.continuity import harm
from tests.traffic.continuity.crowd import ADDRESSES, SETTLE_SECONDS, Crowd, crowd
from tests.traffic.continuity.report import Report
from tests.traffic.continuity.volumes import volume
from tests.traffic.processes import running
from tests.traffic.route import EVENING_OUT, RUNTIME_PORT, NodePorts, Route, forwarded, routed_addresses
from tests.traffic.traefik import INGRESS_CLASS, INGRESS_NGINX, Traefik
from tests.traffic.wire import Target

IMAGE = "registry.local/rooms:1"
DRAIN_SECONDS = 3
WHOLE_SECONDS = 150.0
# 2 s of numbers to everybody: what an event does to clients soon after all looks well is part of it.
AFTERWARDS = 20
PROXIES = 2
# Short enough that whoever talks to a dead machine notices within a test, long enough for a busy one.
PINGS = {"pingInterval": 5000, "pingTimeout": 10_000}


@dataclass(frozen=True)
class Setup:
    """A SocketIOCluster with rooms; `off` are the parts of the runtime that are switched off.

    With any adapter but redis-streams sessions are not recovered. `stored`: Redis has a volume. `proxy`: the program of
    a proxy that the operator runs; without one, Traefik reads an Ingress. `lazy`: the app makes its server with the
    first request.
    """

    name: str
    affinity: str = "clientIP"
    off: tuple[Literal["forwarding", "mirror"], ...] = ()
    adapter: str = "redis-streams"
    stored: bool = False
    proxy: str = ""
    image: str = IMAGE
    lazy: bool = False

    def manifest(self) -> dict[str, Any]:
        """As a user would write it."""
        variables = {
            "forwarding": {"name": "SOCKETIO_RUNTIME_PEERS", "value": ""},
            "mirror": {"name": "SOCKETIO_RUNTIME_MIRROR", "value": "off"},
        }
        made = manifest(
            self.name,
            affinity=self.affinity,
            adapter=self.adapter,
            routing=PROXIED | {"proxy": {"type": self.proxy}} if self.proxy else {},
            engine=PINGS | ({"connectionStateRecovery": {}} if self.adapter == "redis-streams" else {}),
            image=self.image,
            runtime={"drainSeconds": DRAIN_SECONDS},
            resources={"requests": {"cpu": "250m"}},
            env=[*(variables[part] for part in self.off), *([{"name": "LAZY", "value": "yes"}] if self.lazy else ())],
        )
        if self.stored:
            made["spec"]["adapter"]["managed"] = {"storage": {"size": "1Gi", "storageClassName": self.name}}
        return made

    def __str__(self) -> str:
        return self.name


@dataclass
class Router:
    """A Traefik that can be ended and started again on the same ports."""

    kubeconfig: Path
    traefik: Traefik
    _process: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it; returns when it answers."""
        self._process.enter_context(
            running(*self.traefik.process(INGRESS_NGINX), environment={"KUBECONFIG": str(self.kubeconfig)})
        )

    def stop(self) -> None:
        """End it as its administrator would (SIGTERM)."""
        self._process.close()

    def target(self, host: str) -> Target:
        """Where clients of this host connect to."""
        return self.traefik.target(host)

    def wait_routed(self, host: str, servers: Set[str]) -> None:
        """Wait until requests for this host go to exactly these addresses of pods."""
        self.traefik.wait_routed(host, servers)


@dataclass(frozen=True)
class Stage:
    """`watch` lets something happen and tells what the crowd saw."""

    kubectl: Kubectl
    route: Route
    name: str
    target: Target
    crowd: Crowd
    proxies: int = 0

    def watch(self, event: str, happen: Callable[[], object], settle: float = SETTLE_SECONDS) -> Report:
        """Let it happen, wait until the cluster is whole again, and tell what the clients saw; kept and printed."""

        def happen_and_heal() -> None:
            happen()
            self.wait_whole()
            self.crowd.wait_numbers(AFTERWARDS)

        before = self._forwarded()
        report = self.crowd.watch(event, happen_and_heal, settle)
        more = {address: count - before.get(address, 0) for address, count in self._forwarded().items()}
        report = replace(report, forwarded=sum(more.values()))
        report.save()
        print(f"{report.row()} {report.pressure} % pressure; forwarded: {report.forwarded}")
        return report

    def _forwarded(self) -> dict[str, int]:
        """Of each pod that is there, how many requests it has passed on to others since it started."""
        return {pod.address: forwarded([pod.address]).total() for pod in self.pods}

    @property
    def router(self) -> Router:
        """The Traefik of this stage. Raises TypeError where the operator runs the proxy."""
        if not isinstance(self.route, Router):
            raise TypeError(f"{self.name} has no router of its own")
        return self.route

    @property
    def pods(self) -> tuple[Pod, ...]:
        """The server pods that are not about to end."""
        return server_pods(self.kubectl, self.name)

    def delete(self, pod: str) -> None:
        """As `kubectl delete pod` does, until it is gone."""
        self.kubectl("delete", "pod", pod, timeout=120)

    def kill(self, pod: str, container: str) -> None:
        """SIGKILL to a container's first process, until the kubelet has started it again."""
        before = self._container(pod, container)["restartCount"]
        harm.kill(harm.first_process(self.kubectl, pod, container))

        def back() -> bool:
            now = self._container(pod, container)
            return bool(now["restartCount"] > before and now["ready"])

        wait_for(back, 90, f"{pod} to be started again", tolerate=(KubectlError,))

    def scale(self, replicas: int) -> None:
        """As `kubectl scale` does."""
        self.kubectl("scale", f"sio/{self.name}", f"--replicas={replicas}")

    def offer_fullest(self) -> None:
        """Let Kubernetes take the pod that most clients are on when it scales down; else it may take empty ones."""
        fullest = max(self.pods, key=lambda pod: _connections(pod.address))
        self.kubectl("annotate", "pod", fullest.name, "controller.kubernetes.io/pod-deletion-cost=-1")

    def roll(self, workload: str = "") -> None:
        """As `kubectl rollout restart` does for this Deployment, or the server's, until the new pods are there."""
        deployment = f"deployment/{workload or self.name}"
        self.kubectl("rollout", "restart", deployment)
        self.kubectl("rollout", "status", deployment, "--timeout=150s", timeout=160)

    def proxy_pods(self) -> list[str]:
        """The names of the pods of the proxy that the operator runs."""
        return [str(pod["metadata"]["name"]) for pod in self._pods("proxy")]

    def redis(self) -> str:
        """The name of Redis' pod; raises LookupError while there is none that stays."""
        for pod in self._pods("redis"):
            if "deletionTimestamp" not in pod["metadata"]:
                return str(pod["metadata"]["name"])
        raise LookupError("there is no pod of Redis")

    def node_of(self, pod: str) -> str:
        """Where a pod runs."""
        return str(self.kubectl.json("get", "pod", pod)["spec"]["nodeName"])

    def wait_whole(self) -> None:
        """Wait until all pods are there and ready, none is about to end, and the router sends to exactly these."""
        wait_for(self._whole, WHOLE_SECONDS, f"{self.name} to be whole", tolerate=(KubectlError, OSError), interval=0.3)
        wait_ready(self.kubectl, self.name)
        self.route.wait_routed(f"{self.name}.localhost", {pod.address for pod in self.pods})

    def _whole(self) -> bool:
        wanted = self.kubectl.json("get", "sio", self.name)["spec"]["replicas"]
        servers, redis, proxies = self._pods("server"), self._pods("redis"), self._pods("proxy")
        counts = (len(servers), len(redis), len(proxies))
        if counts != (wanted, 1, self.proxies) or not all(map(is_ready, servers + redis + proxies)):
            return False
        return all(_answers(pod["status"]["podIP"]) for pod in servers)

    def _container(self, pod: str, container: str) -> dict[str, Any]:
        statuses: list[dict[str, Any]] = self.kubectl.json("get", "pod", pod)["status"]["containerStatuses"]
        return next(status for status in statuses if status["name"] == container)

    def _pods(self, component: str) -> list[dict[str, Any]]:
        labels = f"socketio-operator.dev/cluster={self.name},socketio-operator.dev/component={component}"
        found: list[dict[str, Any]] = self.kubectl.json("get", "pods", "--selector", labels)["items"]
        return found


def _connections(address: str) -> int:
    with urlopen(f"http://{address}:{RUNTIME_PORT}/status", timeout=5) as answer:
        return int(json.load(answer)["connections"])


@contextmanager
def staged(kubectl: Kubectl, folder: Path, setup: Setup) -> Iterator[Stage]:
    """The cluster of this setup with its route and crowd."""
    with ExitStack() as stack:
        sources = stack.enter_context(routed_addresses(ADDRESSES)) if setup.proxy else ()
        route, cluster = stack.enter_context(deployed(kubectl, folder, setup, sources))
        clients = stack.enter_context(crowd(cluster.target, sources=sources))
        yield Stage(kubectl, route, setup.name, cluster.target, clients, PROXIES if setup.proxy else 0)


@contextmanager
def deployed(
    kubectl: Kubectl, folder: Path, setup: Setup, sources: Sequence[str] = ()
) -> Iterator[tuple[Route, ChatCluster]]:
    """The cluster of this setup, Ready, with its route; both are gone afterwards.

    `sources`: addresses of this machine that nodes know the way back to, which a route through them needs.
    """
    kubectl.apply(INGRESS_CLASS, setup.manifest())
    with ExitStack() as stack:
        if setup.stored:
            stack.enter_context(volume(kubectl, setup.name))
        stack.callback(kubectl, "delete", "sio", setup.name, "--wait=false")
        if setup.proxy:
            route: Route = NodePorts(kubectl, f"{setup.name}-proxy", sources, evens_out=setup.proxy in EVENING_OUT)
        else:
            route = Router(kubectl.cluster.kubeconfig, Traefik.on_free_ports(folder / f"traefik-{setup.name}.log"))
            stack.callback(route.stop)
            route.start()
        yield route, running_chat_cluster(kubectl, route, setup.name)


def is_ready(pod: dict[str, Any]) -> bool:
    """Whether a pod, as the API server tells of it, serves and is not about to end."""
    conditions = {item["type"]: item["status"] for item in pod["status"].get("conditions", ())}
    return "deletionTimestamp" not in pod["metadata"] and conditions.get("Ready") == "True"


def _answers(address: str) -> bool:
    with urlopen(f"http://{address}:{RUNTIME_PORT}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)
