"""The Deployment that runs Redis: one pod, replaced only after it is gone, as two brokers would split the app."""

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
from socketio_operator.desired.quantity import canonical_resources
from socketio_operator.desired.redis import ACL_KEY, AUTH_DIR, CONFIG_DIR, CONFIG_KEY, DATA_DIR, PORT
from socketio_operator.desired.redis.config import redis_conf
from socketio_operator.desired.redis.secret import PASSWORD_KEY
from socketio_operator.desired.security import BROKER_USER, container_security, pod_security

DEFAULT_RESOURCES: dict[str, Any] = {"requests": {"cpu": "50m", "memory": "64Mi"}}
DATA_LIMIT = "1Gi"


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
        "resources": (managed and canonical_resources(wire(managed.resources))) or DEFAULT_RESOURCES,
        "securityContext": container_security(read_only=True),
        "startupProbe": {**ping, "periodSeconds": 1, "failureThreshold": 60, "timeoutSeconds": 2},
        "readinessProbe": {**ping, "periodSeconds": 5, "failureThreshold": 2, "timeoutSeconds": 2},
        "livenessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 10, "failureThreshold": 6},
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_DIR, "readOnly": True},
            {"name": "auth", "mountPath": AUTH_DIR, "readOnly": True},
            {"name": "data", "mountPath": DATA_DIR},
        ],
    }


def _pod_spec(cluster: SocketIOCluster, inputs: Inputs) -> dict[str, Any]:
    name = redis_name(cluster)
    return {
        "serviceAccountName": cluster.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(BROKER_USER, BROKER_USER, BROKER_USER),
        "imagePullSecrets": [wire(ref) for ref in cluster.spec.image_pull_secrets],
        "containers": [_container(cluster, inputs)],
        "volumes": [
            {"name": "config", "configMap": {"name": name}},
            # Only the ACL file is shown: the plain password stays out of the container's file system.
            {"name": "auth", "secret": {"secretName": name, "items": [{"key": ACL_KEY, "path": ACL_KEY}]}},
            {"name": "data", "emptyDir": {"sizeLimit": DATA_LIMIT}},
        ],
    }


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest | None:
    """The Deployment of Redis, if the operator runs it. A changed redis.conf or password restarts it."""
    if not cluster.spec.adapter.runs_redis:
        return None
    digest = hashlib.sha256(redis_conf(cluster).encode()).hexdigest()[:16]
    manifest: Manifest = canonical(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": object_meta(cluster, redis_name(cluster), REDIS),
            "spec": {
                "replicas": 1,
                "revisionHistoryLimit": 2,
                "selector": {"matchLabels": selector(cluster, REDIS)},
                "strategy": {"type": "Recreate"},
                "template": {
                    "metadata": {
                        "labels": labels(cluster, REDIS),
                        "annotations": {
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
