"""From a checkout to a chat that runs on a cluster, and proof that it holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml

from tests import installation
from tests.cluster import Cluster, KubectlError
from tests.cluster import down as cluster_down
from tests.cluster import up as cluster_up
from tests.cluster.diagnostics import describe
from tests.cluster.images import build_image, image_digest
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.demo.console import GREEN, RED, Steps, say, styled
from tests.demo.restart import watch
from tests.demo.router import FOLDER, ensure_router, stop_router
from tests.demo.verdict import Verdict, judge
from tests.traffic.chat_cluster import PROXIED, running_chat_cluster, wait_ready
from tests.traffic.route import NodePorts, Route, routed_addresses
from tests.traffic.swarm import Swarm, source_addresses
from tests.traffic.traefik import INGRESS_CLASS, Traefik
from tests.traffic.wire import Target

CHECKOUT = Path(__file__).resolve().parents[2]
NAMESPACE = "demo"
HOST = "chat.localhost"
PODS, NODES, CLIENTS, RESTARTED = 3, 2, 60, 30
# The default is 20: the demo has less patience.
DRAIN_SECONDS = 5
ROLLOUT_SECONDS = 120
LOADED = FOLDER / "images.json"
ADDRESS = FOLDER / "url"


class DemoError(RuntimeError):
    """A step of the demo failed; the message says which, and what was seen."""


def up(program: str = "") -> bool:
    """Bring everything up, or bring what runs up to date. Returns whether the verdict is good.

    `program`: the proxy that the operator is to run; without one, a Traefik of the demo's reads its Ingress.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    steps = Steps(6 if program else 7)
    images = ("redis", "chat", "runtime-node", "socketio-operator", *([f"proxy-{program}"] if program else []))
    with steps.step(f"Kubernetes with {NODES} nodes", "about 10 minutes the first time, then seconds"):
        cluster = cluster_up(nodes=NODES)
    with steps.step(
        "Images of the operator, its runtime, Redis and the chat", "about 1 minute the first time, then seconds"
    ):
        changed = _load_images(cluster, images)
    with steps.step("The operator, in the cluster", "about 15 seconds"):
        _install_operator(Kubectl(cluster, installation.NAMESPACE), restart="socketio-operator" in changed)
    with ExitStack() as stack:
        kubectl = Kubectl(cluster, NAMESPACE)
        if program:
            sources = stack.enter_context(routed_addresses(CLIENTS))
            route: Route = NodePorts(kubectl, "chat-proxy", sources)
        else:
            sources, route = source_addresses(CLIENTS), _traefik(cluster, steps)
        with steps.step(f"The chat: a SocketIOCluster with {PODS} replicas", "about 20 seconds"):
            target = _apply_chat(kubectl, route, program, restart=bool(changed & {"chat", "runtime-node"}))
        with steps.step(f"{CLIENTS} clients from {CLIENTS} addresses", "about 5 seconds"):
            verdict = asyncio.run(_try_out(target, sources))
        with steps.step(f"A rolling restart under {RESTARTED} clients", "about 1 minute"):
            restart = watch(target, sources[:RESTARTED], lambda: _replace_pods(kubectl))
            verdict = verdict.after(restart)
    ADDRESS.write_text(f"http://{target.addresses[0] if program else HOST}:{target.port}/")
    _show(verdict, url())
    return verdict.passed


def _traefik(cluster: Cluster, steps: Steps) -> Traefik:
    with steps.step("Traefik in front of the cluster", "about 2 seconds"):
        Kubectl(cluster, "default").apply(INGRESS_CLASS)
        return ensure_router(cluster.kubeconfig)


def url() -> str:
    """The address of the chat. Raises DemoError when the demo does not run."""
    if not ADDRESS.exists():
        raise DemoError("the demo does not run; start it with: make demo")
    return ADDRESS.read_text()


