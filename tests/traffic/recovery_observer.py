"""Real socket.io clients that tell what a rolling restart did to them (tests/traffic/recovery)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.traffic.processes import ENDS_WITH_US
from tests.traffic.wire import Target

FOLDER = Path(__file__).parent / "recovery"
END_SECONDS = 30


@dataclass(frozen=True)
class Observed:
    """What one client saw. `disconnects` are milliseconds since the epoch; `story` tells of them and of all attempts.

    `lost` are numbers of messages that a server took and the client never got, `repeated` those that it got twice.
    """

    disconnects: tuple[int, ...]
    recoveries: int
    fresh: int
    lost: tuple[int, ...]
    repeated: tuple[int, ...]
    connected: bool
    story: tuple[str, ...]


@dataclass(frozen=True)
class Observation:
    """What all clients saw, and how many messages a server took."""

    sent: int
    clients: tuple[Observed, ...]

    @property
    def disconnects(self) -> list[int]:
        """All disconnects, in order of time."""
        return sorted(at for client in self.clients for at in client.disconnects)

    def most_within(self, milliseconds: int) -> int:
        """The most disconnects in any span of that length."""
        times = self.disconnects
        return max((sum(start <= at < start + milliseconds for at in times) for start in times), default=0)


class Observer:
    """Clients that run; `finish()` ends them and tells."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def finish(self) -> Observation:
        """Ends the clients. Raises TimeoutExpired, or ValueError with what they printed instead of a result."""
        output, _ = self._process.communicate(timeout=END_SECONDS)
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
        clients = tuple(
            Observed(
                disconnects=tuple(client["disconnects"]),
                recoveries=client["recoveries"],
                fresh=client["fresh"],
                lost=tuple(client["lost"]),
                repeated=tuple(client["repeated"]),
                connected=client["connected"],
                story=tuple(client["story"]),
            )
            for client in found["clients"]
        )
        return Observation(found["sent"], clients)


@contextmanager
def observing(target: Target, sources: list[str]) -> Iterator[Observer]:
    """Clients of `target`, connected, with messages flowing."""
    if not (FOLDER / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True)
    command = [*ENDS_WITH_US, "node", str(FOLDER / "observe.mjs"), str(target.port), target.host, *sources]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            if first != "ready\n":
                raise RuntimeError(f"the clients did not connect: {first}")
            yield Observer(process)
        finally:
            process.kill()
