"""The Deployment that runs the proxy.

Its name and its selector hold the program: when another is asked for, the new pods serve before the old ones go.
A changed configuration replaces the pods one by one, and each ends softly. What the program reads anew does not.
"""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.pod import Scheduling
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest, canonical, wire
from socketio_operator.desired.metadata import (
    CONFIG_HASH_ANNOTATION,
    PROGRAM_LABEL,
    PROXY,
    labels,
    object_meta,
    proxy_name,
    proxy_workload_name,
    selector,
)
from socketio_operator.desired.proxy import CONFIG_DIR, HEALTH_PATH, SCRATCH_DIR, TLS_DIR
from socketio_operator.desired.proxy.config import config_hash
from socketio_operator.desired.proxy.ports import ports
from socketio_operator.desired.proxy.programs import Program, program_of
from socketio_operator.desired.proxy.resources import drain_seconds, resources
from socketio_operator.desired.scheduling import scheduling
from socketio_operator.desired.security import container_security, own_security

# Time for load balancers to learn that a pod is going, before it takes no more connections.
PRESTOP_SECONDS = 5
# After the drain the program must still end by itself.
MARGIN_SECONDS = 5
PROGRESS_SECONDS = 120
SCRATCH_SIZE = "64Mi"


def _probes(program: Program) -> dict[str, Any]:
    started = {"httpGet": {"path": program.started_path, "port": "metrics"}}
    healthy = {"httpGet": {"path": HEALTH_PATH, "port": "metrics"}}
    live = {**healthy, "periodSeconds": 10, "failureThreshold": 6, "timeoutSeconds": 5}
    return {
        "startupProbe": {**started, "periodSeconds": 1, "failureThreshold": 600, "timeoutSeconds": 2},
        # Pods that are all away are no reason to take the proxy away too: it tells clients to come again.
        "readinessProbe": {**healthy, "periodSeconds": 2, "failureThreshold": 2, "timeoutSeconds": 2},
        **({} if program.deaf_when_full else {"livenessProbe": live}),
    }


def _mounts(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    tls = {"name": "tls", "mountPath": TLS_DIR, "readOnly": True}
    return [
        {"name": "config", "mountPath": CONFIG_DIR, "readOnly": True},
        {"name": "scratch", "mountPath": SCRATCH_DIR},
        *([tls] if cluster.spec.routing.tls else ()),
    ]


def _volumes(cluster: SocketIOCluster, program: Program) -> list[dict[str, Any]]:
    tls = cluster.spec.routing.tls
    return [
        {"name": "config", "configMap": {"name": proxy_workload_name(cluster, program.name)}},
        {"name": "scratch", "emptyDir": {"sizeLimit": SCRATCH_SIZE}},
        *([{"name": "tls", "secret": {"secretName": tls.secret_name}}] if tls else ()),
    ]


def _container(cluster: SocketIOCluster, inputs: Inputs, program: Program) -> dict[str, Any]:
    proxy = cluster.spec.routing.proxy
    return {
        "name": PROXY,
        "image": (proxy and proxy.image) or program.image(inputs.images),
        "command": list(program.command),
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports(cluster).items()],
        "resources": resources(cluster),
        "securityContext": container_security(read_only=True),
        "lifecycle": {"preStop": {"sleep": {"seconds": PRESTOP_SECONDS}}},
        **_probes(program),
        "volumeMounts": _mounts(cluster),
    }


def _program_selector(cluster: SocketIOCluster, program: Program) -> dict[str, str]:
    return {**selector(cluster, PROXY), PROGRAM_LABEL: program.name}


def _pod_spec(cluster: SocketIOCluster, inputs: Inputs, program: Program) -> dict[str, Any]:
    proxy = cluster.spec.routing.proxy
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": _program_selector(cluster, program)},
        # Counted within one rollout: else old pods would push new ones onto one node.
        "matchLabelKeys": ["pod-template-hash"],
    }
    return {
        "serviceAccountName": proxy_name(cluster),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": PRESTOP_SECONDS + drain_seconds(cluster) + MARGIN_SECONDS,
        "securityContext": own_security(cluster, program.user),
        "imagePullSecrets": [wire(ref) for ref in cluster.spec.image_pull_secrets],
        **scheduling(proxy.pod if proxy else Scheduling()),
        "topologySpreadConstraints": [spread],
        "containers": [_container(cluster, inputs, program)],
        "volumes": _volumes(cluster, program),
    }


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The Deployment: one pod more during a rollout, never one less."""
    program, proxy = program_of(cluster), cluster.spec.routing.managed_proxy
    own = {PROGRAM_LABEL: program.name}
    meta = object_meta(cluster, proxy_workload_name(cluster, program.name), PROXY)
    manifest: Manifest = canonical(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": {
                "replicas": proxy.replicas if proxy else None,
                "progressDeadlineSeconds": PROGRESS_SECONDS,
                "revisionHistoryLimit": 2,
                "selector": {"matchLabels": _program_selector(cluster, program)},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "template": {
                    "metadata": {
                        "labels": {**labels(cluster, PROXY), **own},
                        "annotations": {CONFIG_HASH_ANNOTATION: config_hash(cluster)},
                    },
                    "spec": _pod_spec(cluster, inputs, program),
                },
            },
        }
    )
    return manifest
