"""The Deployment that runs the Socket.IO server.

The pod template holds only what must restart pods when it changes. Nothing of the operator's own
version enters it.
"""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.spread import SpreadConstraint
from socketio_operator.api.volumes import Volume
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest, canonical, wire
from socketio_operator.desired.metadata import (
    BROKER_HASH_ANNOTATION,
    CREDENTIALS_ANNOTATION,
    OBJECTS_ANNOTATION,
    SERVER,
    labels,
    object_meta,
    selector,
)
from socketio_operator.desired.quantity import canonical_resources
from socketio_operator.desired.references import object_marks
from socketio_operator.desired.scheduling import scheduling
from socketio_operator.desired.security import container_security, server_security
from socketio_operator.desired.server import runtime
from socketio_operator.desired.server.containers import init_containers, sidecars
from socketio_operator.desired.server.discovery import discovery_ports
from socketio_operator.desired.server.env import server_env
from socketio_operator.desired.server.scratch import scratch_mounts, scratch_volumes

# Time for routers to learn that a pod is going, before the app hears SIGTERM.
PRESTOP_SECONDS = 5
GRACE_SECONDS = 30


def _probes_of_app(cluster: SocketIOCluster) -> dict[str, Any]:
    """Socket.IO answers no health request by itself and each polling GET opens a session: a TCP connection
    is the probe that harms nothing, unless the app names an endpoint."""
    health, patience = cluster.spec.health, cluster.spec.probes
    ready: dict[str, Any] = (
        {"httpGet": {"path": health.path, "port": "http"}} if health else {"tcpSocket": {"port": "http"}}
    )
    alive = {"tcpSocket": {"port": "http"}}
    return {
        "startupProbe": {
            **ready,
            "periodSeconds": 1,
            "failureThreshold": patience.startup_seconds,
            "timeoutSeconds": 2,
        },
        "readinessProbe": {
            **ready,
            "periodSeconds": 5,
            "failureThreshold": patience.readiness_failures,
            "timeoutSeconds": 2,
        },
        "livenessProbe": {
            **alive,
            "periodSeconds": 10,
            "failureThreshold": patience.liveness_failures,
            "timeoutSeconds": 5,
        },
    }


def _probes(cluster: SocketIOCluster) -> dict[str, Any]:
    """The app's own port is asked once, where routers look for it; the runtime from then on."""
    asked = runtime.probes(cluster.spec.probes) if runtime.injected(cluster) else {}
    return _probes_of_app(cluster) | asked


def _pre_stop(cluster: SocketIOCluster) -> dict[str, Any]:
    return runtime.pre_stop(PRESTOP_SECONDS) if runtime.injected(cluster) else {"sleep": {"seconds": PRESTOP_SECONDS}}


