"""An app that knows no adapter: what the injected runtime gives it, on real pods and through a real router."""

import json
from base64 import b64decode
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.e2e.test_traffic import assert_all_reached, assert_spread, swarm
from tests.traffic.chat_cluster import Pod, deploy_chat, manifest, wait_condition, wait_ready
from tests.traffic.continuity.crowd import crowd
from tests.traffic.continuity.expectations import assert_kept
from tests.traffic.engineio import Mode
from tests.traffic.swarm import Swarm
from tests.traffic.traefik import Traefik

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

OWN_ADAPTER = "registry.local/chat-own-adapter:1"
PYTHON = "registry.local/chat-python:1"
ROOMS = "registry.local/rooms:1"


def ask(pod: Pod, path: str, body: dict[str, int] | None = None, token: str = "") -> tuple[int, dict[str, Any]]:
    """Status and answer of the runtime in a pod."""
    data = json.dumps(body).encode() if body is not None else None
    request = Request(f"http://{pod.address}:9400{path}", data, {"authorization": f"Bearer {token}"})
    try:
        with urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize("adapter", ["redis", pytest.param("redis-sharded", marks=pytest.mark.long), "redis-streams"])
def test_an_app_without_adapter_meets_by_injection(kubectl: Kubectl, traefik: Traefik, adapter: str) -> None:
    chat = deploy_chat(kubectl, traefik, f"by-{adapter}", adapter=adapter)
    result, rows = swarm(chat.target, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert_all_reached(rows, chat)
    kubectl("wait", "--for=condition=AdapterInjected", f"sio/by-{adapter}", "--timeout=60s", timeout=70)


def test_without_injection_it_stays_apart(kubectl: Kubectl, traefik: Traefik) -> None:
    """The control of the test above."""
    chat = deploy_chat(kubectl, traefik, "apart", runtime={"inject": "none"})
    result, rows = swarm(chat.target, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert [row.pods_reached for row in rows] == [(pod,) for pod in chat.pod_names]


def test_a_python_server_meets_by_injection(kubectl: Kubectl, traefik: Traefik) -> None:
    chat = deploy_chat(kubectl, traefik, "python", image=PYTHON, runtime={"inject": "python"})
    result, rows = swarm(chat.target, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert_all_reached(rows, chat)
    kubectl("wait", "--for=condition=AdapterInjected", "sio/python", "--timeout=60s", timeout=70)


def test_without_injection_python_stays_apart(kubectl: Kubectl, traefik: Traefik) -> None:
    """The control of the test above."""
    chat = deploy_chat(kubectl, traefik, "python-apart", image=PYTHON, runtime={"inject": "none"})
    result, rows = swarm(chat.target, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert [row.pods_reached for row in rows] == [(pod,) for pod in chat.pod_names]


@pytest.mark.parametrize("mode", ["polling", "upgrade"])
def test_workers_share_a_pod(kubectl: Kubectl, traefik: Traefik, mode: Mode) -> None:
    name = f"workers-{mode}"
    chat = deploy_chat(kubectl, traefik, name, workers={"count": 2})

    async def look(clients: Swarm) -> tuple[Any, list[int]]:
        busy = [worker["connections"] for pod in chat.pods for worker in ask(pod, "/status")[1]["workers"]]
        return await clients.broadcast_matrix(), busy

    result, (rows, busy) = swarm(chat.target, mode, then=look)
    assert_spread(result, chat)
    assert_all_reached(rows, chat)
    assert len(busy) == 2 * len(chat.pods)
    assert all(busy), "each worker serves some"


def test_an_app_with_an_adapter_keeps_it(kubectl: Kubectl, traefik: Traefik, wait_for: WaitFor) -> None:
    chat = deploy_chat(kubectl, traefik, "own", image=OWN_ADAPTER)
    result, rows = swarm(chat.target, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert_all_reached(rows, chat)

    def told() -> bool:
        found = kubectl.json("get", "sio", "own")["status"]["conditions"]
        return {"type": "AdapterInjected", "status": "False", "reason": "AppAdapter"} in [
            {key: item[key] for key in ("type", "status", "reason")} for item in found
        ]

    wait_for(told, 60, "condition AdapterInjected, reason AppAdapter")


def test_an_image_of_another_language_gets_ready_and_is_told_what_to_change(
    kubectl: Kubectl, wait_for: WaitFor
) -> None:
    other: dict[str, Any] = {"image": "registry.local/redis:7", "command": ["redis-server"], "port": 6379}
    kubectl.apply(manifest("other", **other))
    wait_ready(kubectl, "other")
    wait_condition(kubectl, "other", "AdapterInjected", "False")
    found = kubectl.json("get", "sio", "other")["status"]["conditions"]
    (told,) = (item for item in found if item["type"] == "AdapterInjected")
    assert (told["status"], told["reason"]) == ("False", "RuntimeSilent")
    assert "set spec.runtime.inject to what it runs, or to none" in told["message"]
    pods = kubectl.json("get", "pods", "-l", "socketio-operator.dev/component=server")["items"]
    assert {pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods} == {0}, "nothing restarts them"
    kubectl.apply(manifest("other", runtime={"inject": "none"}, **other))
    wait_ready(kubectl, "other")
    wait_for(lambda: not injection_told(kubectl, "other"), 60, "no condition AdapterInjected any more")


def injection_told(kubectl: Kubectl, name: str) -> bool:
    found = kubectl.json("get", "sio", name)["status"]["conditions"]
    return any(item["type"] == "AdapterInjected" for item in found)


def test_an_app_on_another_port_is_told_what_to_set(kubectl: Kubectl, wait_for: WaitFor) -> None:
    env = [{"name": "PORT", "value": "4000"}]
    kubectl.apply(manifest("elsewhere", adapter="none", replicas=1, env=env))

    def told() -> bool:
        found = kubectl.json("get", "sio", "elsewhere").get("status", {}).get("conditions", ())
        return any(item["type"] == "Ready" and "set spec.port to 4000" in item["message"] for item in found)

    wait_for(told, 60, "Ready, with the port that the app listens on")
    kubectl.apply(manifest("elsewhere", adapter="none", replicas=1, env=env, port=4000))
    wait_ready(kubectl, "elsewhere")


def test_the_token_of_the_cluster_lets_one_shed(kubectl: Kubectl, traefik: Traefik, wait_for: WaitFor) -> None:
    recovery: dict[str, Any] = {"connectionStateRecovery": {}}
    chat = deploy_chat(kubectl, traefik, "shed", adapter="redis-streams", engine=recovery, image=ROOMS)
    token = b64decode(kubectl.json("get", "secret", "shed-runtime")["data"]["token"]).decode()

    def shed() -> None:
        assert ask(fullest, "/shed", {"count": 5, "seconds": 1}, "wrong")[0] == 401
        assert ask(fullest, "/shed", {"count": 5, "seconds": 1}, token)[0] == 202
        wait_for(lambda: "shed: 5 connections closed" in kubectl("logs", fullest.name), 20, "the shedding's end")

    with crowd(chat.target, each=20) as clients:
        fullest = max(chat.pods, key=lambda pod: int(ask(pod, "/status")[1]["connections"]))
        seen = clients.watch("shed", shed)
    # Some of the five may be those that send the numbers.
    assert 0 < seen.sums().cut <= 5, seen.stories(lambda client: client.cuts)
    assert_kept(seen)
    assert token not in kubectl("logs", fullest.name)
