"""The Docker engine under kind: the one that answers, else one of the project's own, made of Debian's docker.io.

The own engine touches no rule of the host's firewall and makes no bridge but kind's. Its images outlive it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.cluster import packages
from tests.cluster.errors import ClusterError
from tests.cluster.kind_node.bounded_runc import bounding_bits
from tests.cluster.processes import ended, recorded, spawn
from tests.cluster.progress import step
from tests.cluster.waiting import wait_for

STATE = Path("/srv/socketio-operator-engine")
SOCKET = STATE / "socket"
HOST = f"unix://{SOCKET}"
LOG = STATE / "log"
# Beside every range of the bare-node clusters, of kind's pods and Services, and of the tests' clients.
NETWORKS = "10.251.0.0/20"
RUNTIME = Path(__file__).parent / "kind_node/bounded_runc.py"
ANSWER_SECONDS = 10.0
START_SECONDS = 60.0
END_SECONDS = 60.0


def ensure() -> None:
    """Have an engine that answers, for this process and those it starts; raises ClusterError."""
    if found():
        return
    if os.geteuid() != 0:
        raise ClusterError("no Docker engine answers, and only root can start one: start yours, or run this as root")
    packages.ensure(("docker.io", "iptables"))
    with step("no Docker engine answers: starting one of our own"):
        if _pid() is None:
            _start()
        os.environ["DOCKER_HOST"] = HOST
        wait_for(_answers_or_ended, START_SECONDS, f"our Docker engine to answer; its log is {LOG}")


def found() -> bool:
    """Whether an engine answers; if it is our own, this process and those it starts talk to it from here on."""
    if _pid() is None:
        return answers()
    os.environ["DOCKER_HOST"] = HOST
    return answers()


def answers() -> bool:
    """Whether the engine that DOCKER_HOST or Docker's default names answers."""
    if not shutil.which("docker"):
        return False
    try:
        return (
            subprocess.run(["docker", "info"], capture_output=True, timeout=ANSWER_SECONDS, check=False).returncode == 0
        )
    except subprocess.TimeoutExpired:
        return False


def end() -> None:
    """End our own engine if it runs; its images stay for the next one."""
    pid = _pid()
    if pid is None:
        return
    with step("ending our own Docker engine"):
        # A network's bridge would outlive the engine.
        subprocess.run(["docker", f"--host={HOST}", "network", "prune", "--force"], capture_output=True, check=False)
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: ended(pid), END_SECONDS, "our Docker engine to end")
    if os.environ.get("DOCKER_HOST") == HOST:
        del os.environ["DOCKER_HOST"]


def _start() -> None:
    STATE.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    spawn(["dockerd", *_settings()], pid_file=_pid_file(), log=LOG)
    wait_for(lambda: _pid() or (LOG.exists() and LOG.stat().st_size), ANSWER_SECONDS, "dockerd to start")


def _answers_or_ended() -> bool:
    if _pid() is None:
        raise ClusterError(f"dockerd ended; its log is {LOG}, which ends:\n{LOG.read_text()[-2000:]}")
    return answers()


def _settings() -> list[str]:
    settings = [
        f"--host={HOST}",
        f"--data-root={STATE}/data",
        f"--exec-root={STATE}/run",
        f"--pidfile={STATE}/dockerd.pid",
        "--log-level=warn",
        "--bridge=none",
        f"--default-address-pool=base={NETWORKS},size=24",
        # The host's rules stay as they are: with the engine's own, nothing would be forwarded for anybody else.
        "--iptables=false",
        "--ip-masq=false",
    ]
    if not _lacks_capability():
        return settings
    runtime = STATE / "bounded-runc"
    shutil.copy(RUNTIME, runtime)
    runtime.chmod(0o755)
    return [*settings, f"--add-runtime=bounded={runtime}", "--default-runtime=bounded"]


def _lacks_capability() -> bool:
    """Whether there is a capability that no process of this machine can have."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    return bounding_bits() != (1 << last + 1) - 1


def _pid() -> int | None:
    return recorded(_pid_file(), f"--host={HOST}")


def _pid_file() -> Path:
    return STATE / "pid"
