"""Redis as a component: the broker that the operator runs beside the app."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.component import Component, Defaults, Former, Generated, Trouble
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import REDIS, SERVER, redis_name
from socketio_operator.desired.redis import (
    claim,
    config,
    disruption_budget,
    network_policy,
    secret,
    service,
    stateful_set,
)


def _wanted(cluster: SocketIOCluster) -> bool:
    return cluster.spec.adapter.runs_redis


def _workload(cluster: SocketIOCluster) -> Ref:
    return Ref("StatefulSet", redis_name(cluster))


def _former_workload(cluster: SocketIOCluster) -> Ref:
    return Ref("Deployment", redis_name(cluster))


def _defaults(cluster: SocketIOCluster) -> Defaults:
    managed = cluster.spec.adapter.managed
    return Defaults() if managed and managed.image else Defaults(images=frozenset({REDIS}))


def _silent(cluster: SocketIOCluster) -> str:
    return f"Redis does not answer; if this lasts, see kubectl logs statefulset/{redis_name(cluster)}."


COMPONENT = Component(
    label=REDIS,
    wanted=_wanted,
    builders=(
        secret.build,
        config.build,
        network_policy.build,
        service.build,
        claim.build,
        stateful_set.build,
        disruption_budget.build,
    ),
    workload=_workload,
    defaults=_defaults,
    generated=(Generated("redis_password", redis_name, secret.PASSWORD_KEY),),
    former=Former(_former_workload, "BrokerMoving"),
    outlives=SERVER,
    trouble=Trouble("BrokerNotReady", _silent, "broadcasts may not reach all pods"),
)
