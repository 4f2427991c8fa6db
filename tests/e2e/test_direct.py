"""Clients that choose a pod themselves, at its own address or by a host name through HAProxy; and what they read."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.request import Request, urlopen

import pytest

from socketio_operator.desired.server.discovery import PATH
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.e2e.test_proxies import CLIENTS, swarm
from tests.e2e.test_traffic import MODES
from tests.traffic.chat_cluster import PROXIED, ChatCluster, deploy_chat, wait_ready
from tests.traffic.continuity.stage import is_ready
from tests.traffic.route import ClusterIp, NodePorts, Route, forwarded
from tests.traffic.wire import Target

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator", "probed")]

APP_PORT, LIST_PORT = 3000, 9401
# How long after a change the list shows it.
SOON_SECONDS = 3.0
PYTHON = {"image": "registry.local/chat-python:1", "runtime": {"inject": "python"}}


@pytest.fixture(scope="module", params=["node", pytest.param("python", marks=pytest.mark.long)])
def direct(space: Kubectl, sources: list[str], request: pytest.FixtureRequest) -> Iterator[ChatCluster]:
    """A chat whose clients come to the pods' own addresses, with each runtime."""
    name = f"direct-{request.param}"
    settings = PYTHON if request.param == "python" else {}
    route = ClusterIp(space, f"{name}-route", sources)
    yield deploy_chat(space, route, name, affinity="none", routing={"router": "direct"}, **settings)
    space("delete", "sio", name, "--wait=false")


@pytest.fixture(scope="module")
def by_name(space: Kubectl, proxy_images: None, sources: list[str]) -> Iterator[ChatCluster]:
    """A chat whose pods have a host name each."""
    route: Route = NodePorts(space, "named-proxy", sources)
    # By the host itself it would be forwarded: the operator would, too, that connects there while nobody else does.
    routing = {**PROXIED, "direct": {}, "canary": {"enabled": False}}
    yield deploy_chat(space, route, "named", affinity="none", routing=routing)
    space("delete", "sio", "named", "--wait=false")


def dashed(address: str) -> str:
    return address.replace(".", "-")


def listed(base: str, host: str = "") -> dict[str, int]:
    """URL -> weight, as clients are told."""
    request = Request(base + PATH, headers={"Host": host} if host else {})
    with urlopen(request, timeout=5) as answer:
        return {one["url"]: one["weight"] for one in json.load(answer)["servers"]}


@dataclass
class Watch:
    """A client that waits for changes of the list: what it was told, and when."""

    base: str
    seen: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def follow(self) -> None:
        """Ask, and wait for the next change each time, until it is over."""
        tag = ""
        while not self.over.is_set():
            request = Request(f"{self.base}{PATH}?wait=2", headers={"If-None-Match": tag} if tag else {})
            try:
                with urlopen(request, timeout=10) as answer:
                    tag = answer.headers["ETag"]
                    self.seen.append((time.monotonic(), frozenset(s["url"] for s in json.load(answer)["servers"])))
            except OSError:
                time.sleep(0.1)  # 304, or the pod that was asked has gone

    def seconds_until(self, expected: set[str], since: float) -> float:
        """When the list was this one, in seconds after `since`. Raises TimeoutError."""
        wait_for(lambda: bool(self.seen) and self.seen[-1][1] == expected, 20, f"{expected}, not {self.seen[-1:]}")
        return next(at for at, urls in self.seen if urls == expected and at >= since) - since


@contextmanager
def watching(base: str) -> Iterator[Watch]:
    watch = Watch(base)
    thread = threading.Thread(target=watch.follow)
    thread.start()
    try:
        yield watch
    finally:
        watch.over.set()
        thread.join()


def urls(kubectl: Kubectl, name: str) -> set[str]:
    """Of the pods that are ready and not about to end."""
    selector = f"socketio-operator.dev/cluster={name},socketio-operator.dev/component=server"
    pods = kubectl.json("get", "pods", "--selector", selector)["items"]
    return {f"http://{pod['status']['podIP']}:{APP_PORT}" for pod in pods if is_ready(pod)}


