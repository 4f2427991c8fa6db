"""Where the cluster's files are and which addresses it uses.

A machine has room for sixteen clusters of a kind side by side, told apart by CLUSTER_NUMBER (0 to 15, by default 0).
A bare-node cluster has fixed addresses, and its state at a fixed path and not in a checkout: any checkout can take down
what another one left behind.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import ClusterError

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build"

MOST_CLUSTERS = 16
MOST_MACHINES = 16
NUMBER = int(os.environ.get("CLUSTER_NUMBER") or 0)
if NUMBER not in range(MOST_CLUSTERS):
    raise ClusterError(f"CLUSTER_NUMBER={NUMBER} is not from 0 to {MOST_CLUSTERS - 1}")
SUFFIX = f"-{NUMBER}" if NUMBER else ""

KUBECONFIG = BUILD / f"kubeconfig{SUFFIX}"
LOGS = BUILD / f"cluster-logs{SUFFIX}"

NAME = f"socketio-operator-cluster{SUFFIX}"
STATE = Path("/srv", NAME)
PKI = STATE / "pki"
# One for all numbers: they share the host's setting of forwarding, and two cores start one cluster at a time.
LOCK = Path("/run/lock/socketio-operator-cluster.lock")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "socketio-operator"

POD_RANGE = f"10.244.{MOST_MACHINES * NUMBER}.0/20"
SERVICE_RANGE = f"10.{96 + NUMBER}.0.0/16"
API_SERVICE = f"10.{96 + NUMBER}.0.1"
DNS_SERVICE = f"10.{96 + NUMBER}.0.10"


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
    def place(self) -> int:
        """The machine's number among those of all clusters."""
        return MOST_MACHINES * NUMBER + self.number

    @property
    def address(self) -> str:
        """The machine's IPv4 address."""
        return f"10.199.{self.place}.2"

    @property
    def gateway(self) -> str:
        """The host's address on the link to the machine."""
        return f"10.199.{self.place}.1"

    @property
    def link(self) -> str:
        """The host's end of the virtual cable."""
        return f"sio{self.place}"

    @property
    def pods(self) -> str:
        """The range of the addresses of the machine's pods."""
        return f"10.244.{self.place}.0/24"


CONTROL_PLANE = Machine("control-plane", 0)
API_SERVER = f"https://{CONTROL_PLANE.address}:6443"


def node(number: int) -> Machine:
    """The machine of node `number`, counted from 1."""
    return Machine(f"node-{number}", number)


def nodes(count: int) -> list[Machine]:
    """The machines of the first `count` nodes."""
    return [node(number) for number in range(1, count + 1)]
