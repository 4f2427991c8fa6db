"""clients/discovery/python: clients of python-socketio that find their servers by the list."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import socketio
from support.listed import ADDRESSES, Clients, Listed, connect
from support.until import until

FIRST, SECOND, THIRD = ADDRESSES
IN_TIME = 3


@pytest.fixture(params=[socketio.Client, socketio.AsyncClient], ids=["threads", "asyncio"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def started() -> Iterator[list[Any]]:
    """What is stopped at the end, the last one first."""
    everything: list[Any] = []
    yield everything
    for one in reversed(everything):
        one.stop()


# python-engineio's client takes the packet that ends a polling session on a Node.js server for a farewell, and stays
# away: a drain moves its clients on WebSocket only.
@pytest.mark.timing
@pytest.mark.parametrize(
    ("act", "transports"),
    [("drain", ["websocket"]), ("drain", ["polling", "websocket"]), ("stop", ["polling"]), ("stop", ["websocket"])],
)
def test_a_drain_or_an_end(kind: Any, act: str, transports: list[str], started: list[Any]) -> None:
    servers, clients = Listed(), Clients(kind, transports)
    started += [servers, clients]
    clients.join(servers.base, 30)
    clients.settle()
    before = clients.spread()
    assert all(before.values()), before
    servers.act(act, SECOND)
    began = time.monotonic()
    clients.settle(SECOND)
    took = time.monotonic() - began
    print(f"{before} -> {clients.spread()} in {took:.2f} s")
    assert took < IN_TIME
    if act == "drain":
        assert requests.get(f"http://{SECOND}:{servers.side_port}/status", timeout=8).json()["connections"] == 0


def test_the_end_of_two_servers_with_the_list_and_one_that_comes(kind: Any, started: list[Any]) -> None:
    servers, clients = Listed(FIRST, SECOND), Clients(kind, ["websocket"])
    started += [servers, clients]
    clients.join(servers.base, 6)
    clients.settle()
    servers.act("stop", SECOND)
    clients.settle(SECOND)
    servers.act("stop", FIRST)
    until("the loss of all", lambda: sum(clients.spread().values()) == 0)
    servers.act("add", SECOND)  # the list was at the first one: the last list counts
    clients.settle(FIRST)


def test_a_list_that_comes_late(kind: Any, started: list[Any]) -> None:
    servers, clients = Listed(FIRST), Clients(kind, ["websocket"])
    started += [servers, clients]
    servers.act("drain", FIRST)
    time.sleep(1.5)
    threads = clients.join(servers.base, 3)
    time.sleep(1)
    assert all(thread.is_alive() for thread in threads), "an empty list is none"
    servers.act("add", THIRD)
    clients.settle(FIRST)


def test_control_a_client_of_one_server_does_not_come_back(started: list[Any]) -> None:
    servers, clients = Listed(FIRST, SECOND), Clients(socketio.Client, ["websocket"])
    started += [servers, clients]
    clients.join(servers.base, 1)
    clients.settle()
    (at,) = [address for address, count in clients.spread().items() if count]
    plain = socketio.Client()
    plain.connect(clients.all[0].eio.base_url.replace("ws://", "http://").partition("/socket.io")[0])
    servers.act("stop", at)
    clients.settle(at)
    time.sleep(4)
    assert (clients.all[0].connected, plain.connected) == (True, False)
    plain.reconnection = False
    plain.shutdown()


def test_no_reconnection_is_no_second_attempt(started: list[Any]) -> None:
    servers = Listed(FIRST)
    started.append(servers)
    servers.act("stop", FIRST)
    with pytest.raises(socketio.exceptions.ConnectionError, match="no servers listed"):
        connect(socketio.Client(reconnection=False), servers.base)
