"""Bringing an image onto a bare node."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import IO

from tests.cluster import containerd
from tests.cluster.images.archive import image_digest
from tests.cluster.layout import Machine


def load_into(machine: Machine, tar: Path) -> None:
    """Import the image of `tar` unless the node has the very same one under that name."""
    name, digest = image_digest(tar)
    if containerd.images(machine).get(name) == digest:
        return
    present = containerd.content(machine)
    containerd.import_image(machine, lambda pipe: _write_missing(tar, pipe, present))


def _write_missing(tar: Path, pipe: IO[bytes], present: frozenset[str]) -> None:
    """Write `tar` without the layers that the node has: most images differ from their last version in one."""
    with tarfile.open(tar) as whole, tarfile.open(fileobj=pipe, mode="w|") as rest:
        for member in whole:
            if f"sha256:{Path(member.name).name}" not in present:
                rest.addfile(member, whole.extractfile(member))
