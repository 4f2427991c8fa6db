"""Where the cluster's files are and which addresses it uses.

All addresses are fixed, so only one bare-node cluster can run on a machine; its state is therefore at one
fixed path and not in a checkout: any checkout can take down what another one left behind.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build"
KUBECONFIG = BUILD / "kubeconfig"
LOGS = BUILD / "cluster-logs"

STATE = Path("/srv/socketio-operator-cluster")
PKI = STATE / "pki"
LOCK = Path("/run/lock/socketio-operator-cluster.lock")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "socketio-operator"

POD_RANGE = "10.244.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"


@dataclass(frozen=True)
class Machine:
    """A set of namespaces that stands for a machine: own network, mounts, processes and host name.

    Number 0 is the control plane, from 1 on they are nodes.
    """

    name: str
    number: int

    @property
    def home(self) -> Path:
        """All that the machine writes to disk."""
        return STATE / self.name

    @property
    def address(self) -> str:
        """The machine's IPv4 address."""
        return f"10.199.{self.number}.2"

    @property
    def gateway(self) -> str:
        """The host's address on the link to the machine."""
        return f"10.199.{self.number}.1"

    @property
    def link(self) -> str:
        """The host's end of the virtual cable."""
        return f"sio{self.number}"

    @property
    def pods(self) -> str:
        """The range of the addresses of the machine's pods."""
        return f"10.244.{self.number}.0/24"


CONTROL_PLANE = Machine("control-plane", 0)
API_SERVER = f"https://{CONTROL_PLANE.address}:6443"


def node(number: int) -> Machine:
    """The machine of node `number`, counted from 1."""
    return Machine(f"node-{number}", number)


def nodes(count: int) -> list[Machine]:
    """The machines of the first `count` nodes."""
    return [node(number) for number in range(1, count + 1)]
