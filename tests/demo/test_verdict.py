"""The verdict passes only what was promised."""

from dataclasses import replace

import pytest

from tests.demo.restart import Restart
from tests.demo.verdict import judge
from tests.traffic.swarm import Broadcast, ClientResult, SwarmResult

PODS = ("chat-a", "chat-b", "chat-c")
CLIENTS = tuple(
    ClientResult(f"127.0.1.{number}", PODS[number % 3], f"node-{1 + number % 3 % 2}", "websocket", True, 5, PODS, "")
    for number in range(60)
)
EVERYBODY = tuple((pod, 20) for pod in PODS)
CROSSING = tuple(Broadcast(pod, EVERYBODY, EVERYBODY) for pod in PODS)


def test_all_promises_kept() -> None:
    verdict = judge(SwarmResult(CLIENTS), CROSSING, pods=3, nodes=2)
    assert verdict.passed
    assert verdict.summary.startswith("60 of 60 sessions")
    assert "180 of 180 deliveries" in verdict.summary
    assert len(verdict.table) == 13
    assert all(any(pod in line for line in verdict.table) for pod in PODS)


LOST = replace(
    CLIENTS[7], sticky=False, transport="polling", fault='post: 400 {"code":1,"message":"Session ID unknown"}'
)
STAYS = tuple(Broadcast(pod, tuple((other, 20 * (other == pod)) for other in PODS), EVERYBODY) for pod in PODS)


@pytest.mark.parametrize(
    ("clients", "broadcasts", "complaint"),
    [
        ((*CLIENTS[:7], LOST, *CLIENTS[8:]), CROSSING, "1 of 60 sessions were lost: post: 400"),
        (tuple(replace(client, pod="chat-a") for client in CLIENTS), CROSSING, "sessions on 1 of 3 pods"),
        (tuple(replace(client, node="node-1") for client in CLIENTS), CROSSING, "sessions on 1 of 2 nodes"),
        (CLIENTS, STAYS, "120 of 180 deliveries are missing"),
        (CLIENTS, CROSSING[:2], "60 of 180 deliveries are missing"),
    ],
)
def test_a_broken_promise_fails(
    clients: tuple[ClientResult, ...], broadcasts: tuple[Broadcast, ...], complaint: str
) -> None:
    verdict = judge(SwarmResult(clients), broadcasts, pods=3, nodes=2)
    assert not verdict.passed
    assert [text for text in verdict.broken if text.startswith(complaint)], verdict.broken


@pytest.mark.parametrize(
    ("seen", "complaint"),
    [
        (Restart(clients=30, recovered=30, fresh=0, away=0, cuts=41), ""),
        (Restart(clients=30, recovered=29, fresh=1, away=0, cuts=41), "1 of 30 sessions were not recovered"),
        (Restart(clients=30, recovered=28, fresh=0, away=2, cuts=41), "2 of 30 clients are away"),
        (Restart(clients=30, recovered=20, fresh=0, away=0, cuts=20), "some clients were never cut"),
    ],
)
def test_a_rolling_restart_takes_no_session(seen: Restart, complaint: str) -> None:
    verdict = judge(SwarmResult(CLIENTS), CROSSING, pods=3, nodes=2).after(seen)
    assert verdict.passed is not bool(complaint)
    assert all(text.startswith(complaint) for text in verdict.broken)
    assert f"{seen.recovered} of 30 sessions moved to new pods" in verdict.summary


def test_lost_clients_are_shown() -> None:
    verdict = judge(SwarmResult((*CLIENTS[:7], LOST, *CLIENTS[8:])), CROSSING, pods=3, nodes=2)
    assert LOST.source in verdict.table[1]
