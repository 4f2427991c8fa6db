"""What Linux tells about this process, under the names that Prometheus clients use."""

from __future__ import annotations

import os
import resource
from typing import Tuple

Value = Tuple[str, str, str, float]
STARTED = "process_start_time_seconds"


def process_values() -> list[Value]:
    """(name, kind, help, value) of each metric."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    started = _boot_time() + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return [
        ("process_cpu_user_seconds_total", "counter", "User CPU time", usage.ru_utime),
        ("process_cpu_system_seconds_total", "counter", "System CPU time", usage.ru_stime),
        ("process_cpu_seconds_total", "counter", "CPU time", usage.ru_utime + usage.ru_stime),
        (STARTED, "gauge", "Start, as a Unix time", started),
        ("process_resident_memory_bytes", "gauge", "Resident memory", resident),
        ("process_virtual_memory_bytes", "gauge", "Virtual memory", int(fields[20])),
        ("process_open_fds", "gauge", "Open file descriptors", len(os.listdir("/proc/self/fd"))),
        ("process_max_fds", "gauge", "Limit of open file descriptors", resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
    ]


def _boot_time() -> int:
    with open("/proc/stat", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("btime "))
