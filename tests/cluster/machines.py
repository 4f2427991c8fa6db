"""A machine: one process that holds network, mount, process, host name and IPC namespaces.

Nothing of it outlives that process. Ending it ends every process inside (the kernel does that when the first
process of a pid namespace ends), and with them go the mounts and the network, wherever a run was interrupted.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.cluster import network
from tests.cluster.errors import ClusterError
from tests.cluster.layout import STATE, Machine
from tests.cluster.processes import all_pids, children, command_line, ended, recorded, running_file, spawn
from tests.cluster.waiting import wait_for

INIT = STATE / "init"
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid")

# A node sees folders of its own where containerd, the kubelet and the CNI plugins have fixed paths.
OWN_FOLDERS = {"run": "/run", "lib": "/var/lib", "log": "/var/log"}

# A missing image must fail at once: the node's own DNS answers "no such name" for every registry.
RESOLV_CONF = "nameserver 127.0.0.1\n"

SETUP = """
set -eu
hostname "$NAME"
ip link set lo up
ip link set eth0 up
ip address add "$ADDRESS/30" dev eth0
ip route add default via "$GATEWAY"
echo 1 >/proc/sys/net/ipv4/ip_forward
if [ -e /proc/sys/net/bridge ]; then echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; fi
"""


def start(machine: Machine, init: Path) -> None:
    """Make the machine's namespaces and network; `init` is a static program that waits and reaps."""
    for folder in (*OWN_FOLDERS, "etc", "pids"):
        (machine.home / folder).mkdir(parents=True, exist_ok=True)
    (machine.home / "etc/resolv.conf").write_text(RESOLV_CONF)
    if not INIT.exists():
        shutil.copy(init, INIT)
    # --kill-child: the first process inside ends with the recorded one outside.
    unshare = ["unshare", *NAMESPACES, "--fork", "--kill-child", "--mount-proc", "--"]
    spawn([*unshare, str(INIT), machine.name], pid_file=_pid_file(machine))
    pid = wait_for(lambda: init_pid(machine), 10, f"the first process of {machine.name}")
    network.connect(machine, pid)
    _run_inside(machine, SETUP + (_mounts(machine) if machine.number else ""))


def enter(machine: Machine) -> list[str]:
    """The start of a command line that runs the rest of it inside the machine."""
    pid = init_pid(machine)
    if pid is None:
        raise ClusterError(f"{machine.name} is not running; run `python -m tests.cluster up`")
    return ["nsenter", "--target", str(pid), *NAMESPACES, "--"]


def init_pid(machine: Machine) -> int | None:
    """The pid, seen from the host, of the machine's first process; None while there is none."""
    holder = recorded(_pid_file(machine), str(INIT))
    inside = set(children(holder)).intersection(running_file(INIT)) if holder else set()
    return min(inside, default=None)


def running() -> list[str]:
    """The names of the machines that run."""
    folders = sorted(path.parent.name for path in STATE.glob("*/machine.pid"))
    return [name for name in folders if recorded(STATE / name / "machine.pid", str(INIT))]


def processes() -> list[int]:
    """Every process of ours on the host: the machines' first processes and those that hold or enter them."""
    programs = [pid for pid in all_pids() if any(f"{STATE}/" in word for word in command_line(pid))]
    return sorted({*running_file(INIT), *programs} - {os.getpid()})


def mounts() -> list[str]:
    """The host's mounts that involve our state; machines have mount namespaces of their own, so: none."""
    return [line for line in Path("/proc/mounts").read_text().splitlines() if f"{STATE}/" in line]


def kill(machine: Machine) -> None:
    """End one machine: its first process, with it all others in it, and its network."""
    pid = init_pid(machine)
    if pid is not None:
        _kill(pid)
        wait_for(lambda: ended(pid), 30, f"the processes of {machine.name} to end")


def stop_all() -> None:
    """End every machine, also one whose record is lost, and wait until all its processes are gone."""
    holders = [recorded(path, str(INIT)) for path in STATE.glob("*/machine.pid")]
    # The program is our own copy under STATE, so whoever runs it is ours.
    inside = running_file(INIT)
    doomed = [*(holder for holder in holders if holder), *inside]
    for pid in doomed:
        _kill(pid)
    # The kernel lets the first process of a pid namespace end only after all others in it.
    wait_for(lambda: all(ended(pid) for pid in doomed), 30, "the processes of the machines to end")


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _pid_file(machine: Machine) -> Path:
    return machine.home / "machine.pid"


def _mounts(machine: Machine) -> str:
    lines = [f'mount --bind "{machine.home}/{own}" {path}\n' for own, path in OWN_FOLDERS.items()]
    return "".join(lines) + f'mount --bind "{machine.home}/etc/resolv.conf" /etc/resolv.conf\n'


def _run_inside(machine: Machine, script: str) -> None:
    variables = {"NAME": machine.name, "ADDRESS": machine.address, "GATEWAY": machine.gateway}
    done = subprocess.run(
        [*enter(machine), "sh", "-c", script],
        env=os.environ | variables,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClusterError(f"cannot set up {machine.name}: {done.stderr.strip()}")
