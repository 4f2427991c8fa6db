"""Envoy Gateway in a cluster, as its chart installs it: the controller, its certificates and a class of Gateways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests import crds
from tests.cluster.kubectl import Kubectl

NAMESPACE = "envoy-gateway-system"
NAME = "envoy-gateway"
CLASS = "envoy"
GATEWAY = "public"
SERVICE = "envoy-public"  # of the Gateway's proxies, in NAMESPACE
IMAGES = ("envoy", "envoy-gateway")

_IMAGE = "registry.local/envoy-gateway:1"
_CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
_LABELS = {"control-plane": NAME}
_PORTS = {"grpc": 18000, "ratelimit": 18001, "wasm": 18002, "metrics": 19001}
_CONFIGURATION: dict[str, Any] = {
    "apiVersion": "gateway.envoyproxy.io/v1alpha1",
    "kind": "EnvoyGateway",
    "gateway": {"controllerName": _CONTROLLER},
    "provider": {
        "type": "Kubernetes",
        "kubernetes": {"shutdownManager": {"image": _IMAGE}, "proxyTopologyInjector": {"disabled": True}},
    },
}


@contextmanager
def running_envoy_gateway(users: Kubectl) -> Iterator[Kubectl]:
    """One Gateway named `public` in the users' namespace; kubectl in that of its proxies.

    Two replicas of Envoy, one a node, behind a NodePort that keeps the clients' addresses. What uses the Gateway goes
    with it.
    """
    own, needed = Kubectl(users.cluster, NAMESPACE), crds.of_envoy_gateway()
    crds.serve(own, *needed)
    own.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    _install(own)
    own.apply(_proxies(), _gateway_class())
    users.apply(_gateway())
    users("wait", "--for=condition=Programmed", f"gateway/{GATEWAY}", "--timeout=120s", timeout=130)
    own("rollout", "status", "deployment/envoy-public", "--timeout=120s", timeout=130)
    yield own
    # The controller takes its finalizers off before it goes itself.
    users("delete", "sio", "--all", "--wait", timeout=120)
    users("delete", "gateway", GATEWAY, "--wait")
    own("delete", "gatewayclass", CLASS, "--wait")
    own("delete", "namespace", NAMESPACE, "--wait", timeout=480)
    own("delete", "clusterrolebinding", NAME)
    own("delete", "crd", *(one["metadata"]["name"] for one in needed), "--wait", timeout=120)


def _install(own: Kubectl) -> None:
    own.apply(*_account(), _configuration(), _service(), _certificates())
    own("wait", "--for=condition=Complete", "job/certgen", "--timeout=120s", timeout=130)
    own.apply(_controller())
    own("rollout", "status", f"deployment/{NAME}", "--timeout=120s", timeout=130)


def _account() -> list[dict[str, Any]]:
    """An account that may do everything: what the chart allows is not what is tested here."""
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME},
            "subjects": [subject],
            "roleRef": role,
        },
    ]


def _configuration() -> dict[str, Any]:
    data = {"envoy-gateway.yaml": json.dumps(_CONFIGURATION)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "envoy-gateway-config"}, "data": data}


def _service() -> dict[str, Any]:
    ports = [{"name": name, "port": port} for name, port in _PORTS.items()]
    spec = {"selector": _LABELS, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME}, "spec": spec}


def _certificates() -> dict[str, Any]:
    """Those of the controller and the proxies, as Secrets."""
    pod = {**_pod(["certgen", "--disable-topology-injector"]), "restartPolicy": "Never"}
    spec = {"backoffLimit": 2, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "certgen"}, "spec": spec}


def _controller() -> dict[str, Any]:
    mounts = {"config": "/config", "certs": "/certs", "wasm": "/var/lib/eg/wasm"}
    ready = {"httpGet": {"path": "/readyz", "port": 8081}, "periodSeconds": 1}
    volumes = [
        {"name": "config", "configMap": {"name": "envoy-gateway-config"}},
        {"name": "certs", "secret": {"secretName": "envoy-gateway"}},
        {"name": "wasm", "emptyDir": {}},
    ]
    more = {
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
        "readinessProbe": ready,
    }
    pod = _pod(["server", "--config-path=/config/envoy-gateway.yaml"], **more)
    template = {"metadata": {"labels": _LABELS}, "spec": {**pod, "volumes": volumes}}
    spec = {"selector": {"matchLabels": _LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": spec}


def _pod(arguments: list[str], **more: Any) -> dict[str, Any]:
    namespace = {"name": "ENVOY_GATEWAY_NAMESPACE", "value": NAMESPACE}
    domain = {"name": "KUBERNETES_CLUSTER_DOMAIN", "value": "cluster.local"}
    container = {"name": NAME, "image": _IMAGE, "args": arguments, "env": [namespace, domain], **more}
    return {"serviceAccountName": NAME, "terminationGracePeriodSeconds": 10, "containers": [container]}


def _proxies() -> dict[str, Any]:
    """Both replicas with one thread, and gone without a long drain."""
    proxies = {"matchLabels": {"gateway.envoyproxy.io/owning-gateway-name": GATEWAY}}
    apart = [{"labelSelector": proxies, "topologyKey": "kubernetes.io/hostname"}]
    container = {"image": "registry.local/envoy:1", "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}}
    deployment = {
        "name": "envoy-public",
        "replicas": 2,
        "container": container,
        "pod": {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart}}},
    }
    service = {"name": SERVICE, "type": "NodePort", "externalTrafficPolicy": "Local"}
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyProxy",
        "metadata": {"name": "proxies"},
        "spec": {
            "concurrency": 1,
            "shutdown": {"drainTimeout": "5s", "minDrainDuration": "1s"},
            "provider": {
                "type": "Kubernetes",
                "kubernetes": {"envoyDeployment": deployment, "envoyService": service},
            },
        },
    }


def _gateway_class() -> dict[str, Any]:
    parameters = {
        "group": "gateway.envoyproxy.io",
        "kind": "EnvoyProxy",
        "name": "proxies",
        "namespace": NAMESPACE,
    }
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": CLASS},
        "spec": {"controllerName": _CONTROLLER, "parametersRef": parameters},
    }


def _gateway() -> dict[str, Any]:
    same = {"namespaces": {"from": "Same"}}
    listener = {"name": "web", "protocol": "HTTP", "port": 80, "allowedRoutes": same}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": GATEWAY},
        "spec": {"gatewayClassName": CLASS, "listeners": [listener]},
    }
