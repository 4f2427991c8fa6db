"""CPU time and memory of processes, from the kernel."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cluster.processes import all_pids

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss_mib(pid: int) -> float:
    """Resident memory in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def pid_of(program: str) -> int:
    """The one process whose name is `program` (at most 15 bytes). Raises LookupError if there is none or several."""
    found = [pid for pid in all_pids() if _name(pid) == program]
    if len(found) != 1:
        raise LookupError(f"{len(found)} processes of the name {program}: {found}")
    return found[0]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
