"""Each condition that traffic decides becomes False by a real cause, and True again when that is mended."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.e2e.test_traffic import NO_FORWARDING, SOURCES
from tests.traffic.beside import beside
from tests.traffic.chat_cluster import ChatCluster, deploy_chat, manifest, running_chat_cluster, wait_condition
from tests.traffic.continuity.crowd import crowd
from tests.traffic.continuity.harm import cut_off
from tests.traffic.engineio import Mode
from tests.traffic.swarm import Swarm
from tests.traffic.traefik import Traefik

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

OWN_ADAPTER = "registry.local/chat-own-adapter:1"
TRUTH = ("Sticky", "Broadcasting", "Balanced", "Routed")
# Pods are asked every 45 s, and a minute's window has to pass.
TOLD_SECONDS = 200
# The operator's own client goes each 300 s.
VISITED_SECONDS = 400


def condition(kubectl: Kubectl, name: str, type_: str) -> dict[str, Any]:
    """As the status has it; empty if it has none of that type."""
    found = kubectl.json("get", "sio", name).get("status", {}).get("conditions", ())
    return next((item for item in found if item["type"] == type_), {})


def is_told(kubectl: Kubectl, name: str, type_: str, status: str, reason: str) -> bool:
    found = condition(kubectl, name, type_)
    return (found.get("status"), found.get("reason")) == (status, reason)


def wait_told(kubectl: Kubectl, name: str, type_: str, status: str, reason: str, seconds: int = TOLD_SECONDS) -> str:
    """Wait for a verdict. Returns its sentence."""
    what = f"{type_}={status}, reason {reason}, of {name}"
    try:
        wait_for(
            lambda: is_told(kubectl, name, type_, status, reason), seconds, what, tolerate=(KubectlError,), interval=1
        )
    except TimeoutError as error:
        raise AssertionError(f"{error}; it is {condition(kubectl, name, type_)}") from None
    return str(condition(kubectl, name, type_)["message"])


@contextmanager
def connected(chat: ChatCluster, sources: Sequence[str], mode: Mode = "websocket") -> Iterator[None]:
    """Clients that stay for as long as the block runs, and answer pings meanwhile."""
    with beside("swarm") as run:
        swarm = Swarm(chat.target, sources, mode)
        run(swarm.__aenter__())
        try:
            yield
        finally:
            run(swarm.__aexit__())


def poll_until(chat: ChatCluster, done: Callable[[], bool], seconds: int = TOLD_SECONDS) -> None:
    """New sessions of polling clients, again and again, until it is so."""

    async def once() -> None:
        async with Swarm(chat.target, SOURCES, "polling"):
            pass

    def polled() -> bool:
        asyncio.run(once())
        return done()

    wait_for(polled, seconds, "what polling clients cause")


def test_broadcasts_stay_without_an_adapter(kubectl: Kubectl, traefik: Traefik) -> None:
    chat = deploy_chat(kubectl, traefik, "mute", adapter="none")
    assert len(chat.pods) == 3
    wait_told(kubectl, "mute", "Ready", "False", "NoAdapter")
    sentence = (
        "Broadcasts stay on the pod that sends them, as spec.adapter.type is none: set another one, or keep one pod."
    )
    assert condition(kubectl, "mute", "Broadcasting")["message"] == sentence
    kubectl.apply(manifest("mute", adapter="redis"))
    running_chat_cluster(kubectl, traefik, "mute")
    message = wait_told(kubectl, "mute", "Broadcasting", "True", "Crossing")
    assert message.startswith("3 pods receive each other's heartbeats through the adapter, at most ")


@pytest.mark.long
def test_an_app_whose_own_adapter_does_not_cross(kubectl: Kubectl, traefik: Traefik) -> None:
    env = [{"name": "KEY_OF_ITS_OWN", "value": "yes"}]
    kubectl.apply(manifest("island", image=OWN_ADAPTER, env=env))
    message = wait_told(kubectl, "island", "Broadcasting", "False", "PodsApart")
    assert "for 15 s and longer pod island-" in message
    assert "all run the same adapter with the same prefix" in message
    assert condition(kubectl, "island", "Ready")["status"] == "False"
    kubectl.apply(manifest("island", image=OWN_ADAPTER))
    wait_told(kubectl, "island", "Broadcasting", "True", "Crossing")
    wait_condition(kubectl, "island", "Ready", "True")
    assert is_told(kubectl, "island", "AdapterInjected", "False", "AppAdapter"), "the app's own is as good"


@pytest.mark.long
def test_a_pod_that_is_cut_off_from_redis(kubectl: Kubectl, traefik: Traefik) -> None:
    chat = deploy_chat(kubectl, traefik, "cut", adapter="redis-streams")
    wait_told(kubectl, "cut", "Broadcasting", "True", "Crossing")
    lonely = chat.pod_names[1]
    with cut_off(kubectl, lonely, "server", 6379):
        message = wait_told(kubectl, "cut", "Broadcasting", "False", "PodsApart")
        assert lonely in message
        assert condition(kubectl, "cut", "Ready")["status"] == "False"
        assert condition(kubectl, "cut", "Available")["reason"] == "Degraded"
    wait_told(kubectl, "cut", "Broadcasting", "True", "Crossing")
    wait_condition(kubectl, "cut", "Ready", "True")


@pytest.mark.long
def test_polling_that_nothing_keeps_on_its_pod(kubectl: Kubectl, traefik: Traefik) -> None:
    chat = deploy_chat(kubectl, traefik, "strayed", affinity="none", env=[NO_FORWARDING])
    poll_until(chat, lambda: is_told(kubectl, "strayed", "Sticky", "False", "SessionsUnknown"))
    message = condition(kubectl, "strayed", "Sticky")["message"]
    assert "% for unknown sessions: clients lose their sessions." in message
    assert "Affinity is none and clients poll: set spec.routing.affinity to clientIP or cookie." in message
    assert is_told(kubectl, "strayed", "Ready", "False", "SessionsUnknown")
    kubectl.apply(manifest("strayed", affinity="clientIP", env=[NO_FORWARDING]))
    poll_until(chat, lambda: is_told(kubectl, "strayed", "Sticky", "True", "Sticking"))
    wait_condition(kubectl, "strayed", "Ready", "True")
    assert kubectl.json("get", "sio", "strayed")["status"]["lastVerified"]


@pytest.mark.long
@pytest.mark.usefixtures("proxy_images")
def test_a_route_that_nobody_uses_is_tried_by_the_operator(kubectl: Kubectl) -> None:
    routing = {"router": "proxy"}
    kubectl.apply(manifest("idle", routing=routing, env=[NO_FORWARDING]))
    message = wait_told(kubectl, "idle", "Sticky", "True", "Sticking")
    assert message == "Each request of the operator's own session found it."
    wait_condition(kubectl, "idle", "Ready", "True")
    kubectl.apply(manifest("idle", affinity="none", routing=routing, env=[NO_FORWARDING]))
    message = wait_told(kubectl, "idle", "Sticky", "False", "SessionsUnknown", VISITED_SECONDS)
    assert message.startswith("A request of the operator's own session did not find it: clients lose their sessions.")
    assert "set spec.routing.affinity to clientIP or cookie" in message
    assert condition(kubectl, "idle", "Ready")["reason"] == "SessionsUnknown"
    kubectl.apply(manifest("idle", routing=routing, env=[NO_FORWARDING]))
    wait_told(kubectl, "idle", "Sticky", "True", "Sticking", VISITED_SECONDS)


@pytest.mark.long
def test_forwarding_keeps_what_the_router_does_not(kubectl: Kubectl, traefik: Traefik) -> None:
    """The control of the test above: the same router, and no session is lost."""
    chat = deploy_chat(kubectl, traefik, "passed-on", affinity="none")
    poll_until(chat, lambda: is_told(kubectl, "passed-on", "Sticky", "True", "Forwarding"))
    message = condition(kubectl, "passed-on", "Sticky")["message"]
    assert "0 % for unknown sessions: no session is lost, but these requests take an extra hop." in message
    assert condition(kubectl, "passed-on", "Ready")["status"] == "True"


@pytest.mark.long
def test_all_clients_behind_one_address(kubectl: Kubectl, traefik: Traefik) -> None:
    chat = deploy_chat(kubectl, traefik, "hidden")
    with connected(chat, SOURCES[:1] * 60):
        message = wait_told(kubectl, "hidden", "Balanced", "False", "OneAddress")
        assert "100 % of its new sessions come from one address" in message
        assert "externalTrafficPolicy: Local" in message
        clients = kubectl.json("get", "sio", "hidden")["status"]["clients"]
        assert clients == {"connected": 60, "perPod": {"min": 0, "max": 60}}
    with connected(chat, SOURCES):
        wait_told(kubectl, "hidden", "Balanced", "True", "Even")
    assert condition(kubectl, "hidden", "Ready")["status"] == "True", "a crowded pod is no reason"


@pytest.mark.long
def test_a_route_of_a_class_that_nobody_serves(kubectl: Kubectl, traefik: Traefik) -> None:
    kubectl.apply(manifest("nobody", routing={"ingressClassName": "nobody"}))
    message = wait_told(kubectl, "nobody", "Routed", "False", "NotTaken")
    assert "No controller of class nobody has written an address to Ingress nobody" in message
    kubectl.apply(manifest("nobody"))
    chat = running_chat_cluster(kubectl, traefik, "nobody")
    with connected(chat, SOURCES):
        wait_for(lambda: condition(kubectl, "nobody", "Routed").get("status") == "True", TOLD_SECONDS, "Routed")


@pytest.mark.long
def test_steady_traffic_changes_no_condition_and_a_rolling_restart_none_of_truth(
    kubectl: Kubectl, traefik: Traefik
) -> None:
    image = "registry.local/rooms:1"
    engine: dict[str, Any] = {"connectionStateRecovery": {}}
    chat = deploy_chat(kubectl, traefik, "calm", adapter="redis-streams", engine=engine, image=image)

    def conditions() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = kubectl.json("get", "sio", "calm")["status"]["conditions"]
        return found

    with crowd(chat.target, each=20) as clients:
        for type_ in TRUTH:
            wait_condition(kubectl, "calm", type_, "True", TOLD_SECONDS)
        before = conditions()
        clients.wait_numbers(3000)
        assert conditions() == before, "five minutes of ten numbers a second"
        kubectl("rollout", "restart", "deployment/calm")
        seen = []

        def rolled() -> bool:
            seen.append({item["type"]: (item["status"], item["reason"]) for item in conditions()})
            return len(seen) > 5 and seen[-1]["Ready"] == ("True", "Ready")

        wait_for(rolled, 300, "the rollout's end", interval=1)
        clients.wait_numbers(600)
        seen.append({item["type"]: (item["status"], item["reason"]) for item in conditions()})
    for type_ in TRUTH:
        assert len({found.get(type_) for found in seen}) == 1, (type_, seen)
