#!/usr/bin/python3 -IS
"""runc where the machine's capability bounding set is not whole.

A privileged container asks for every capability, and runc ends when one cannot be had. This takes out of the bundle
(create, run) or of the process (exec) what no process of this machine can have, and becomes runc. Without
CAP_SYS_RESOURCE nobody lowers an OOM score or raises a hard limit either, so these stay as they are.
"""

import json
import os
import resource
import shutil
import sys
from pathlib import Path
from typing import Any

# By number, as the kernel counts them.
CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip


def main() -> None:
    """Lessen the specification that the arguments name, and run runc with the same arguments."""
    arguments = sys.argv[1:]
    path = specification(arguments)
    if path and path.exists():
        spec = json.loads(path.read_text())
        lessen(spec.get("process", spec), bounding_set(), int(Path("/proc/self/oom_score_adj").read_text()))
        path.write_text(json.dumps(spec))
    os.execv(shutil.which("runc") or "/usr/sbin/runc", ["runc", *arguments])


def specification(arguments: list[str]) -> "Path | None":
    """The file that says what a command of runc shall start; None for the commands that start nothing."""
    if "create" in arguments or "run" in arguments:
        return Path(option(arguments, "--bundle", "-b") or ".", "config.json")
    process = option(arguments, "--process", "-p") if "exec" in arguments else None
    return Path(process) if process else None


def option(arguments: list[str], *names: str) -> "str | None":
    """The value of an option, after it or behind its equals sign."""
    for number, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name in names:
            return value or arguments[number + 1]
    return None


def bounding_set() -> frozenset[str]:
    """The names of the capabilities that can be had."""
    bits = bounding_bits()
    return frozenset(f"CAP_{name}" for number, name in enumerate(CAPABILITIES) if bits >> number & 1)


def bounding_bits() -> int:
    """One for each capability that can be had, the first lowest."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapBnd:"))
    return int(line.split()[1], 16)


def lessen(process: dict[str, Any], bounding: frozenset[str], oom_score: int) -> None:
    """Take out of the `process` of an OCI specification what a process with this bounding set cannot have."""
    sets = process.get("capabilities") or {}
    for name, wanted in sets.items():
        sets[name] = [capability for capability in wanted or [] if capability in bounding]
    if "CAP_SYS_RESOURCE" in bounding:
        return
    if process.get("oomScoreAdj", oom_score) < oom_score:
        process["oomScoreAdj"] = oom_score
    for limit in process.get("rlimits") or []:
        _, hard = resource.getrlimit(getattr(resource, limit["type"]))
        if hard != resource.RLIM_INFINITY:
            limit["hard"] = min(limit["hard"], hard)
            limit["soft"] = min(limit["soft"], limit["hard"])


if __name__ == "__main__":
    main()
