"""up, down and status for whichever kind of cluster this machine can run, one command at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from tests.cluster import bare, engine, kind
from tests.cluster.cluster import Cluster
from tests.cluster.errors import ClusterError
from tests.cluster.layout import LOCK
from tests.cluster.progress import say


def up(nodes: int = 2) -> Cluster:
    """Bring a cluster up with at least `nodes` nodes (0: the control plane alone); a healthy one is used again."""
    with _one_at_a_time() as chosen:
        cluster: Cluster = chosen.up(nodes)
        return cluster


def down() -> None:
    """Take the cluster down and remove all it left, also what a killed run or another checkout left."""
    with _one_at_a_time() as chosen:
        chosen.down()


def running() -> Cluster | None:
    """The cluster, if one runs and is healthy."""
    with _one_at_a_time() as chosen:
        cluster: Cluster | None = chosen.running_cluster()
        return cluster


def backend() -> ModuleType:
    """kind where a Docker engine answers, the bare-node cluster elsewhere; CLUSTER=kind|bare forces one."""
    choices = {"kind": kind, "bare": bare}
    forced = os.environ.get("CLUSTER")
    if forced:
        if forced not in choices:
            raise ClusterError(f"CLUSTER={forced} is not known; use kind or bare")
        return choices[forced]
    return kind if engine.answers() else bare


@contextmanager
def _one_at_a_time() -> Iterator[ModuleType]:
    """The backend, under its lock; the kernel releases that when the holder ends, however it ends."""
    chosen = backend()
    # kind's first build takes minutes, and shares nothing with the bare-node clusters.
    path = LOCK if chosen is bare else LOCK.with_name("socketio-operator-kind.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another command works on the cluster: waiting for it to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield chosen
