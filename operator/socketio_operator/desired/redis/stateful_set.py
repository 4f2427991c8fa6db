"""The StatefulSet that runs Redis: one pod, replaced only after it is gone, as two brokers would split the app.

The claim is a child of its own: a StatefulSet's claim templates can never be changed, so storage could neither be added
nor grow without deleting Redis.
"""

import hashlib
from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest, canonical, wire
from socketio_operator.desired.metadata import (
    BROKER_HASH_ANNOTATION,
    CONFIG_HASH_ANNOTATION,
    REDIS,
    labels,
    object_meta,
    redis_name,
    selector,
)
from socketio_operator.desired.quantity import canonical_quantity
from socketio_operator.desired.redis import ACL_KEY, AUTH_DIR, CONFIG_DIR, CONFIG_KEY, DATA_DIR, PORT
from socketio_operator.desired.redis.config import redis_conf
from socketio_operator.desired.redis.memory import limit_bytes, resources
from socketio_operator.desired.redis.secret import PASSWORD_KEY
from socketio_operator.desired.scheduling import scheduling
from socketio_operator.desired.security import BROKER_USER, container_security, own_security

GIB = 1024**3


def _container(cluster: SocketIOCluster, inputs: Inputs) -> dict[str, Any]:
    managed = cluster.spec.adapter.managed
    ping = {"exec": {"command": ["redis-cli", "-e", "ping"]}}
    return {
        "name": REDIS,
        "image": (managed and managed.image) or inputs.images.redis,
        "command": ["redis-server", f"{CONFIG_DIR}/{CONFIG_KEY}"],
        "ports": [{"name": "redis", "containerPort": PORT, "protocol": "TCP"}],
        # redis-cli reads its password here; an argument would be visible in the process list.
        "env": [
            {
                "name": "REDISCLI_AUTH",
                "valueFrom": {"secretKeyRef": {"name": redis_name(cluster), "key": PASSWORD_KEY}},
            }
        ],
        "resources": resources(cluster),
        "securityContext": container_security(read_only=True),
        # It answers once it has read its log, however long that is.
        "startupProbe": {**ping, "periodSeconds": 1, "failureThreshold": 600, "timeoutSeconds": 2},
        "readinessProbe": {**ping, "periodSeconds": 5, "failureThreshold": 2, "timeoutSeconds": 2},
        "livenessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 10, "failureThreshold": 6},
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_DIR, "readOnly": True},
            {"name": "auth", "mountPath": AUTH_DIR, "readOnly": True},
            {"name": "data", "mountPath": DATA_DIR},
        ],
    }


def _data(cluster: SocketIOCluster) -> dict[str, Any]:
    if cluster.spec.adapter.storage:
        return {"name": "data", "persistentVolumeClaim": {"claimName": redis_name(cluster)}}
    # Room for the log and for the one that replaces it: a pod that needs more is evicted.
    size = max(GIB, 2 * limit_bytes(cluster))
    return {"name": "data", "emptyDir": {"sizeLimit": canonical_quantity(f"{size // 1024}Ki")}}


def _pod_spec(cluster: SocketIOCluster, inputs: Inputs) -> dict[str, Any]:
    name, managed = redis_name(cluster), cluster.spec.adapter.managed
    return {
        **(scheduling(managed.pod) if managed else {}),
        "serviceAccountName": cluster.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": own_security(cluster, BROKER_USER),
        "imagePullSecrets": [wire(ref) for ref in cluster.spec.image_pull_secrets],
        "containers": [_container(cluster, inputs)],
        "volumes": [
            {"name": "config", "configMap": {"name": name}},
            # Only the ACL file is shown: the plain password stays out of the container's file system.
            {"name": "auth", "secret": {"secretName": name, "items": [{"key": ACL_KEY, "path": ACL_KEY}]}},
            _data(cluster),
        ],
    }


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The StatefulSet of Redis. A changed redis.conf or password restarts it."""
    pod = cluster.spec.adapter.managed.pod if cluster.spec.adapter.managed else None
    digest = hashlib.sha256(redis_conf(cluster).encode()).hexdigest()[:16]
    manifest: Manifest = canonical(
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": object_meta(cluster, redis_name(cluster), REDIS),
            "spec": {
                "replicas": 1,
                "revisionHistoryLimit": 2,
                "selector": {"matchLabels": selector(cluster, REDIS)},
                "serviceName": redis_name(cluster),
                # A pod that never gets ready, for a wrong image, is replaced as soon as the template is right.
                "podManagementPolicy": "Parallel",
                "updateStrategy": {"type": "RollingUpdate"},
                "template": {
                    "metadata": {
                        "labels": {**(pod.labels if pod else {}), **labels(cluster, REDIS)},
                        "annotations": {
                            **(pod.annotations if pod else {}),
                            CONFIG_HASH_ANNOTATION: digest,
                            BROKER_HASH_ANNOTATION: inputs.redis_password_hash,
                        },
                    },
                    "spec": _pod_spec(cluster, inputs),
                },
            },
        }
    )
    return manifest