def test_the_list_leads_to_each_pod(direct: ChatCluster, sources: list[str]) -> None:
    """And there each session stays: nothing is between a client and its pod."""
    found = listed(f"http://{direct.target.addresses[0]}:{LIST_PORT}")
    assert set(found) == {f"http://{pod.address}:{APP_PORT}" for pod in direct.pods}
    for pod in direct.pods:
        for mode in MODES:
            target = Target(APP_PORT, direct.target.host, addresses=(pod.address,))
            result = swarm(replace(direct, target=target), sources[:20], mode)
            assert (result.sticky, set(result.pods)) == (20, {pod.name}), result.faults


def test_nothing_but_the_list_is_at_its_port(direct: ChatCluster) -> None:
    base = f"http://{direct.target.addresses[0]}:{LIST_PORT}"
    for path in ("/metrics", "/status", "/drain", "/peer", "/socket.io/"):
        with pytest.raises(OSError, match="404"):
            urlopen(base + path, timeout=5)


def test_the_list_follows_the_pods(direct: ChatCluster, space: Kubectl) -> None:
    name = direct.target.host.partition(".")[0]
    before = urls(space, name)
    with watching(f"http://{direct.target.addresses[0]}:{LIST_PORT}") as watch:
        space("scale", f"sio/{name}", "--replicas=4")
        wait_for(lambda: len(urls(space, name)) == 4, 60, "a pod more that is ready")
        up = watch.seconds_until(urls(space, name), time.monotonic() - SOON_SECONDS) - SOON_SECONDS
        assert up < SOON_SECONDS
        begun = time.monotonic()
        space("scale", f"sio/{name}", "--replicas=3")
        wait_for(lambda: len(urls(space, name)) == 3, 30, "a pod less")
        down = watch.seconds_until(urls(space, name), begun)
        # The operator writes the Deployment first, and Kubernetes ends the pod.
        assert down < SOON_SECONDS + 2
        assert before & urls(space, name)
    wait_ready(space, name)
    print(f"listed {up:+.1f} s from when it was seen ready, left out {down:.1f} s after the scale")


def test_each_pod_has_a_host_name(by_name: ChatCluster, sources: list[str]) -> None:
    base = f"http://{by_name.target.addresses[0]}:{by_name.target.port}"
    expected = {f"http://{dashed(pod.address)}.{by_name.target.host}" for pod in by_name.pods}
    assert set(listed(base, by_name.target.host)) == expected
    for pod in by_name.pods:
        host = f"{dashed(pod.address)}.{by_name.target.host}"
        target = Target(by_name.target.port, host, addresses=by_name.target.addresses)
        for mode in MODES:
            result = swarm(replace(by_name, target=target), sources[:20], mode)
            assert (result.sticky, set(result.pods)) == (20, {pod.name}), result.faults
    assert forwarded(pod.address for pod in by_name.pods).total() == 0


def test_by_the_host_itself_requests_are_forwarded(by_name: ChatCluster, sources: list[str]) -> None:
    """The control: it is the name that leads to a pod."""
    assert swarm(by_name, sources, "polling").sticky == CLIENTS
    assert forwarded(pod.address for pod in by_name.pods).total() > CLIENTS


def test_a_host_name_leads_to_pods_of_the_cluster_alone(by_name: ChatCluster, space: Kubectl) -> None:
    nobody = ["127-0-0-1", "10-0-0-1", "no-pod", "chat", "-"]
    pods = space.json("get", "pods", "-l", "socketio-operator.dev/component in (redis,proxy)")["items"]
    for label in [*nobody, *(dashed(pod["status"]["podIP"]) for pod in pods)]:
        base = f"http://{by_name.target.addresses[0]}:{by_name.target.port}/socket.io/?EIO=4&transport=polling"
        with pytest.raises(OSError, match="503"):
            urlopen(Request(base, headers={"Host": f"{label}.{by_name.target.host}"}), timeout=5)
