"""The private authority of an external broker: a file that the runtime reads."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.adapter import Authority

NAME = "socketio-runtime-ca"
MOUNT = f"/{NAME}"
FILE = "ca.crt"


def authority(cluster: SocketIOCluster) -> Authority | None:
    """The Secret that holds it, if there is one."""
    external = cluster.spec.adapter.external_broker
    return external.ca_secret if external else None


def authority_volumes(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """The Secret's key as a file, or nothing."""
    if (found := authority(cluster)) is None:
        return []
    return [{"name": NAME, "secret": {"secretName": found.name, "items": [{"key": found.key, "path": FILE}]}}]


def authority_mounts(cluster: SocketIOCluster) -> dict[str, str]:
    """Volume -> where it appears."""
    return {NAME: MOUNT} if authority(cluster) else {}


def authority_env(cluster: SocketIOCluster) -> dict[str, str]:
    """Where the runtime finds it."""
    return {"SOCKETIO_RUNTIME_BROKER_CA_FILE": f"{MOUNT}/{FILE}"} if authority(cluster) else {}
