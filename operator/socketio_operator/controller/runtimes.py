"""Asks the runtime in a pod for its status, over a connection that is kept for the next question."""

import asyncio
import json
from datetime import UTC, datetime

import aiohttp

from socketio_operator.plan.actions import CallPod
from socketio_operator.plan.probes import RuntimeProbe
from socketio_operator.plan.runtime import SILENT, RuntimeReport

ANSWER_BYTES = 64 * 1024
# Longer than the pause between two questions.
KEPT_SECONDS = 75.0
# A runtime opens its port with the app's, or with its Socket.IO server; slow starters get this long.
SILENT_SECONDS = 60.0
# Where the app's port is open already.
SERVING_SECONDS = 25.0
CALL_SECONDS = 5.0


class RuntimeReader:
    """Asks many pods. The caller limits how many at once, and for how long."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Ends all kept connections."""
        if self._session:
            await self._session.close()

    async def ask(self, probe: RuntimeProbe) -> RuntimeReport | None:
        """What the runtime reports; None if it says nothing that can be understood."""
        url = f"{_base(probe.address, probe.port)}/status"
        try:
            async with self._pool().get(url, allow_redirects=False) as answer:
                if answer.content_length is None or answer.content_length > ANSWER_BYTES:
                    answer.close()
                    return None
                return RuntimeReport.parse(probe.pod, json.loads(await answer.read()))
        except aiohttp.ClientConnectorError:
            # Nobody listens there. (A time-out may be the network between the operator and the pod.)
            return _silent(probe)
        except (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    async def call(self, action: CallPod) -> bool:
        """Does what was decided to a pod's runtime; whether it agreed. A pod that is gone agrees to nothing."""
        try:
            async with (
                asyncio.timeout(CALL_SECONDS),
                self._pool().request(
                    action.method, f"{_base(action.address, action.port)}{action.path}", headers=dict(action.headers)
                ) as answer,
            ):
                return answer.status < 300
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            # No decompression: a small answer could become a large one. No cookies: they would be shared.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session


def _base(address: str, port: int) -> str:
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _silent(probe: RuntimeProbe) -> RuntimeReport | None:
    """Of a pod that its runtime has made ready, the process has just ended; where the app's own port is asked instead,
    other pods of that template have waited long enough."""
    if probe.ready and probe.asks_runtime:
        return None
    age = (datetime.now(UTC) - probe.started).total_seconds()
    serves = probe.up and (age > SERVING_SECONDS or not probe.asks_runtime)
    long = serves or probe.restarts > 0 or age > SILENT_SECONDS
    return RuntimeReport(probe.pod, SILENT, serves=serves) if long else None
