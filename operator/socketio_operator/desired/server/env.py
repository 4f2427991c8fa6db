"""Environment of the server: what the operator tells the app, below what the user sets."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.manifest import wire
from socketio_operator.desired.metadata import redis_name
from socketio_operator.desired.server import runtime

PREFIX_VARIABLE = "SOCKETIO_ADAPTER_PREFIX"


def broker_prefix(cluster: SocketIOCluster) -> str:
    """Prefix of what the pods write to the broker; empty for the runtime's own default.

    A broker of the user's may serve others as well: without a prefix they would hear each other.
    """
    adapter = cluster.spec.adapter
    default = f"{cluster.namespace}.{cluster.name}" if adapter.external_broker else ""
    return adapter.prefix or default


def _plain(cluster: SocketIOCluster) -> dict[str, str]:
    spec, engine = cluster.spec, cluster.spec.engine
    values = {
        "PORT": spec.port,
        "SOCKETIO_ADAPTER": spec.adapter.type,
        "SOCKETIO_PATH": engine.path,
        "SOCKETIO_PING_INTERVAL": engine.ping_interval,
        "SOCKETIO_PING_TIMEOUT": engine.ping_timeout,
        "SOCKETIO_CONNECT_TIMEOUT": engine.connect_timeout,
        "SOCKETIO_MAX_HTTP_BUFFER_SIZE": engine.max_http_buffer_size,
        "SOCKETIO_TRANSPORTS": ",".join(engine.transports),
    }
    if prefix := broker_prefix(cluster):
        values[PREFIX_VARIABLE] = prefix
    if engine.connection_state_recovery:
        values["SOCKETIO_RECOVERY_MS"] = engine.connection_state_recovery.max_disconnection_duration
    return {name: str(value) for name, value in values.items()}


def _broker(cluster: SocketIOCluster) -> dict[str, dict[str, Any]]:
    """Env name -> Secret key of the broker, managed or external."""
    adapter = cluster.spec.adapter
    if adapter.external_broker:
        external = adapter.external_broker
        return {adapter.url_variable: {"name": external.secret_name, "key": external.key}}
    if not adapter.runs_redis:
        return {}
    names = {**wire(adapter.env), "url": adapter.url_variable}
    return {name: {"name": redis_name(cluster), "key": key} for key, name in names.items()}


def server_env(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """`env` of the server's container. A variable that the user sets replaces the operator's."""
    own: dict[str, dict[str, Any]] = {name: {"name": name, "value": value} for name, value in _plain(cluster).items()}
    own["NODE_NAME"] = {
        "name": "NODE_NAME",
        "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}},
    }
    broker = _broker(cluster)
    own |= {name: {"name": name, "valueFrom": {"secretKeyRef": ref}} for name, ref in broker.items()}
    if runtime.injected(cluster):
        own |= runtime.runtime_env(cluster, broker.get(cluster.spec.adapter.url_variable))
    own |= {var.name: wire(var) for var in cluster.spec.env}
    env = list(own.values())
    return runtime.loading(cluster, env) if runtime.injected(cluster) else env
