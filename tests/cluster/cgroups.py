"""One cgroup for each node in every hierarchy: the kubelet's root, where it puts the pods."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.layout import NAME, Machine
from tests.cluster.waiting import wait_for

MOUNT = Path("/sys/fs/cgroup")
# By itself a group gets as much CPU as one process of the host. A node is a machine of its own: whatever else the host
# does must not stop its pods for seconds. The two versions of cgroups have two names for it.
CPU = {"cpu.shares": 16 * 1024, "cpu.weight": 16 * 100}


def root_of(machine: Machine) -> str:
    """The node's cgroup, as the kubelet's `cgroupRoot` wants it."""
    return f"/{NAME}/{machine.name}"


def create(machine: Machine) -> None:
    """Make the node's cgroup in each hierarchy (one under cgroup v2, one per controller under v1)."""
    for hierarchy in _hierarchies():
        for folder in (hierarchy / NAME, hierarchy / NAME / machine.name):
            folder.mkdir(exist_ok=True)
            _copy_cpuset(folder)
            _weigh(folder)


def remove_all() -> None:
    """Remove the cgroups of all nodes; their processes must have been ended."""
    # The kernel needs a moment after the last process is gone.
    wait_for(lambda: not _left_after_removal(), 10, "the cgroups of the nodes to become empty")


def left() -> list[Path]:
    """The cgroups of ours that exist."""
    return [hierarchy / NAME for hierarchy in _hierarchies() if (hierarchy / NAME).exists()]


def _hierarchies() -> list[Path]:
    if (MOUNT / "cgroup.controllers").exists():
        return [MOUNT]
    return sorted(path for path in MOUNT.iterdir() if (path / "cgroup.procs").exists() and not path.is_symlink())


def _copy_cpuset(folder: Path) -> None:
    """A v1 cpuset starts empty and takes no process until it has CPUs and memory nodes."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (folder / name).exists() and (folder / "cgroup.clone_children").exists():
            (folder / name).write_text((folder.parent / name).read_text())


def _weigh(folder: Path) -> None:
    for name, weight in CPU.items():
        if (folder / name).exists():
            (folder / name).write_text(str(weight))


def _left_after_removal() -> list[Path]:
    for top in left():
        for folder in sorted(top.rglob("*/"), reverse=True):
            _rmdir(folder)
        _rmdir(top)
    return left()


def _rmdir(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # still busy, or gone meanwhile: the caller looks again
