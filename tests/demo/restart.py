"""What a rolling restart does to sessions: socket.io clients of three kinds stay while every pod is replaced."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.traffic.chat_servers import installed
from tests.traffic.processes import ENDS_WITH_US
from tests.traffic.wire import Target

FOLDER = Path(__file__).parent / "clients"


@dataclass(frozen=True)
class Restart:
    """Of all `clients`: those whose session was cut and recovered, those who got a new one, and those who are away."""

    clients: int
    recovered: int
    fresh: int
    away: int
    cuts: int

    @property
    def summary(self) -> str:
        """One line of the verdict."""
        return (
            f"rolling restart: {self.recovered} of {self.clients} sessions moved to new pods with id and rooms, "
            f"{self.cuts / self.clients:.1f} reconnections each"
        )

    @property
    def broken(self) -> tuple[str, ...]:
        """The promises that were not kept. Every pod is replaced, so every session has to move."""
        promises = (
            (self.away == 0, f"{self.away} of {self.clients} clients are away after the rolling restart"),
            (self.fresh == 0, f"{self.fresh} of {self.clients} sessions were not recovered"),
            (
                self.recovered + self.fresh + self.away == self.clients,
                "some clients were never cut: pods of before are still there",
            ),
        )
        return tuple(text for kept, text in promises if not kept)


def watch(target: Target, sources: Sequence[str], restart: Callable[[], object]) -> Restart:
    """Connect a client from each source, let `restart` happen, and tell what became of the sessions."""
    program = [*ENDS_WITH_US, "node", str(installed(FOLDER) / "main.mjs")]
    command = [*program, str(target.port), target.host, ",".join(target.addresses), *sources]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            if process.stdout.readline() != "connected\n":
                raise RuntimeError("the clients of the rolling restart could not connect")
            restart()
            process.stdin.close()
            return Restart(**json.loads(process.stdout.readline()))
        finally:
            process.kill()
