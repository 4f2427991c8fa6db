"""60 clients through a real router to three real servers, each way with its control."""

import asyncio
from pathlib import Path

import pytest

from tests.traffic.chat_servers import ChatServer, running_chat
from tests.traffic.engineio import Mode
from tests.traffic.plugin import PODS
from tests.traffic.routes import COOKIE_HOST, HASH_HOST, ROUND_ROBIN_HOST, write_routes
from tests.traffic.swarm import Broadcast, Swarm, SwarmResult, source_addresses
from tests.traffic.traefik import Traefik, running_traefik_with_file
from tests.traffic.wire import Target

SOURCES = source_addresses(60)


def test_source_addresses_differ_and_spread() -> None:
    assert len(set(SOURCES)) == 60
    assert len({source.rpartition(".")[0] for source in SOURCES}) == 6


def swarm(traefik: Traefik, host: str, mode: Mode = "upgrade", keeps_cookies: bool = False) -> SwarmResult:
    async def scenario() -> SwarmResult:
        async with Swarm(Target(traefik.port, host), SOURCES, mode, keeps_cookies) as clients:
            return clients.result()

    return asyncio.run(scenario())


@pytest.mark.parametrize("mode", ["polling", "upgrade"])
def test_hash_by_client_address_keeps_all(local_traefik: Traefik, mode: Mode) -> None:
    result = swarm(local_traefik, HASH_HOST, mode)
    assert result.sticky == 60, result.faults
    assert set(result.pods) == set(PODS)
    assert all(client.polls >= 4 for client in result.clients)


def test_cookie_keeps_all_who_have_a_jar(local_traefik: Traefik) -> None:
    assert swarm(local_traefik, COOKIE_HOST, keeps_cookies=True).sticky == 60
    without_jar = swarm(local_traefik, COOKIE_HOST)
    assert without_jar.sticky < 10
    assert any("Session ID unknown" in fault for fault in without_jar.faults)


def test_round_robin_breaks_polling_but_not_websocket(local_traefik: Traefik) -> None:
    polling = swarm(local_traefik, ROUND_ROBIN_HOST)
    assert polling.sticky < 10
    assert any("Session ID unknown" in fault for fault in polling.faults)
    websocket = swarm(local_traefik, ROUND_ROBIN_HOST, "websocket")
    assert websocket.sticky == 60, websocket.faults


async def matrix(traefik: Traefik, seconds: float) -> tuple[Broadcast, ...]:
    async with Swarm(Target(traefik.port, HASH_HOST), SOURCES[:30]) as clients:
        assert clients.result().sticky == 30
        return await clients.broadcast_matrix(seconds)


def test_broadcasts_cross_with_redis(local_traefik: Traefik) -> None:
    rows = asyncio.run(matrix(local_traefik, 5))
    assert [row.pod for row in rows] == list(PODS)
    assert all(row.reached_all for row in rows), rows


@pytest.mark.parametrize(("adapter", "crosses"), [("redis-streams", True), ("none", False)])
def test_broadcasts_by_adapter(redis_url: str, tmp_path: Path, adapter: str, crosses: bool) -> None:
    with running_chat(PODS, tmp_path, redis_url, adapter) as servers:
        routes = write_routes(tmp_path / "routes.yaml", servers)
        with running_traefik_with_file(routes, tmp_path / "traefik.log") as traefik:
            traefik.wait_routed(HASH_HOST)
            rows = asyncio.run(matrix(traefik, 5 if crosses else 1))
    assert [row.pod for row in rows] == list(PODS)
    assert all(row.reached_all is crosses for row in rows), rows
    assert all(row.pods_reached == (tuple(PODS) if crosses else (row.pod,)) for row in rows), rows


def test_servers_see_the_source_address(local_chat: list[ChatServer], local_traefik: Traefik) -> None:
    """One address only: hashing sends all its clients to one pod, so the spread above is by address."""

    async def scenario() -> SwarmResult:
        async with Swarm(Target(local_traefik.port, HASH_HOST), ["127.0.9.9"] * 12) as clients:
            return clients.result()

    assert len(asyncio.run(scenario()).pods) == 1
