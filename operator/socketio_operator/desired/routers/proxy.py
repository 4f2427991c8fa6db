"""The proxy that the operator runs: its objects are those of the component, and the route is its Service."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.affinity import Lack
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.proxy.programs import PROGRAMS, program_of
from socketio_operator.desired.routers.base import Router


def _build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    return ()


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    return program_of(cluster).affinities(cluster)


def _without(cluster: SocketIOCluster) -> Lack | None:
    without = program_of(cluster).without
    return without(cluster) if without else None


ROUTER = Router(
    "proxy",
    _build,
    _affinities,
    _without,
    timeouts="; ".join(f"{program.name}: {program.timeouts}" for program in PROGRAMS.values()),
    follows="; ".join(f"{program.name}: {program.follows}" for program in PROGRAMS.values()),
    draining="; ".join(f"{program.name}: {program.draining}" for program in PROGRAMS.values()),
)
