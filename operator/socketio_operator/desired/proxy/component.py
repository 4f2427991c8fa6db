"""The proxy as a component: what takes clients to the pods where the operator runs that itself."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.component import Component, Defaults, Trouble
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import PROXY, proxy_workload_name
from socketio_operator.desired.proxy import (
    config,
    deployment,
    disruption_budget,
    endpoints,
    network_policy,
    service,
    service_account,
)
from socketio_operator.desired.proxy.programs import program_of


def _wanted(cluster: SocketIOCluster) -> bool:
    return cluster.spec.routing.managed_proxy is not None


def _workload(cluster: SocketIOCluster) -> Ref:
    return Ref("Deployment", proxy_workload_name(cluster, program_of(cluster).name))


def _defaults(cluster: SocketIOCluster) -> Defaults:
    proxy = cluster.spec.routing.proxy
    return Defaults() if proxy and proxy.image else Defaults(images=frozenset({PROXY}))


def _silent(cluster: SocketIOCluster) -> str:
    name = _workload(cluster).name
    return f"No pod of the proxy is ready; if this lasts, see kubectl logs deployment/{name}."


COMPONENT = Component(
    label=PROXY,
    wanted=_wanted,
    builders=(
        service_account.build,
        config.build,
        network_policy.build,
        endpoints.build,
        service.build,
        deployment.build,
        disruption_budget.build,
    ),
    workload=_workload,
    defaults=_defaults,
    carries=True,
    trouble=Trouble("ProxyNotReady", _silent),
)
