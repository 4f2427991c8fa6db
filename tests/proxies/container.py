"""A process as its container would run it: another root, read-only, another user, the pod's own volumes and DNS."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from socketio_operator.desired.proxy import CONFIG_DIR, SCRATCH_DIR, TLS_DIR
from tests.proxies.root import proxy_root

DEVICES = ("null", "zero", "random", "urandom")


def contained(command: tuple[str, ...], user: int, volumes: Mapping[str, Path], resolv_conf: Path) -> tuple[str, ...]:
    """The command line. `volumes`: path inside -> folder; nothing else but `SCRATCH_DIR` can be written to.

    Mounts live in a namespace of the process's own, and end with it.
    """
    root = proxy_root()
    binds = {**volumes, "/etc/resolv.conf": resolv_conf}
    lines = [
        "set -e",
        f"mount --bind {root} {root}",
        f"mount -t proc proc {root}/proc",
        f"mount -t tmpfs -o mode=755 devices {root}/dev",
        *(f"touch {root}/dev/{name}; mount --bind /dev/{name} {root}/dev/{name}" for name in DEVICES),
        f"ln -s /proc/self/fd {root}/dev/fd; ln -s /proc/self/fd/1 {root}/dev/stdout",
        f"ln -s /proc/self/fd/2 {root}/dev/stderr; mkdir -m 1777 {root}/dev/shm",
        f"mount -t tmpfs -o mode=1777 scratch {root}{SCRATCH_DIR}",
        *(f"mount --bind {shlex.quote(str(path))} {root}{inside}" for inside, path in binds.items()),
        f"mount -o remount,bind,ro {root}",
        # Set last, as a change of the user would clear it: a killed test leaves nothing behind.
        f"exec chroot {root} setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs --pdeathsig KILL "
        '"$@"',
    ]
    return ("unshare", "--mount", "sh", "-c", "\n".join(lines), "sh", *command)
