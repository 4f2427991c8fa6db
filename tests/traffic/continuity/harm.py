"""What is done to the processes and machines of a cluster, from outside: nobody inside is asked or warned."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.images import build_image
from tests.cluster.kubectl import Kubectl
from tests.cluster.lifecycle import backend
from tests.cluster.processes import all_pids


def first_process(kubectl: Kubectl, pod: str, container: str) -> int:
    """The pid, seen from the host, of a container's first process."""
    status = kubectl.json("get", "pod", pod)["status"]
    (found,) = (item for item in status["containerStatuses"] if item["name"] == container)
    identity = found["containerID"].rpartition("//")[2]
    for pid in all_pids():
        try:
            if identity in Path(f"/proc/{pid}/cgroup").read_text() and _number_inside(pid) == 1:
                return pid
        except (FileNotFoundError, ProcessLookupError):
            continue
    raise LookupError(f"no process of container {container} of {pod} is seen from here")


def kill(pid: int) -> None:
    """SIGKILL: no handler runs, no connection is closed by the program."""
    os.kill(pid, signal.SIGKILL)


def freeze(pid: int, seconds: float) -> None:
    """Stop a process for so long: its connections stay, and nothing is answered."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def wait(seconds: float) -> None:
    """The length of a harm, where the time is what does it."""
    time.sleep(seconds)


@contextmanager
def image_away(kubectl: Kubectl, image: str, name: str) -> Iterator[None]:
    """The image `name` (`image` is its short name) cannot be had on any node for as long as the block runs."""
    for node in kubectl.json("get", "nodes")["items"]:
        command = [*backend().inside(node["metadata"]["name"]), "ctr", "--namespace", "k8s.io", "images", "rm", name]
        subprocess.run(command, capture_output=True, check=True, cwd="/")
    try:
        yield
    finally:
        kubectl.cluster.load(build_image(image))


@contextmanager
def cut_off(kubectl: Kubectl, pod: str, container: str, port: int) -> Iterator[None]:
    """Whatever the pod sends to that port, and what comes from it, is dropped for as long as the block runs."""
    pid = first_process(kubectl, pod, container)
    within = ["nsenter", f"--target={pid}", "--net", "nft"]
    rules = "".join(
        f"add chain inet cut {hook} {{ type filter hook {hook} priority 0; }}\n"
        f"add rule inet cut {hook} tcp {side} {port} drop\n"
        for hook, side in (("output", "dport"), ("input", "sport"))
    )
    subprocess.run([*within, "-f", "-"], input=f"add table inet cut\n{rules}", text=True, check=True)
    try:
        yield
    finally:
        subprocess.run([*within, "delete", "table", "inet", "cut"], check=True)


@contextmanager
def killed_node(name: str) -> Iterator[None]:
    """The node is gone for as long as the block runs, with all that ran on it, and nothing says goodbye."""
    backend().kill_node(name)
    try:
        yield
    finally:
        backend().revive_node(name)


def _number_inside(pid: int) -> int:
    """The process's pid in its innermost namespace."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("NSpid:")).split()[-1])
