"""Where the processes of a pod find each other's sockets.

Pods that share a file system, as on a developer's machine, have different addresses.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path


def folder_of(address: str) -> Path:
    """`address`: of the pod."""
    name = hashlib.sha256(address.encode("ascii")).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"socketio-runtime-{name}")


def make_folder(address: str) -> None:
    """For this user alone. Raises OSError."""
    folder = folder_of(address)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(f"{folder} belongs to somebody else")
