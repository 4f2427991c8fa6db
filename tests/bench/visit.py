"""What the operator's own client costs, and the pod that it comes to."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from socketio_operator.controller import canary
from socketio_operator.plan.entrance import Route, proof
from socketio_operator.plan.passage import CanaryReport, Passage
from socketio_operator.plan.probes import CANARY_WELL_SECONDS
from tests.bench.procfs import cpu_seconds
from tests.bench.rig import Rig
from tests.bench.rows import Row, at_most
from tests.traffic.chat_servers import running_chat
from tests.traffic.ports import unresolved

VISITS, FIRST_VISITS = 200, 20
CLUSTERS = 1000
TOKEN = "the-token-of-the-cluster"
BOTH = ("polling", "websocket")
LIMIT_CORES = 0.05


def measure(rig: Rig) -> list[Row]:
    """Milliseconds of CPU for a visit to a chat on loopback, and what follows for clusters that nobody else uses."""
    with tempfile.TemporaryDirectory() as folder:
        token = Path(folder) / "token"
        token.write_text(TOKEN)
        with running_chat(["chat"], Path(folder), SOCKETIO_RUNTIME_TOKEN_FILE=str(token)) as (server,):
            route = Route("127.0.0.1", server.port, False, "chat.example.com", "/socket.io/", BOTH, "team")
            asyncio.run(_visits(route, FIRST_VISITS))
            ours, its = time.process_time(), cpu_seconds(server.pid)
            asyncio.run(_visits(route, VISITS))
            ours, its = time.process_time() - ours, cpu_seconds(server.pid) - its
    cores = ours / VISITS * CLUSTERS / CANARY_WELL_SECONDS
    name = "a visit of the operator's own client"
    target = at_most(LIMIT_CORES, cores, f"under {LIMIT_CORES} cores")
    return [
        Row(f"{name}: CPU of the operator", ours / VISITS * 1000, "ms"),
        Row(f"{name}: CPU of the pod", its / VISITS * 1000, "ms"),
        Row(f"visits to {CLUSTERS} clusters that nobody uses", cores, "cores", None, target),
    ]


async def _visits(route: Route, count: int) -> None:
    for _ in range(count):
        found = await canary.visit(route, proof(TOKEN), unresolved)
        if found != CanaryReport(Passage.FOUND, upgraded=True):
            raise RuntimeError(f"a visit that found nothing: {found}")
