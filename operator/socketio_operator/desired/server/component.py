"""The server as a component. Every cluster has it."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.component import Component, Defaults, Generated
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import SERVER, runtime_name
from socketio_operator.desired.server import (
    deployment,
    disruption_budget,
    network_policy,
    peers_service,
    runtime,
    runtime_secret,
    service,
    service_account,
)
from socketio_operator.desired.server.env import PREFIX_VARIABLE


def _wanted(cluster: SocketIOCluster) -> bool:
    return True


def _workload(cluster: SocketIOCluster) -> Ref:
    return Ref("Deployment", cluster.name)


def _defaults(cluster: SocketIOCluster) -> Defaults:
    chosen = {PREFIX_VARIABLE} if cluster.spec.adapter.prefix else set()
    return Defaults(frozenset({runtime.NAME}), frozenset({PREFIX_VARIABLE} - chosen))


COMPONENT = Component(
    label=SERVER,
    wanted=_wanted,
    builders=(
        service_account.build,
        runtime_secret.build,
        service.build,
        peers_service.build,
        deployment.build,
        disruption_budget.build,
        network_policy.build,
    ),
    workload=_workload,
    defaults=_defaults,
    carries=True,
    without_runtime=deployment.without_runtime,
    generated=(
        Generated("runtime_token", runtime_name, runtime.TOKEN_KEY),
        Generated("session_key", runtime_name, runtime.SESSION_KEY),
    ),
)
