"""What the operator makes of the answers of pods, hostile ones included: a real server on loopback in a pod's place."""

import asyncio
import gzip
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from socketio_operator.controller.runtime_reader import ANSWER_BYTES, RuntimeReader
from socketio_operator.plan.runtime import Listens, RuntimeReport

GOOD = RuntimeReport("chat-0", "runtime", "4.8.1")
SERVER = {"socketio": "4.8.1", "adapter": {"owner": "runtime"}}
STARTED = datetime.now(UTC).isoformat()
POD: dict[str, Any] = {
    "metadata": {"name": "chat-0", "uid": "1"},
    "status": {
        "podIP": "127.0.0.1",
        "containerStatuses": [{"name": "server", "state": {"running": {"startedAt": STARTED}}}],
    },
}


def status(**server: Any) -> bytes:
    return json.dumps({"ready": True, "servers": [{**SERVER, **server}]}).encode()


def response(body: bytes, *headers: str, code: str = "200 OK") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {code}", f"content-length: {len(body)}", "connection: close", *headers))
    return head.encode() + b"\r\n\r\n" + body


def read(*parts: bytes) -> tuple[RuntimeReport, ...]:
    """The reports if the pod answers in these parts, a moment apart."""

    async def ask() -> tuple[RuntimeReport, ...]:
        answered = asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):  # who asked may have read enough
                await reader.readuntil(b"\r\n\r\n")
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.05)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            answered.set()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            reports = await RuntimeReader().read((POD,), server.sockets[0].getsockname()[1])
            await answered.wait()
            return reports

    return asyncio.run(ask())


def test_an_answer_is_read_however_it_arrives() -> None:
    whole = response(status())
    assert read(whole) == (GOOD,)
    assert read(whole[:-30], whole[-30:]) == (GOOD,)


def test_of_a_version_only_numbers_are_told() -> None:
    assert read(response(status(socketio="4.8.1-beta, as the pod says"))) == (GOOD,)


@pytest.mark.parametrize(
    ("reason", "told"), [("ListensElsewhere", Listens(4000, False)), ("NotListening", None), (None, None)]
)
def test_where_an_app_listens_is_known_between_two_starts_of_its_container(reason: str | None, told: Any) -> None:
    answer = {**json.loads(status()), "listens": {"port": 4000, "loopback": False}}
    if reason:
        answer |= {"ready": False, "reason": reason}

    async def ask() -> tuple[RuntimeReport, ...]:
        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(response(json.dumps(answer).encode()))
            await writer.drain()
            writer.close()

        reader = RuntimeReader()
        async with await asyncio.start_server(reply, "127.0.0.1", 0) as server:
            await reader.read((POD,), server.sockets[0].getsockname()[1])
        ended = {"name": "server", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
        between = {**POD, "status": {**POD["status"], "containerStatuses": [ended]}}
        gone = {**between, "metadata": {**POD["metadata"], "deletionTimestamp": STARTED}}
        assert await reader.read((gone,), 1) == ()
        return await reader.read((between,), 1)

    assert [report.listens for report in asyncio.run(ask())] == ([told] if told else [])


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(response(b"hello"), id="not JSON"),
        pytest.param(response(b"[" * ANSWER_BYTES), id="nested"),
        pytest.param(response(status(padding="x" * ANSWER_BYTES)), id="too long"),
        pytest.param(response(gzip.compress(status()), "content-encoding: gzip"), id="compressed"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + status(), id="of unknown length"),
        pytest.param(response(b"", "location: http://127.0.0.1:1/", code="302 Found"), id="elsewhere"),
        pytest.param(response(status(socketio="x" * 1000)), id="no version"),
        pytest.param(response(status(socketio=4)), id="a number"),
        pytest.param(response(status(adapter=[])), id="no owner"),
        pytest.param(b"SSH-2.0\r\n", id="not HTTP"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_bad_answer_is_none(answer: bytes) -> None:
    assert read(answer) == ()
