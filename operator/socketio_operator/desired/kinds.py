"""The kinds of children, and how the API server names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socketio_operator.api import API_VERSION, KIND, PLURAL


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """An API kind. `watched`: the operator lists and watches its labelled objects (never Secrets).

    `metadata_only`: nothing but metadata is asked for. `install`: of a kind that the API server may not serve, what to
    install for it, as a part of a sentence; such a kind is watched while it is served.
    """

    api_version: str
    kind: str
    plural: str
    watched: bool = True
    metadata_only: bool = False
    install: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An object of the cluster's own namespace."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


CLUSTER = Kind(API_VERSION, KIND, PLURAL)
POD = Kind("v1", "Pod", "pods")
# They tell which Deployment a pod belongs to.
REPLICA_SET = Kind("apps/v1", "ReplicaSet", "replicasets", metadata_only=True)
SECRET = Kind("v1", "Secret", "secrets", watched=False)

_TRAEFIK = "Traefik's CRDs (provider kubernetescrd), version 3"
_GATEWAY = "the Gateway API's CRDs (standard channel), version 1.1 or later"
_ENVOY = "Envoy Gateway's CRDs, version 1.3 or later"
_NGINX = "the CRDs of NGINX Gateway Fabric, version 2.6 or later"

CHILD_KINDS: dict[str, Kind] = {
    kind.kind: kind
    for kind in (
        Kind("v1", "ServiceAccount", "serviceaccounts"),
        SECRET,
        Kind("v1", "ConfigMap", "configmaps"),
        Kind("v1", "Service", "services"),
        Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
        Kind("apps/v1", "Deployment", "deployments"),
        Kind("apps/v1", "StatefulSet", "statefulsets"),
        Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
        Kind("networking.k8s.io/v1", "Ingress", "ingresses"),
        Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        Kind("traefik.io/v1alpha1", "IngressRoute", "ingressroutes", install=_TRAEFIK),
        Kind("traefik.io/v1alpha1", "TraefikService", "traefikservices", install=_TRAEFIK),
        Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes", install=_GATEWAY),
        Kind("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", "backendtrafficpolicies", install=_ENVOY),
        Kind("gateway.nginx.org/v1alpha1", "UpstreamSettingsPolicy", "upstreamsettingspolicies", install=_NGINX),
        Kind("gateway.nginx.org/v1alpha1", "ClientSettingsPolicy", "clientsettingspolicies", install=_NGINX),
    )
}
OPTIONAL_KINDS = tuple(kind for kind in CHILD_KINDS.values() if kind.install)


# Kinds that run pods from a template.
WORKLOADS = frozenset({"Deployment", "StatefulSet"})


def ref_of(manifest: Mapping[str, Any]) -> Ref:
    """The reference of a manifest or a live object that tells its kind."""
    return Ref(manifest["kind"], manifest["metadata"]["name"])
