"""JavaScript clients in a process of their own."""

import json
import subprocess
import threading
import time
from dataclasses import dataclass, field

from support.app import TESTS


@dataclass
class Swarm:
    """`connects`, `disconnects`: moments, in seconds of the monotonic clock; `reasons`: of the disconnects."""

    url: str
    transport: str
    number: int
    connects: list[float] = field(default_factory=list)
    disconnects: list[float] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        command = ["node", str(TESTS / "clients" / "swarm.cjs"), self.url, self.transport, str(self.number)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        self.process.communicate()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            fact = json.loads(line)
            if fact["event"] == "connect":
                self.connects.append(time.monotonic())
            else:
                self.disconnects.append(time.monotonic())
                self.reasons.add(fact["reason"])
