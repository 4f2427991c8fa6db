"""Processes that outlive the command that starts them, known by their recorded pid."""

from __future__ import annotations

import subprocess
from pathlib import Path

# The process records its own pid before it becomes the program: however early the starter is killed,
# nothing runs without a record.
RECORD_AND_RUN = 'echo $$ >"$0" && exec "$@"'


def spawn(command: list[str], *, pid_file: Path, log: Path | None = None) -> None:
    """Start `command` in a session of its own with its pid in `pid_file` and its output added to `log`."""
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    with (log or Path("/dev/null")).open("ab") as output:
        subprocess.run(
            ["setsid", "--fork", "sh", "-c", RECORD_AND_RUN, str(pid_file), *command],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def command_line(pid: int) -> list[str]:
    """The arguments of a running process; empty when there is none (a zombie has none either)."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").split("\0")[:-1]


def recorded(pid_file: Path, argument: str) -> int | None:
    """The pid in `pid_file` if that process still runs with `argument` on its command line.

    The check is what makes a signal to it safe: the kernel may have given the number to another program.
    """
    try:
        pid = int(pid_file.read_text())
    except (OSError, ValueError):
        return None
    return pid if argument in command_line(pid) else None


def ended(pid: int) -> bool:
    """Whether the process is gone, or a zombie that waits only for its parent to look."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    # The state follows the name, which is in parentheses and may hold anything.
    return status.rpartition(")")[2].split()[0] in "ZX"


def children(pid: int) -> list[int]:
    """The pids of the direct children of `pid`; empty when it is gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def running_file(path: Path) -> list[int]:
    """Every process whose program is the very file `path`."""
    found = []
    for pid in all_pids():
        try:
            program = Path(f"/proc/{pid}/exe").readlink()
        except OSError:
            continue
        # The kernel adds " (deleted)" when the file has been removed since.
        if str(program).removesuffix(" (deleted)") == str(path):
            found.append(pid)
    return found


def all_pids() -> list[int]:
    """The pids of all processes that this one can see."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
