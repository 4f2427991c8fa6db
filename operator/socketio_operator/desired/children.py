"""All children of a cluster, in the order in which they are applied."""

from collections.abc import Callable

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired import (
    deployment,
    disruption_budget,
    peers_service,
    routers,
    runtime_secret,
    service,
    service_account,
)
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.redis import claim, config, network_policy, secret, stateful_set
from socketio_operator.desired.redis import disruption_budget as redis_disruption_budget
from socketio_operator.desired.redis import service as redis_service

Builder = Callable[[SocketIOCluster, Inputs], Manifest | None]

# What pods refer to comes before the pods, the broker before the app that dials it, the route last.
BUILDERS: tuple[Builder, ...] = (
    service_account.build,
    secret.build,
    config.build,
    network_policy.build,
    runtime_secret.build,
    redis_service.build,
    claim.build,
    stateful_set.build,
    redis_disruption_budget.build,
    service.build,
    peers_service.build,
    deployment.build,
    disruption_budget.build,
    routers.build,
)


def build_children(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The manifests of everything that the cluster consists of. Equal input gives equal output."""
    built = (build(cluster, inputs) for build in BUILDERS)
    return tuple(manifest for manifest in built if manifest is not None)