def down() -> None:
    """End Traefik and the cluster."""
    stop_router()
    ADDRESS.unlink(missing_ok=True)
    LOADED.unlink(missing_ok=True)
    cluster_down()


def _load_images(cluster: Cluster, names: tuple[str, ...]) -> set[str]:
    """Build and load the images. Returns the names whose image is another one than at the last `up`."""
    known = json.loads(LOADED.read_text()) if LOADED.exists() else {}
    digests = {}
    for name in names:
        tar = build_image(name)
        cluster.load(tar)
        digests[name] = image_digest(tar)[1]
    LOADED.write_text(json.dumps(digests))
    return {name for name in names if known.get(name, digests[name]) != digests[name]}


def _install_operator(kubectl: Kubectl, restart: bool) -> None:
    manifests = {"apiVersion": "v1", "kind": "List", "items": installation.install_objects()}
    # Server-side: a client-side apply would keep a second copy of the CRD in an annotation.
    kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", input=json.dumps(manifests))
    _roll_out(kubectl, f"deployment/{installation.NAME}", restart)


def _apply_chat(kubectl: Kubectl, route: Route, program: str, restart: bool) -> Target:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    chat = yaml.safe_load((CHECKOUT / "examples" / "chat" / "socketiocluster.yaml").read_text())
    chat["spec"]["runtime"] = {"drainSeconds": DRAIN_SECONDS}
    if program:
        chat["spec"]["routing"] |= PROXIED | {"proxy": {"type": program}}
    kubectl("apply", "--filename=-", input=json.dumps(chat))
    with _explained(kubectl):
        wait_ready(kubectl, "chat")
    _roll_out(kubectl, "deployment/chat", restart)
    with _explained(kubectl):
        return running_chat_cluster(kubectl, route, "chat").target


def _roll_out(kubectl: Kubectl, deployment: str, restart: bool) -> None:
    """Wait until all pods are of the present template; `restart` them when their image changed under its name."""
    if restart:
        kubectl("rollout", "restart", deployment)
    with _explained(kubectl):
        kubectl("rollout", "status", deployment, f"--timeout={ROLLOUT_SECONDS}s", timeout=ROLLOUT_SECONDS + 10)


def _replace_pods(kubectl: Kubectl) -> None:
    """A rollout is complete for Kubernetes while pods of before still drain: wait until these are gone, too."""
    former = set(_server_pods(kubectl))
    _roll_out(kubectl, "deployment/chat", restart=True)
    with _explained(kubectl):
        wait_for(lambda: former.isdisjoint(_server_pods(kubectl)), ROLLOUT_SECONDS, "the former pods to end")


def _server_pods(kubectl: Kubectl) -> list[str]:
    """Names, of those that are about to end as well."""
    label = "socketio-operator.dev/component=server"
    return [pod["metadata"]["name"] for pod in kubectl.json("get", "pods", "--selector", label)["items"]]


@contextmanager
def _explained(kubectl: Kubectl) -> Iterator[None]:
    """Add what the namespace looks like to the error of a wait that failed."""
    try:
        yield
    except (KubectlError, TimeoutError) as error:
        raise DemoError(f"{error}\n\n{describe(kubectl)}") from None


async def _try_out(target: Target, sources: Sequence[str]) -> Verdict:
    async with Swarm(target, sources) as swarm:
        broadcasts = await swarm.broadcast_matrix()
        return judge(swarm.result(), broadcasts, PODS, NODES)


def _show(verdict: Verdict, address: str) -> None:
    say()
    for line in verdict.table:
        say(f"  {line}")
    say()
    first, *rest = verdict.summary.split("; ")
    say(f"  {styled('PASS', GREEN) if verdict.passed else styled('FAIL', RED)}  {first}")
    for text in (*rest, *verdict.broken):
        say(f"        {text}")
    say()
    say(f"  The chat runs at {address}  (open it in two browsers)")
    say("  End it with: make demo-down")
