"""The host's side of the network: a virtual cable and routes for each machine, forwarding between them.

The host is the router: it reaches the API server, the pods of every node and, through node 1, the cluster IPs.
Routes belong to the cable, so deleting the cable (or ending the machine that holds its other end) removes them.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.layout import CONTROL_PLANE, MOST_MACHINES, SERVICE_RANGE, STATE, Machine

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
SAVED = STATE.with_name("socketio-operator-host-sysctls.json")


def connect(machine: Machine, pid: int) -> None:
    """Lay the cable between the host and the machine whose first process is `pid`."""
    disconnect(machine.link)
    _ip("link", "add", machine.link, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    _ip("address", "add", f"{machine.gateway}/30", "dev", machine.link)
    _ip("link", "set", machine.link, "up")


def add_routes(machine: Machine) -> None:
    """Send the machine's pods' range, and with node 1 the Services' range, through its cable."""
    ranges = [machine.pods] + ([SERVICE_RANGE] if machine.number == 1 else [])
    for addresses in ranges:
        _ip("route", "replace", addresses, "via", machine.address, "dev", machine.link)


def disconnect(link: str) -> None:
    """Remove the host's end of a cable, if it is there."""
    if Path("/sys/class/net", link).exists():
        # It may vanish by itself meanwhile: its other end goes with the machine.
        subprocess.run(["ip", "link", "delete", link], capture_output=True, check=False)


def silence(machine: Machine) -> None:
    """Lay a cable with nobody at its end: what is sent to a machine that is gone must not leave by another way."""
    disconnect(machine.link)
    end = f"{machine.link}-gone"
    _ip("link", "add", machine.link, "type", "veth", "peer", "name", end)
    _ip("address", "add", f"{machine.gateway}/30", "dev", machine.link)
    for link in (machine.link, end):
        _ip("link", "set", link, "up")
    add_routes(machine)


def links() -> list[str]:
    """The host's ends of our cables."""
    ours = range(CONTROL_PLANE.place, CONTROL_PLANE.place + MOST_MACHINES)
    return sorted(path.name for path in Path("/sys/class/net").iterdir() if _place(path.name) in ours)


def routes() -> list[str]:
    """The host's routes through our cables."""
    shown = subprocess.run(["ip", "route", "show"], capture_output=True, text=True, check=True).stdout
    through = tuple(f" dev {link} " for link in links())
    return [line.strip() for line in shown.splitlines() if any(cable in f"{line} " for cable in through)]


def allow_forwarding() -> None:
    """Let the host route between the machines. Its former setting is kept for restore_forwarding()."""
    if not SAVED.exists():
        SAVED.write_text(json.dumps({"ip_forward": FORWARDING.read_text().strip()}))
    FORWARDING.write_text("1\n")


def restore_forwarding() -> None:
    """With the last cluster, put the host's setting back to what it was before the first."""
    if SAVED.exists() and not _other_clusters():
        FORWARDING.write_text(json.loads(SAVED.read_text())["ip_forward"] + "\n")
        SAVED.unlink()


def _other_clusters() -> list[Path]:
    return [path for path in STATE.parent.glob("socketio-operator-cluster*") if path != STATE]


def _place(link: str) -> int | None:
    found = re.fullmatch(r"sio(\d+)(-gone)?", link)
    return int(found[1]) if found else None


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}")
