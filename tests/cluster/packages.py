"""The Debian packages that the nodes need."""

from __future__ import annotations

import os
import subprocess

from tests.cluster.errors import ClusterError
from tests.cluster.progress import say

CONTROL_PLANE = ("iproute2", "util-linux", "gcc", "libc6-dev")
NODES = ("containerd", "runc", "containernetworking-plugins", "nftables", "iptables", "conntrack")


def ensure(packages: tuple[str, ...]) -> None:
    """Install those of `packages` that are missing, and say which; raises ClusterError when apt-get fails."""
    missing = [package for package in packages if not _installed(package)]
    if not missing:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    say(f"  missing Debian packages; running: {' '.join(command)}")
    # RUNLEVEL=1: nothing is started by being installed.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for attempt in (["apt-get", "update"], command):
        done = subprocess.run(attempt, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise ClusterError(f"`{' '.join(attempt)}` failed:\n{done.stderr.strip() or done.stdout.strip()}")


def _installed(package: str) -> bool:
    status = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return status.stdout == "installed"
