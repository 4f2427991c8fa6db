"""The raw client against one real chat server."""

import asyncio
import gc
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.traffic.chat_servers import ChatServer, running_chat
from tests.traffic.engineio import Mode, RawClient
from tests.traffic.packets import Event
from tests.traffic.wire import Fault, SessionLostError, Target


def target_of(server: ChatServer) -> Target:
    return Target(server.port, "chat.localhost")


def is_message(event: Event) -> bool:
    return event.name == "message"


@pytest.mark.parametrize(
    ("mode", "transport"), [("polling", "polling"), ("upgrade", "websocket"), ("websocket", "websocket")]
)
def test_session_by_each_transport(local_chat: list[ChatServer], mode: Mode, transport: str) -> None:
    async def scenario() -> None:
        async with RawClient(target_of(local_chat[0]), "127.0.1.1", mode) as client:
            welcome = await client.wait_event(lambda event: event.name == "welcome", 5)
            answer = await client.emit("whoami")
            received = await client.emit("message", {"text": " hi ", "from": "Ada"})
            message = await client.wait_event(is_message, 5)
            assert client.alive
            assert client.transport == transport
            assert (client.polls > 0) == (mode != "websocket")
        first = "websocket" if mode == "websocket" else "polling"
        assert welcome.args[0] | {"id": ""} == {"pod": "pod-a", "node": "local", "id": "", "transport": first}
        assert answer == ({"pod": "pod-a", "node": "local", "transport": transport},)
        assert received == ({"pod": "pod-a"},)
        assert message.args[0] == {"text": "hi", "from": "Ada", "pod": "pod-a", "id": welcome.args[0]["id"]}

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "message",
    [
        None,
        "text",
        {"text": "hi"},
        {"text": 1, "from": "Ada"},
        {"text": "  ", "from": "Ada"},
        {"text": "x" * 501, "from": "Ada"},
        {"text": "hi", "from": "x" * 33},
    ],
)
def test_messages_that_the_chat_refuses(local_chat: list[ChatServer], message: object) -> None:
    async def scenario() -> None:
        async with RawClient(target_of(local_chat[0]), "127.0.1.1", "websocket") as client:
            (answer,) = await client.emit("message", message)
            assert "error" in answer
            await client.emit("message", {"text": "the next one", "from": "Ada"})
            assert (await client.wait_event(is_message, 5)).args[0]["text"] == "the next one"

    asyncio.run(scenario())


def test_another_server_does_not_know_the_session(local_chat: list[ChatServer]) -> None:
    async def scenario() -> None:
        async with RawClient(target_of(local_chat[0]), "127.0.1.1", "polling") as client:
            assert client.alive
            client._polling._target = target_of(local_chat[1])  # type: ignore[union-attr]
            with pytest.raises(SessionLostError, match="Session ID unknown"):
                await client.emit("whoami")
            assert not client.alive
            assert client.fault is not None
            assert (client.fault.stage, client.fault.status) == ("post", 400)

    asyncio.run(scenario())


def test_nobody_listens() -> None:
    async def scenario() -> Fault | None:
        async with RawClient(Target(1, "chat.localhost"), "127.0.1.1") as client:
            assert not client.alive
            return client.fault

    fault = asyncio.run(scenario())
    assert fault is not None
    assert (fault.stage, fault.status) == ("handshake", None)


@pytest.mark.parametrize("mode", ["polling", "upgrade", "websocket"])
def test_pings_keep_an_idle_session(quick_chat: ChatServer, mode: Mode) -> None:
    async def scenario() -> None:
        async with RawClient(target_of(quick_chat), "127.0.1.1", mode) as client:
            await client.wait_pings(4, 10)  # by then a session without pongs is closed
            assert client.alive
            assert await client.emit("whoami")

    asyncio.run(scenario())


@pytest.mark.parametrize("mode", ["polling", "upgrade", "websocket"])
def test_a_server_that_ends_is_seen(tmp_path: Path, mode: Mode) -> None:
    async def scenario() -> RawClient:
        with ExitStack() as stack:
            (server,) = stack.enter_context(running_chat(["pod-z"], tmp_path))
            async with RawClient(target_of(server), "127.0.1.1", mode) as client:
                assert client.alive
                await asyncio.to_thread(stack.close)
                with pytest.raises(SessionLostError):
                    await client.wait_event(is_message, 10)
        return client

    client = asyncio.run(scenario())
    assert client.fault is not None
    assert client.fault.stage == ("poll" if mode == "polling" else "websocket")


class Unwilling(BaseHTTPRequestHandler):
    """A chat that leaves a large payload unread: it answers at once, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()

    def do_GET(self) -> None:
        opening = '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
        self._answer(200, '40{"sid":"b"}' if "sid=" in self.path else opening)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        if length > 1000:
            self._answer(413, "")
            self.over.wait(30)
        else:
            self.rfile.read(length)
            self._answer(200, "ok")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def unwilling() -> Iterator[Target]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Unwilling) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Target(server.server_port, "chat.localhost")
        Unwilling.over.set()
        server.shutdown()


def test_what_a_server_does_not_read_goes_with_the_client(unwilling: Target) -> None:
    async def scenario() -> Fault | None:
        async with RawClient(unwilling, "127.0.1.1", "polling") as client:
            with pytest.raises(SessionLostError):
                await client.emit("message", "x" * 10_000_000)
            return client.fault

    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always", ResourceWarning)
        fault = asyncio.run(scenario())
        gc.collect()
    assert fault is not None
    assert fault.status == 413
    assert [str(one.message) for one in left if str(one.message).startswith("unclosed")] == []
