"""Processes beside the operator: the bare clients, the kubelet, the runtimes. They speak JSON lines with the bench."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.traffic.processes import ENDS_WITH_US

ROOT = Path(__file__).parents[2]


class Helper:
    """`python -m tests.bench.<module>`: it has printed its first line when this returns, and ends with the bench."""

    def __init__(self, module: str, log: Path, *options: str | Path) -> None:
        command = [*ENDS_WITH_US, sys.executable, "-m", f"tests.bench.{module}", *(str(option) for option in options)]
        environment = os.environ | {"PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}"}
        self._module, self._log = module, log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True
            )
        self.first_line = self._line()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def ask(self, line: str = "go") -> Any:
        """Sends a line and waits for the JSON that is answered. Raises RuntimeError when the process ends instead."""
        self.tell(line)
        return self.answer()

    def tell(self, line: str) -> None:
        """Sends a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Waits for a line of JSON."""
        return json.loads(self._line())

    def stop(self) -> None:
        """Ends it; nothing to do is no error."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            end = self._log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"tests.bench.{self._module} has ended ({self._process.returncode}):\n{end}")
        return line
