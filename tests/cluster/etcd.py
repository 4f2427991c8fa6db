"""etcd: the API server's database."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.daemons import Daemon
from tests.cluster.layout import CONTROL_PLANE

CLIENT_URL = "http://127.0.0.1:2379"
PEER_URL = "http://127.0.0.1:2380"


def daemon(binaries: Binaries, logs: Path) -> Daemon:
    """etcd inside the control plane's machine; it is reachable from there only."""
    command = (
        str(binaries.etcd),
        f"--data-dir={CONTROL_PLANE.home}/etcd",
        f"--listen-client-urls={CLIENT_URL}",
        f"--advertise-client-urls={CLIENT_URL}",
        f"--listen-peer-urls={PEER_URL}",
        "--unsafe-no-fsync",  # the data need not survive a power cut
    )
    return Daemon(CONTROL_PLANE, "etcd", command, logs / "etcd.log")
