"""The root file system of a proxy's image, unpacked, with what a test needs to run it and to ask it."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tarfile
import tempfile
from pathlib import Path

from tests.cluster import packages
from tests.cluster.images.debian import debian_root
from tests.cluster.images.layers import layer_tar
from tests.cluster.images.proxies import PROXIES, SUITE
from tests.cluster.layout import BUILD

FOLDER = BUILD / "proxies"
# `setpriv`, and a client of HTTP.
TOOLS = ("util-linux", "busybox-static")
# Where a pod has its volumes, and what a container runtime mounts.
MOUNT_POINTS = ("proc", "dev", "tmp", "etc/socketio-proxy", "etc/socketio-proxy-tls")


def proxy_root(program: str) -> Path:
    """The folder; made anew when the image changes."""
    packages.ensure(("iproute2", "util-linux"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tars = [layer_tar(layer) for layer in (debian_root(*TOOLS, suite=SUITE), *PROXIES[program]().layers)]
        key = hashlib.sha256(" ".join(tar.stem for tar in tars).encode()).hexdigest()[:16]
        root = FOLDER / f"{program}-{key}"
        if not root.exists():
            _unpack(tars, root)
    return root


def _unpack(tars: list[Path], root: Path) -> None:
    unfinished = Path(tempfile.mkdtemp(dir=FOLDER))
    try:
        for name in tars:
            with tarfile.open(name) as tar:
                tar.extractall(unfinished, filter="tar")
        for point in MOUNT_POINTS:
            (unfinished / point).mkdir(parents=True, exist_ok=True)
        (unfinished / "etc/resolv.conf").touch()
        unfinished.chmod(0o755)
        unfinished.rename(root)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