def _ports(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    ports = {"http": cluster.spec.port}
    if runtime.injected(cluster):
        ports |= {runtime.PORT_NAME: cluster.spec.runtime.port, **discovery_ports(cluster)}
    udp = {"name": "webtransport", "containerPort": cluster.spec.port, "protocol": "UDP"}
    return [
        *({"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()),
        *([udp] if cluster.spec.engine.webtransport else ()),
    ]


def _container(cluster: SocketIOCluster) -> dict[str, Any]:
    spec = cluster.spec
    return {
        "name": SERVER,
        "image": spec.image,
        "imagePullPolicy": spec.image_pull_policy,
        "command": list(spec.command),
        "args": list(spec.args),
        "ports": _ports(cluster),
        "env": server_env(cluster),
        "envFrom": [wire(source) for source in spec.env_from],
        "resources": canonical_resources(wire(spec.resources)),
        "volumeMounts": [*runtime.mounts(cluster), *scratch_mounts(cluster)],
        "securityContext": container_security(spec.pod.read_only_root),
        "lifecycle": {"preStop": _pre_stop(cluster)},
        **_probes(cluster),
    }


def _spread(cluster: SocketIOCluster) -> list[dict[str, Any]]:
    """Over nodes unless the user says otherwise; counted within one rollout, else old pods would push new ones away."""
    asked = cluster.spec.pod.topology_spread_constraints
    rules = (SpreadConstraint(topology_key="kubernetes.io/hostname"),) if asked is None else asked
    counted = {"labelSelector": {"matchLabels": selector(cluster, SERVER)}, "matchLabelKeys": ["pod-template-hash"]}
    return [{**({} if one.label_selector else counted), **wire(one)} for one in rules]


def _grace_seconds(cluster: SocketIOCluster) -> int:
    """The drain, news to the routers before it and the end of the process after it must all fit."""
    if asked := cluster.spec.pod.termination_grace_period_seconds:
        return asked
    if not runtime.injected(cluster):
        return GRACE_SECONDS
    return max(GRACE_SECONDS, PRESTOP_SECONDS + cluster.spec.runtime.drain_seconds + runtime.MARGIN_SECONDS)


def _pod_spec(cluster: SocketIOCluster, inputs: Inputs) -> dict[str, Any]:
    spec, pod = cluster.spec, cluster.spec.pod
    own_account = spec.service_account_name is None
    with_runtime = runtime.injected(cluster)
    return {
        "serviceAccountName": spec.service_account_name or cluster.name,
        "automountServiceAccountToken": False if own_account else None,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _grace_seconds(cluster),
        "securityContext": server_security(cluster),
        "imagePullSecrets": [wire(ref) for ref in spec.image_pull_secrets],
        **scheduling(pod),
        "runtimeClassName": pod.runtime_class_name,
        "schedulerName": pod.scheduler_name,
        "dnsPolicy": pod.dns_policy,
        "dnsConfig": wire(pod.dns_config) if pod.dns_config else None,
        "hostAliases": [wire(alias) for alias in pod.host_aliases],
        "topologySpreadConstraints": _spread(cluster),
        "initContainers": [
            *([runtime.init_container(cluster, inputs)] if with_runtime else ()),
            *init_containers(cluster),
        ],
        "containers": [_container(cluster), *sidecars(cluster)],
        "volumes": [
            *(_volume(volume) for volume in spec.volumes),
            *(runtime.volumes(cluster) if with_runtime else ()),
            *scratch_volumes(cluster),
        ],
    }


def _volume(volume: Volume) -> dict[str, Any]:
    """A file with an amount of resources has to say of which container: of the server's."""
    written: dict[str, Any] = wire(volume)
    for source in written.get("projected", {}).get("sources", ()):
        for item in source.get("downwardAPI", {}).get("items", ()):
            if amount := item.get("resourceFieldRef"):
                amount["containerName"] = SERVER
    return written


def _annotations(cluster: SocketIOCluster, inputs: Inputs) -> dict[str, str] | None:
    annotations = dict(cluster.spec.pod.annotations)
    adapter = cluster.spec.adapter
    # The URL is read at start: new credentials reach the app by a restart only.
    if adapter.runs_redis:
        annotations[BROKER_HASH_ANNOTATION] = inputs.redis_password_hash
    elif adapter.external_broker and adapter.external_broker.restart_on_change and inputs.external_credentials:
        annotations[BROKER_HASH_ANNOTATION] = inputs.external_credentials
    if inputs.object_hashes:
        annotations[OBJECTS_ANNOTATION] = object_marks(inputs.object_hashes)
    return annotations or None


def _marks(inputs: Inputs) -> dict[str, Any]:
    """The Deployment's own annotations."""
    credentials = inputs.external_credentials
    return {"annotations": {CREDENTIALS_ANNOTATION: credentials}} if credentials else {}


def without_runtime(cluster: SocketIOCluster, manifest: Manifest) -> Manifest:
    """The same Deployment for an image that does not load the runtime: the app's own port alone is asked."""
    template = manifest["spec"]["template"]
    server, *others = template["spec"]["containers"]
    pod = {**template["spec"], "containers": [canonical({**server, **_probes_of_app(cluster)}), *others]}
    return {**manifest, "spec": {**manifest["spec"], "template": {**template, "spec": pod}}}


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The server's Deployment: one pod more during a rollout, never one less."""
    spec, pod = cluster.spec, cluster.spec.pod
    manifest: Manifest = canonical(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": object_meta(cluster, cluster.name, SERVER, **_marks(inputs)),
            "spec": {
                "replicas": spec.replicas,
                "progressDeadlineSeconds": spec.progress_deadline_seconds,
                "revisionHistoryLimit": spec.revision_history_limit,
                "minReadySeconds": spec.min_ready_seconds or None,
                "selector": {"matchLabels": selector(cluster, SERVER)},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "template": {
                    "metadata": {
                        "labels": {**pod.labels, **labels(cluster, SERVER)},
                        "annotations": _annotations(cluster, inputs),
                    },
                    "spec": _pod_spec(cluster, inputs),
                },
            },
        }
    )
    return manifest
