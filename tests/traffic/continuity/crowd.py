"""120 real socket.io clients of three kinds that stay while pods, routers and brokers come and go (clients/)."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.traffic.chat_servers import installed
from tests.traffic.continuity.report import KINDS, Report
from tests.traffic.processes import ENDS_WITH_US
from tests.traffic.swarm import source_addresses
from tests.traffic.wire import Target

FOLDER = Path(__file__).parent / "clients"
EACH = 40
SENDERS = 5
ADDRESSES = EACH * len(KINDS) + SENDERS
SETTLE_SECONDS = 20.0


class Crowd:
    """Clients that run, with numbers flowing to all of them and to rooms."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._answer()  # they are connected

    def watch(self, event: str, happen: Callable[[], object], settle: float = SETTLE_SECONDS) -> Report:
        """Let it happen, and wait at most `settle` seconds until nothing is missing and nobody is away."""
        self._ask("begin")
        waited, began = _waited(), time.monotonic()
        happen()
        found = self._ask(f"end {settle:g}")
        pressure = round((_waited() - waited) / (time.monotonic() - began) * 100)
        return Report.read(event, pressure, found)

    def wait_numbers(self, count: int) -> None:
        """Wait until so many more numbers were sent."""
        self._ask(f"wait {count}")

    def _ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line or '{"error": "the clients ended"}')
        if "error" in answer:
            raise RuntimeError(f"{answer['error']}; see {_log()}")
        return answer


@contextmanager
def crowd(target: Target, each: int = EACH, sources: Sequence[str] = ()) -> Iterator[Crowd]:
    """As many clients of each kind, connected, for as long as the block runs.

    `sources`: one address for each client and sender; without them, loopback's.
    """
    program = [*ENDS_WITH_US, "node", str(installed(FOLDER) / "main.mjs")]
    command = [*program, str(target.port), target.host, ",".join(target.addresses), str(each)]
    sources = sources or source_addresses(each * len(KINDS) + SENDERS)
    with (
        _log().open("w") as log,
        subprocess.Popen(
            [*command, *sources], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            yield Crowd(process)
        finally:
            process.kill()


def _waited() -> float:
    """Seconds for which some process of the machine has waited for a CPU; 0 where the kernel does not tell."""
    pressure = Path("/proc/pressure/cpu")
    return int(pressure.read_text().split()[4].removeprefix("total=")) / 1e6 if pressure.exists() else 0.0


def _log() -> Path:
    return installed(FOLDER) / "clients.log"
