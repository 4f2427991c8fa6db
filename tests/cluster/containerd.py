"""containerd on a node, the CNI configuration it reads, and the images it holds."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tests.cluster.daemons import Daemon
from tests.cluster.errors import ClusterError
from tests.cluster.layout import Machine

# Paths inside the node's machine are the defaults; only the configuration is elsewhere.
SOCKET = "/run/containerd/containerd.sock"
PAUSE_IMAGE = "registry.local/pause:1"

CONFIG = """version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  disable_apparmor = true
  # Without the capability to lower the score of its children, containerd must not try.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def daemon(machine: Machine, logs: Path) -> Daemon:
    """containerd inside the node's machine."""
    cni = machine.home / "etc/cni"
    cni.mkdir(exist_ok=True)
    (cni / "10-bridge.conflist").write_text(json.dumps(_cni(machine), indent=2))
    config = machine.home / "etc/containerd.toml"
    config.write_text(CONFIG.format(pause=PAUSE_IMAGE, cni=cni))
    command = ("containerd", "--config", str(config))
    return Daemon(machine, "containerd", command, logs / f"{machine.name}-containerd.log")


def answers(machine: Machine) -> bool:
    """Whether containerd takes requests."""
    return _ctr(machine, "version").returncode == 0


def images(machine: Machine) -> dict[str, str]:
    """The images of the node: name -> digest of the manifest."""
    rows = [line.split() for line in _checked(machine, "images", "list").splitlines()[1:]]
    return {row[0]: row[2] for row in rows}


def content(machine: Machine) -> frozenset[str]:
    """The digests of all manifests, configurations and layers that the node holds."""
    return frozenset(_checked(machine, "content", "list", "--quiet").split())


def import_image(machine: Machine, write: Callable[[IO[bytes]], None]) -> None:
    """Import the image archive that `write` writes into the pipe it is given."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            _command(machine, "images", "import", "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        assert process.stdin is not None
        try:
            write(process.stdin)
            process.stdin.close()
        except BrokenPipeError:
            pass  # ctr ended early; its own message says why
        finally:
            process.wait()
        if process.returncode:
            errors.seek(0)
            raise ClusterError(f"cannot import an image into {machine.name}: {errors.read().decode().strip()}")


def _checked(machine: Machine, *arguments: str) -> str:
    done = _ctr(machine, *arguments)
    if done.returncode:
        raise ClusterError(f"`ctr {' '.join(arguments)}` failed on {machine.name}: {done.stderr.strip()}")
    return done.stdout


def _ctr(machine: Machine, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(machine, *arguments), capture_output=True, text=True, check=False)


def _command(machine: Machine, *arguments: str) -> list[str]:
    # Seen from the host, the machine's /run is a folder of its home.
    socket = str(machine.home) + SOCKET
    return ["ctr", "--address", socket, "--connect-timeout", "2s", "--namespace", "k8s.io", *arguments]


def _cni(machine: Machine) -> dict[str, object]:
    """A bridge for the node's pods. No masquerading: every pod is reached by its own address from everywhere."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": machine.pods}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, ports]}
