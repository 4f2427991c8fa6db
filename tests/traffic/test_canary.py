"""The operator's own client against real servers with the runtime, behind routers that stick and that do not."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from socketio_operator.controller import canary
from socketio_operator.plan.entrance import Route, proof
from socketio_operator.plan.passage import CanaryReport, Passage
from tests.traffic.chat_servers import ChatServer, running_chat, running_redis
from tests.traffic.forwarder import Choice, choosing
from tests.traffic.ports import unresolved

TOKEN = "the-token-of-the-cluster"
BOTH = ("polling", "websocket")
Servers = tuple[ChatServer, ...]


def _pods(stack: ExitStack, folder: Path, redis: str | None) -> Servers:
    token = folder / "token"
    token.write_text(TOKEN)
    return tuple(
        stack.enter_context(
            running_chat(
                [f"chat-{number}"],
                folder,
                redis,
                SOCKETIO_RUNTIME_ADDRESS=f"10.244.0.{number}",
                SOCKETIO_RUNTIME_TOKEN_FILE=str(token),
            )
        )[0]
        for number in (1, 2)
    )


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Two servers that hear each other through Redis."""
    folder = tmp_path_factory.mktemp("joined")
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis(folder / "redis.log"))
        yield _pods(stack, folder, redis)


@pytest.fixture(scope="module")
def separate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Two servers without an adapter between them."""
    with ExitStack() as stack:
        yield _pods(stack, tmp_path_factory.mktemp("separate"), None)


def first(servers: Servers) -> Choice:
    return lambda begin: servers[0].port


def in_turn(servers: Servers) -> Choice:
    ports = itertools.cycle(server.port for server in servers)
    return lambda begin: next(ports)


def by_kind(servers: Servers) -> Choice:
    """What begins as a WebSocket comes to the second server, the rest to the first."""
    return lambda begin: servers[b"websocket" in begin and b"sid=" not in begin].port


def without_websocket(servers: Servers) -> Choice:
    def choose(begin: bytes) -> int:
        if b"websocket" in begin:
            raise ConnectionRefusedError
        return servers[0].port

    return choose


def visit(router: Choice, token: str = TOKEN, **changes: Any) -> CanaryReport:
    """What a visit finds behind that router."""
    with choosing(router) as port:
        route = Route("127.0.0.1", port, False, "chat.example.com", "/socket.io/", BOTH, "default")
        return asyncio.run(canary.visit(replace(route, **changes), proof(token), unresolved))


def test_a_router_that_sticks(joined: Servers) -> None:
    assert visit(first(joined)) == CanaryReport(Passage.FOUND, upgraded=True, crosses=None)


def test_a_router_that_does_not(joined: Servers) -> None:
    assert visit(in_turn(joined)) == CanaryReport(Passage.LOST)


@pytest.mark.parametrize(
    ("transports", "found"),
    [
        (("polling",), CanaryReport(Passage.FOUND)),
        (("websocket",), CanaryReport(Passage.FOUND)),
        (BOTH, CanaryReport(Passage.FOUND, upgraded=True)),
    ],
)
def test_only_what_the_server_takes_is_tried(joined: Servers, transports: tuple[str, ...], found: CanaryReport) -> None:
    assert visit(first(joined), transports=transports) == found


def test_two_pods_that_hear_each_other(joined: Servers) -> None:
    assert visit(by_kind(joined)) == CanaryReport(Passage.FOUND, upgraded=True, crosses=True)
    assert visit(in_turn(joined), transports=("websocket",)) == CanaryReport(Passage.FOUND, crosses=True)


def test_two_pods_that_do_not(separate: Servers) -> None:
    assert visit(by_kind(separate)) == CanaryReport(Passage.FOUND, upgraded=True, crosses=False)


def test_a_router_that_knows_no_websocket(joined: Servers) -> None:
    assert visit(without_websocket(joined)) == CanaryReport(Passage.FOUND, upgraded=False)


def test_another_path_and_another_token(joined: Servers) -> None:
    assert visit(first(joined), path="/other/").passage is Passage.FOREIGN
    assert visit(first(joined), token="of-another-cluster").passage is Passage.FOREIGN
