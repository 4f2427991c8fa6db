"""An app that knows no adapter: what the injected runtime gives it, on real pods and through a real router."""

from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.e2e.test_traffic import SOURCES, assert_all_reached, assert_spread, swarm
from tests.traffic.chat_cluster import deploy_chat
from tests.traffic.recovery_observer import Observation, observing
from tests.traffic.swarm import Swarm
from tests.traffic.traefik import Traefik

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

# Without this variable the chat makes no adapter: it is an app written for one process.
KNOWS_NO_BROKER = [{"name": "REDIS_URL", "value": ""}]


@pytest.mark.parametrize("adapter", ["redis", "redis-streams"])
def test_an_app_without_adapter_meets_by_injection(kubectl: Kubectl, traefik: Traefik, adapter: str) -> None:
    chat = deploy_chat(
        kubectl, traefik, f"by-{adapter}", adapter=adapter, env=KNOWS_NO_BROKER, runtime={"inject": "node"}
    )
    result, rows = swarm(chat.target, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert_all_reached(rows, chat)
    kubectl("wait", "--for=condition=AdapterInjected", f"sio/by-{adapter}", "--timeout=60s", timeout=70)


def test_an_app_with_an_adapter_keeps_it(kubectl: Kubectl, traefik: Traefik, wait_for: WaitFor) -> None:
    chat = deploy_chat(kubectl, traefik, "own", runtime={"inject": "node"})
    result, rows = swarm(chat.target, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert_all_reached(rows, chat)

    def told() -> bool:
        found = kubectl.json("get", "sio", "own")["status"]["conditions"]
        return {"type": "AdapterInjected", "status": "False", "reason": "AppAdapter"} in [
            {key: item[key] for key in ("type", "status", "reason")} for item in found
        ]

    wait_for(told, 60, "condition AdapterInjected, reason AppAdapter")


def test_without_injection_it_stays_apart(kubectl: Kubectl, traefik: Traefik) -> None:
    """The control of the test above."""
    chat = deploy_chat(kubectl, traefik, "apart", env=KNOWS_NO_BROKER)
    result, rows = swarm(chat.target, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert [row.pods_reached for row in rows] == [(pod,) for pod in chat.pod_names]


def rolled(kubectl: Kubectl, traefik: Traefik, name: str, **settings: Any) -> Observation:
    """60 real clients over a rolling restart of 3 pods, messages flowing all the time."""
    runtime = {"inject": "node", "drainSeconds": 3}
    chat = deploy_chat(kubectl, traefik, name, env=KNOWS_NO_BROKER, runtime=runtime, **settings)
    with observing(chat.target, list(SOURCES)) as clients:
        kubectl("rollout", "restart", f"deployment/{name}")
        kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s", timeout=130)
        for pod in chat.pod_names:
            kubectl("wait", "--for=delete", f"pod/{pod}", "--timeout=60s", timeout=70)
        return clients.finish()


def test_a_rolling_restart_recovers_every_session(kubectl: Kubectl, traefik: Traefik) -> None:
    seen = rolled(kubectl, traefik, "rolled", adapter="redis-streams", engine={"connectionStateRecovery": {}})
    assert seen.sent > 100
    assert all(client.connected for client in seen.clients)
    assert all(client.disconnects for client in seen.clients), "each client's pod was replaced"
    assert all(client.fresh == 0 for client in seen.clients), "every session was recovered"
    assert seen.most_within(500) <= len(SOURCES) / 4, "connections are closed one by one"


def test_without_recovery_sessions_are_new(kubectl: Kubectl, traefik: Traefik) -> None:
    """The control of the test above: the same restart, with an adapter that stores nothing."""
    seen = rolled(kubectl, traefik, "forgotten", adapter="redis")
    assert all(client.connected for client in seen.clients)
    assert all(client.recoveries == 0 and client.fresh > 0 for client in seen.clients)
