"""Specs and live objects that several unit tests share."""

import json
from collections.abc import Mapping
from typing import Any

from socketio_operator.api import API_VERSION, KIND, SocketIOCluster
from socketio_operator.desired.children import build_children
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.kinds import Ref, ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import FIELD_MANAGER
from socketio_operator.plan.observed import Child, Observed
from socketio_operator.plan.pods import Pod

LEAST: dict[str, Any] = {"image": "registry.example/chat:1.4", "routing": {"host": "chat.example.com"}}

FULL: dict[str, Any] = {
    "image": "registry.example/chat:1.4",
    "imagePullPolicy": "IfNotPresent",
    "imagePullSecrets": [{"name": "registry"}],
    "replicas": 3,
    "port": 8080,
    "command": ["node"],
    "args": ["server.js"],
    "env": [
        {"name": "LOG_LEVEL", "value": "info"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}},
        {"name": "PORT", "value": "9000"},
    ],
    "envFrom": [{"secretRef": {"name": "all"}}],
    "resources": {"requests": {"cpu": "1000m", "memory": "0.5Gi"}, "limits": {"memory": "512Mi"}},
    "volumes": [
        {"name": "settings", "configMap": {"name": "app"}},
        {"name": "keys", "secret": {"secretName": "keys"}},
        {"name": "scratch", "emptyDir": {}},
    ],
    "volumeMounts": [{"name": "settings", "mountPath": "/etc/app"}, {"name": "scratch", "mountPath": "/tmp/app"}],
    "health": {"path": "/health"},
    "pod": {"labels": {"team": "chat"}, "nodeSelector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}]},
    "engine": {"pingInterval": 30000, "pingTimeout": 60000, "connectionStateRecovery": {}},
    "adapter": {
        "type": "redis-streams",
        "managed": {"storage": {"size": "2Gi"}, "pod": {"tolerations": [{"operator": "Exists"}]}},
        "env": {"url": "BROKER", "password": "BROKER_PASSWORD"},
    },
    "routing": {
        "host": "chat.example.com",
        "affinity": "cookie",
        "tls": {"secretName": "chat-tls"},
        "cookie": {"name": "pod", "maxAgeSeconds": 3600, "sameSite": "None"},
    },
}


def body(spec: dict[str, Any], name: str = "chat", **meta: Any) -> dict[str, Any]:
    """A resource as the API server would serve it."""
    metadata = {"name": name, "namespace": "team", "uid": "uid-1", "generation": 1, **meta}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}


def cluster(**changes: Any) -> SocketIOCluster:
    """The least cluster with some fields of its spec replaced."""
    return SocketIOCluster.parse(body({**LEAST, **changes}))


INPUTS = Inputs(redis_password="secret-password", runtime_token="secret-token", session_key="secret-key")


def children(of: SocketIOCluster) -> dict[Ref, Manifest]:
    """What is built for a cluster, by reference."""
    return {ref_of(manifest): manifest for manifest in build_children(of, INPUTS)}


def as_stored(manifest: Manifest, uid: str = "child-1", status: dict[str, Any] | None = None) -> dict[str, Any]:
    """A live object as it is after our apply: the manifest, what the server adds, and whose fields they are."""
    live: dict[str, Any] = json.loads(json.dumps(manifest))
    live["metadata"] |= {
        "uid": uid,
        "resourceVersion": "7",
        "generation": 1,
        "managedFields": [
            {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {"f:clusterIP": {}}}},
            {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": _fields(_owned_part(manifest))},
        ],
    }
    return {**live, "status": status} if status else live


def _owned_part(manifest: Manifest) -> dict[str, Any]:
    meta = {key: value for key, value in manifest["metadata"].items() if key not in ("name", "namespace")}
    rest = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    return {**rest, "metadata": meta}


def _fields(value: Any) -> dict[str, Any]:
    """fieldsV1 of a value; lists of named items are maps by name, other lists are atomic, as in Kubernetes."""
    if isinstance(value, dict):
        return {f"f:{key}": _fields(item) for key, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        return {f'k:{{"name":"{item["name"]}"}}': {".": {}, **_fields(item)} for item in value}
    return {}


def picture(live: Mapping[Ref, Any], pods: tuple[dict[str, Any], ...] = (), **seen: Any) -> Observed:
    """What is observed of live objects and pods, as the API server would serve them."""
    return Observed({ref: Child.of(item) for ref, item in live.items()}, tuple(map(_pod, pods)), **seen)


def _pod(live: dict[str, Any]) -> Pod:
    return Pod.of({**live, "metadata": {"uid": live["metadata"]["name"], "resourceVersion": "1", **live["metadata"]}})
