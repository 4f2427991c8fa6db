"""The user of an image."""

from __future__ import annotations

from tests.cluster.images.entries import Directory, Item, Text


def accounts(name: str, uid: int) -> tuple[Item, ...]:
    """root and one user with a passwd line (some programs refuse to run without), and a /tmp for all."""
    passwd = f"root:x:0:0:root:/root:/bin/sh\n{name}:x:{uid}:{uid}::/:/bin/sh\n"
    return (
        Text("/etc/passwd", passwd),
        Text("/etc/group", f"root:x:0:\n{name}:x:{uid}:\n"),
        Text("/etc/nsswitch.conf", "hosts: files dns\n"),
        Directory("/tmp", mode=0o1777),
    )
