"""A long-running program inside a machine: started, watched until it is ready, its log named when it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import machines
from tests.cluster.errors import ApiError, ClusterError
from tests.cluster.layout import CONTROL_PLANE, Machine, nodes
from tests.cluster.processes import command_line, ended, recorded, spawn
from tests.cluster.waiting import wait_for

LAST_LINES = 15


@dataclass(frozen=True)
class Daemon:
    """`command` is the full command line, its first word an absolute path or a name in PATH."""

    machine: Machine
    name: str
    command: tuple[str, ...]
    log: Path

    @property
    def pid_file(self) -> Path:
        """Holds the pid of the process that waits for the program (outside the machine)."""
        return self.machine.home / "pids" / self.name

    def start(self) -> None:
        """Start it; its output is added to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        spawn([*machines.enter(self.machine), *self.command], pid_file=self.pid_file, log=self.log)

    def runs(self) -> bool:
        """Whether the very process that start() recorded is there."""
        return recorded(self.pid_file, self.command[0]) is not None

    def wait_ready(self, ready: Callable[[], object], timeout: float) -> None:
        """Poll `ready` until it is true; raises ClusterError with the end of the log if the program ends first."""

        def condition() -> object:
            if not self.runs() and self._is_gone():
                raise self._ended()
            return ready()

        # Its file is there a moment before the pid is in it: only what was seen to run can be seen to have ended.
        try:
            wait_for(self.runs, 5, f"{self.name} to start")
        except TimeoutError as error:
            raise self._ended() from error
        try:
            what = f"{self.name} on {self.machine.name} to become ready"
            wait_for(condition, timeout, what, tolerate=(OSError, ApiError))
        except TimeoutError as error:
            raise ClusterError(f"{error}. {self._end_of_log()}") from error

    def _is_gone(self) -> bool:
        # A process that becomes another program has no command line for a moment.
        try:
            return ended(int(self.pid_file.read_text()))
        except (OSError, ValueError):
            return True

    def _ended(self) -> ClusterError:
        return ClusterError(f"{self.name} on {self.machine.name} has ended. {self._end_of_log()}")

    def _end_of_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:] if self.log.exists() else []
        return f"Its log is {self.log}, which ends:\n" + "\n".join(f"    {line}" for line in lines)


def dead(machine: Machine) -> list[str]:
    """The programs of the machine that were started and do not run any more."""
    return [path.name for path in sorted((machine.home / "pids").glob("*")) if not _runs(path)]


def all_machines(count: int) -> list[Machine]:
    """The control plane and the first `count` nodes."""
    return [CONTROL_PLANE, *nodes(count)]


def _runs(pid_file: Path) -> bool:
    # The recorded process is the nsenter that waits for the program.
    pid = recorded(pid_file, "nsenter")
    return pid is not None and bool(command_line(pid))
