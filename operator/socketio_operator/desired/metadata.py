"""The one place for names, labels, selectors and owner references.

Invariants: selectors never change for a given cluster name, and the cluster's own labels are never
copied to children (GitOps tools track by label and would prune them).
"""

from collections.abc import Mapping
from typing import Any

from socketio_operator.api import API_VERSION, GROUP, KIND, SocketIOCluster

MANAGED_BY = "socketio-operator"
CLUSTER_LABEL = f"{GROUP}/cluster"
COMPONENT_LABEL = f"{GROUP}/component"
CONFIG_HASH_ANNOTATION = f"{GROUP}/config-hash"
BROKER_HASH_ANNOTATION = f"{GROUP}/broker-hash"
# Of the server's Deployment itself, not of its pods: with which credentials of an external broker they were started.
CREDENTIALS_ANNOTATION = f"{GROUP}/broker-credentials"
# Of the server's pods: hashes of the user's objects whose change replaces them.
OBJECTS_ANNOTATION = f"{GROUP}/restart-on-change"
# `kubectl rollout history` shows this annotation of a Deployment.
CAUSE_ANNOTATION = "kubernetes.io/change-cause"

# The one field manager by which children are applied.
FIELD_MANAGER = "socketio-operator"

SERVER = "server"
REDIS = "redis"
PROXY = "proxy"
# Which program a pod of the proxy runs.
PROGRAM_LABEL = f"{GROUP}/proxy"

# What every child and pod carries; the operator's watches select by it.
MANAGED_SELECTOR = f"app.kubernetes.io/managed-by={MANAGED_BY}"


def selector(cluster: SocketIOCluster, component: str) -> dict[str, str]:
    """Labels that select the pods of one component; fixed for ever."""
    return {CLUSTER_LABEL: cluster.name, COMPONENT_LABEL: component}


def selector_string(cluster: SocketIOCluster) -> str:
    """The server pods' selector as a string, for the scale subresource."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector(cluster, SERVER).items()))


def labels(cluster: SocketIOCluster, component: str) -> dict[str, str]:
    """Labels of children and pods: the selector and Kubernetes' recommended ones.

    Without `app.kubernetes.io/instance`: Argo CD may track by it, and would prune what is not in Git.
    """
    return {
        "app.kubernetes.io/name": "socketio",
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/managed-by": MANAGED_BY,
        **selector(cluster, component),
    }


def redis_name(cluster: SocketIOCluster) -> str:
    """Name of the managed broker's objects."""
    return f"{cluster.name}-redis"


def runtime_name(cluster: SocketIOCluster) -> str:
    """Name of the Secret with the token and the session key of the injected runtime."""
    return f"{cluster.name}-runtime"


def peers_name(cluster: SocketIOCluster) -> str:
    """Name of the headless Service by which the runtimes find each other."""
    return f"{cluster.name}-peers"


def route_name(cluster: SocketIOCluster) -> str:
    """Name of the Service by which clients, or a controller that reads annotations of Services, reach the pods."""
    return f"{cluster.name}-route"


def proxy_name(cluster: SocketIOCluster) -> str:
    """Name of the proxy's objects, but for its Deployment."""
    return f"{cluster.name}-proxy"


def proxy_workload_name(cluster: SocketIOCluster, program: str) -> str:
    """Name of the proxy's Deployment: that of another program starts before this one's goes."""
    return f"{cluster.name}-{program}"


def endpoints_name(cluster: SocketIOCluster) -> str:
    """Name of the headless Service by which the proxy finds the server's pods."""
    return f"{cluster.name}-endpoints"


def owner_reference(cluster: SocketIOCluster) -> dict[str, Any]:
    """Our controller reference: what carries it with this uid is ours, nothing else is."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": cluster.name,
        "uid": cluster.uid,
        "controller": True,
    }


def object_meta(cluster: SocketIOCluster, name: str, component: str, **more: Any) -> dict[str, Any]:
    """`metadata` of a child."""
    return {
        "name": name,
        "namespace": cluster.namespace,
        "labels": labels(cluster, component),
        "ownerReferences": [owner_reference(cluster)],
        **more,
    }


def described(meta: dict[str, Any], labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, Any]:
    """`metadata` of a child with labels and annotations of the user's. Ours win."""
    notes = {**annotations, **(meta.get("annotations") or {})}
    return {**meta, "labels": {**labels, **meta["labels"]}, **({"annotations": notes} if notes else {})}


def route_meta(cluster: SocketIOCluster, annotations: Mapping[str, str]) -> dict[str, Any]:
    """`metadata` of the Ingress, IngressRoute or HTTPRoute, with `annotations` of ours."""
    routing = cluster.spec.routing
    meta = object_meta(cluster, cluster.name, SERVER, annotations=dict(annotations) or None)
    return described(meta, routing.labels, routing.annotations)
