"""What the operator makes of the answers of pods, hostile ones included: a real server on loopback in a pod's place."""

import asyncio
import gzip
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from socketio_operator.controller.runtimes import ANSWER_BYTES, RuntimeReader
from socketio_operator.plan.pods import Pod
from socketio_operator.plan.probes import RuntimeProbe, runtime_name, runtime_reports
from socketio_operator.plan.runtime import SILENT, Listens, RuntimeReport
from tests.traffic.ports import free_port

GOOD = RuntimeReport("chat-0", "runtime", "4.8.1")
SERVER = {"socketio": "4.8.1", "adapter": {"owner": "runtime"}}
STARTED = datetime.now(UTC)
LONG_AGO = STARTED - timedelta(seconds=61)
WHILE_AGO = STARTED - timedelta(seconds=26)
POD = Pod("chat-0", "1", 1, "server", "set", "ReplicaSet", "127.0.0.1", started=STARTED)


def status(**server: Any) -> bytes:
    return json.dumps({"ready": True, "servers": [{**SERVER, **server}]}).encode()


def response(body: bytes, *headers: str, code: str = "200 OK") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {code}", f"content-length: {len(body)}", "connection: close", *headers))
    return head.encode() + b"\r\n\r\n" + body


def probe(port: int, **changes: Any) -> RuntimeProbe:
    return replace(RuntimeProbe("chat-0", "127.0.0.1", port, False, datetime.now(UTC)), **changes)


def read(*parts: bytes) -> RuntimeReport | None:
    """The report if the pod answers in these parts, a moment apart."""

    async def ask() -> RuntimeReport | None:
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

        runtimes = RuntimeReader()
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            report = await runtimes.ask(probe(server.sockets[0].getsockname()[1]))
            await runtimes.close()
            await answered.wait()
            return report

    return asyncio.run(ask())


def test_questions_share_a_connection() -> None:
    async def count() -> int:
        connections = 0

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            with suppress(asyncio.IncompleteReadError):
                while await reader.readuntil(b"\r\n\r\n"):
                    writer.write(response(status()).replace(b"connection: close\r\n", b""))
            writer.close()

        runtimes = RuntimeReader()
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            for _ in range(3):
                assert await runtimes.ask(probe(server.sockets[0].getsockname()[1])) == GOOD
            await runtimes.close()
        return connections

    assert asyncio.run(count()) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, None),
        ({"restarts": 1}, (SILENT, False)),
        ({"started": LONG_AGO}, (SILENT, False)),
        ({"started": LONG_AGO, "ready": True}, None),
        ({"up": True}, None),
        ({"up": True, "started": WHILE_AGO}, (SILENT, True)),
        ({"up": True, "started": WHILE_AGO, "ready": True}, None),
        ({"up": True, "ready": True, "asks_runtime": False}, (SILENT, True)),
        ({"asks_runtime": False}, None),
    ],
)
def test_a_port_that_stays_closed_is_silence(changes: dict[str, Any], told: tuple[str, bool] | None) -> None:
    async def ask() -> RuntimeReport | None:
        runtimes = RuntimeReader()
        try:
            return await runtimes.ask(probe(free_port(), **changes))
        finally:
            await runtimes.close()

    report = asyncio.run(ask())
    assert ((report.owner, report.serves) if report else None) == told


def test_an_answer_is_read_however_it_arrives() -> None:
    whole = response(status())
    assert read(whole) == GOOD
    assert read(whole[:-30], whole[-30:]) == GOOD


def test_of_a_version_only_numbers_are_told() -> None:
    assert read(response(status(socketio="4.8.1-beta, as the pod says"))) == GOOD


@pytest.mark.parametrize(("reason", "kept"), [("ListensElsewhere", True), ("NotListening", False), ("", False)])
def test_where_an_app_listens_is_known_between_two_starts_of_its_container(reason: str, kept: bool) -> None:
    report = RuntimeReport("chat-0", "runtime", "4.8.1", reason, Listens(4000, False))
    between, findings = replace(POD, started=None), {runtime_name(POD): report}
    assert runtime_reports((POD,), findings) == (report,)
    assert runtime_reports((between,), findings) == ((report,) if kept else ())
    assert runtime_reports((replace(between, deleting=True),), findings) == ()


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
    assert read(answer) is None
