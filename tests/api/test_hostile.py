"""Two namespaces, one of them hostile: what it holds, and what its machines answer, delays nobody else."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.settings import Settings
from socketio_operator.desired.kinds import CHILD_KINDS, CLUSTER
from tests.api.conftest import IMAGE
from tests.api.test_ownership import foreign_pod
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor, fresh_namespace
from tests.operator_process import OperatorProcess

pytestmark = pytest.mark.api

SAMPLES = 40
# An answer of the same size by a healthy API server takes longer now and then.
JITTER_SECONDS = 0.05
MIB = 1024 * 1024
MEMORY_MIB = 250


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"+")
        await writer.drain()
        await asyncio.sleep(0.2)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"$157286400\r\n")
    for _ in range(150):
        writer.write(b"x" * MIB)
        await writer.drain()


class Answers:
    """What a server says to each connection, until all end together."""

    def __init__(self, say: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        self._say = say
        self._open: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended = self._open[writer] = asyncio.Event()
        with contextlib.suppress(ConnectionError):
            await self._say(reader, writer)
        writer.close()
        ended.set()

    async def end(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        for ended in self._open.values():
            await ended.wait()


@asynccontextmanager
async def servers(host: str) -> AsyncIterator[list[str]]:
    """URLs of brokers as a hostile tenant has them."""
    async with contextlib.AsyncExitStack() as stack:
        ports = []
        for say in (say_nothing, drip, flood):
            answers = Answers(say)
            server = await stack.enter_async_context(await asyncio.start_server(answers, host, 0))
            stack.push_async_callback(answers.end)
            ports.append(server.sockets[0].getsockname()[1])
        silent, dripping, flooding = ports
        yield [
            f"redis://{host}:{silent}?socket_timeout=86400&retry_on_timeout=yes",
            f"redis://u:p@{host}:{dripping}",
            f"redis://{host}:{flooding}",
            f"rediss://{host}:{silent}",
            f"redis://{host}:{silent}?family=0",
            f"redis://{host}:99999",
            "redis://no\nhost",
            f"redis://{host}:{silent}/0?x=%00",
        ]


def cluster_body(namespace: str, name: str, adapter: dict[str, Any]) -> dict[str, Any]:
    spec = {"image": IMAGE, "replicas": 0, "routing": {"host": f"{name}.localhost"}, "adapter": adapter}
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": CLUSTER.api_version, "kind": CLUSTER.kind, "metadata": meta, "spec": spec}


def account(namespace: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}


async def seconds_until_there(api: KubeApi, namespace: str, name: str, post: Callable[[], Awaitable[Any]]) -> float:
    """From before `post` until a ServiceAccount of this name is there, as a watch tells it."""
    accounts = CHILD_KINDS["ServiceAccount"]
    versions = [version async for _, version in api.pages(accounts, namespace, "")]
    began = time.monotonic()
    await post()
    async with asyncio.timeout(60), aclosing(api.watch(accounts, namespace, "", versions[-1], 120)) as events:
        async for event, live in events:
            if event == "ADDED" and live["metadata"]["name"] == name:
                return time.monotonic() - began
    raise AssertionError("the watch ended")


async def percentiles_95(api: KubeApi, namespace: str) -> tuple[float, float]:
    """Seconds until the first child of a new cluster is there; and, as control, until an object made directly is."""
    clusters, direct = [], []
    for _ in range(SAMPLES):
        name = f"c{secrets.token_hex(4)}"
        post = partial(api.post, CLUSTER, cluster_body(namespace, name, {"type": "none"}))
        clusters.append(await seconds_until_there(api, namespace, name, post))
        post = partial(api.post, CHILD_KINDS["ServiceAccount"], account(namespace, f"{name}-direct"))
        direct.append(await seconds_until_there(api, namespace, f"{name}-direct", post))
    return percentile_95(clusters), percentile_95(direct)


def percentile_95(found: list[float]) -> float:
    return sorted(found)[int(0.95 * (len(found) - 1))]


def large(namespace: str, number: int, letter: str) -> dict[str, Any]:
    """A labelled ConfigMap that the API server writes as more than 5 MiB of JSON: `<` becomes six characters."""
    labels = {"app.kubernetes.io/managed-by": "socketio-operator", "socketio-operator.dev/cluster": "chat"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"large-{number}", "namespace": namespace, "labels": labels},
        "data": {"text": letter + "<" * (900 * 1024)},
    }


async def keep_changing(api: KubeApi, namespace: str) -> None:
    """Large labelled objects, again and again another state of them."""
    kind = CHILD_KINDS["ConfigMap"]
    made = [await api.post(kind, large(namespace, number, "a")) for number in range(3)]
    while True:
        for meta in (live["metadata"] for live in made):
            note = {"annotations": {"a": secrets.token_hex(4)}}
            await api.patch_metadata(kind, namespace, meta["name"], meta["uid"], note)
            await asyncio.sleep(2)


async def besiege(api: KubeApi, namespace: str, urls: list[str]) -> None:
    for number, url in enumerate(urls):
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"url-{number}", "namespace": namespace},
            "stringData": {"url": url},
        }
        await api.post(CHILD_KINDS["Secret"], secret)
        adapter = {"broker": "external", "external": {"secretName": f"url-{number}"}}
        await api.post(CLUSTER, cluster_body(namespace, f"hostile-{number}", adapter))


def memory_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


@pytest.fixture
def healthy(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Kubectl]:
    with fresh_namespace(cluster, "healthy", request.config) as kubectl:
        yield kubectl


def connected(cluster: Cluster, use: Callable[[KubeApi], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with await KubeApi.connect(Settings(kubeconfig=cluster.kubeconfig)) as api:
            return await use(api)

    return asyncio.run(main())


@pytest.mark.timing
def test_a_hostile_namespace_delays_nobody_else(
    operator: OperatorProcess,
    cluster: Cluster,
    kubectl: Kubectl,
    healthy: Kubectl,
    own_address: str,
    wait_for: WaitFor,
) -> None:
    async def measure(api: KubeApi) -> tuple[tuple[float, float], tuple[float, float]]:
        alone = await percentiles_95(api, healthy.namespace)
        async with servers(own_address) as urls:
            await besiege(api, kubectl.namespace, urls)
            changing = asyncio.create_task(keep_changing(api, kubectl.namespace))
            await asyncio.sleep(1)  # the siege is under way
            beside = await percentiles_95(api, healthy.namespace)
            assert not changing.done(), changing.exception()
            changing.cancel()
        return alone, beside

    foreign_pod(kubectl)
    (alone, direct_alone), (beside, direct_beside) = connected(cluster, measure)
    # The API server itself is slower for all while it writes large objects. What the control takes once, from a request
    # to the watch that tells of it, happens twice until there is a child: the operator is told of the cluster before.
    server = 2 * max(0.0, direct_beside - direct_alone)
    assert beside <= 1.2 * alone + server + JITTER_SECONDS, "seconds to the first child, in both cases"
    assert memory_mib(operator.pid) < MEMORY_MIB
    reasons = wait_for(lambda: told(kubectl), 30, "a reason for each of the hostile ones")
    malformed = {"hostile-5", "hostile-6"}
    assert reasons == {
        name: "BrokerUrlInvalid" if name in malformed else "BrokerNotReady"
        for name in (f"hostile-{number}" for number in range(8))
    }


def told(kubectl: Kubectl) -> dict[str, str] | None:
    """The reason of each hostile cluster, once each has one."""
    found = {}
    for item in kubectl.json("get", "sio")["items"]:
        conditions = {one["type"]: one for one in item["status"].get("conditions", ())}
        found[item["metadata"]["name"]] = conditions.get("Ready", {}).get("reason", "")
    return found if all(reason.startswith("Broker") for reason in found.values()) else None


def test_a_child_made_too_large_to_be_read_is_set_right(
    operator: OperatorProcess, cluster: Cluster, kubectl: Kubectl, wait_for: WaitFor
) -> None:
    connected(cluster, lambda api: api.post(CLUSTER, cluster_body(kubectl.namespace, "chat", {"type": "redis"})))
    wait_for(lambda: kubectl("get", "ingress", "chat"), 15, "all children")
    before = kubectl.json("get", "configmap", "chat-redis")["data"]
    data = {"redis.conf": "<" * (900 * 1024)}
    kubectl(
        "patch", "configmap", "chat-redis", "--type=merge", "--patch-file=/dev/stdin", input=json.dumps({"data": data})
    )
    wait_for(lambda: kubectl.json("get", "configmap", "chat-redis")["data"] == before, 30, "the ConfigMap as it was")
