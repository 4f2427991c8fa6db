"""The status, written only when it says something new."""

from collections.abc import Mapping
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.routing import Routing
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.metadata import SERVER, redis_name, selector_string
from socketio_operator.desired.redis.memory import persistent
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.condition import Condition, wire_status
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.truth.summary import clients, last_verified

Status = dict[str, Any]


def status_of(
    cluster: SocketIOCluster,
    observed: Observed,
    found: tuple[Condition, ...],
    before: Mapping[str, Any],
    now: str,
) -> Status:
    """The whole status of a valid cluster. `before`: the status so far; `now`: RFC 3339 time."""
    progress = observed.progress(COMPONENTS[SERVER].workload(cluster))
    counted = {
        "clients": clients(observed, before),
        "lastVerified": last_verified(found, before, observed.now),
    }
    return {
        "observedGeneration": cluster.generation,
        "replicas": progress.replicas if progress else 0,
        "readyReplicas": progress.ready if progress else 0,
        "selector": selector_string(cluster),
        "url": _url(cluster.spec.routing),
        **{name: value for name, value in counted.items() if value is not None},
        "effective": _effective(cluster),
        "conditions": stamped(found, before, cluster.generation, now),
    }


def stalled_status(found: tuple[Condition, ...], before: Mapping[str, Any], generation: int, now: str) -> Status:
    """The status of a spec that cannot be used: only what is said about it changes."""
    kept = {key: value for key, value in before.items() if key not in ("observedGeneration", "conditions")}
    return {
        **kept,
        "observedGeneration": generation,
        "conditions": stamped(found, before, generation, now),
    }


def _url(routing: Routing) -> str:
    """Where clients connect to: at the first host that is no wildcard, if there is one."""
    scheme = "https" if routing.tls else "http"
    host = next((name for name in routing.all_hosts if not name.startswith("*")), routing.host)
    return f"{scheme}://{host}{routing.path}"


def _effective(cluster: SocketIOCluster) -> dict[str, Any]:
    limits = proxy_limits(cluster.spec)
    adapter = cluster.spec.adapter
    effective: dict[str, Any] = {
        "router": cluster.spec.routing.router,
        "affinity": ROUTERS[cluster.spec.routing.router].affinity(cluster),
        "readTimeoutSeconds": limits.read_seconds,
        "sendTimeoutSeconds": limits.send_seconds,
        "maxBodyBytes": limits.max_body_bytes,
        "adapter": adapter.type,
    }
    if adapter.runs_redis:
        effective["broker"] = f"{redis_name(cluster)}.{cluster.namespace}.svc:6379"
        if where := _broker_data(cluster):
            effective["brokerData"] = where
    elif adapter.external_broker:
        effective["broker"] = f"Secret {adapter.external_broker.secret_name}"
    return effective


def _broker_data(cluster: SocketIOCluster) -> str:
    """What becomes of what Redis holds, in words; empty if messages only pass through."""
    adapter = cluster.spec.adapter
    if adapter.storage:
        claim = f"PersistentVolumeClaim {redis_name(cluster)} ({adapter.storage.size})"
        return f"kept on {claim}, which outlives the pod of Redis"
    if not persistent(cluster):
        return ""
    return (
        "kept in the pod of Redis: events and sessions outlive its process, and are lost with the pod; "
        "set spec.adapter.managed.storage to keep them"
    )


def stamped(found: tuple[Condition, ...], before: Mapping[str, Any], generation: int, now: str) -> list[dict[str, Any]]:
    """Conditions in the wire format; `lastTransitionTime` changes only with `status`."""
    earlier = {condition["type"]: condition for condition in before.get("conditions", ())}
    result = []
    for condition in found:
        status = wire_status(condition.status)
        old = earlier.get(condition.type)
        since = old["lastTransitionTime"] if old and old["status"] == status else now
        result.append(
            {
                "type": condition.type,
                "status": status,
                "observedGeneration": generation,
                "lastTransitionTime": since,
                "reason": condition.reason,
                "message": condition.message[:32768],
            }
        )
    return result
