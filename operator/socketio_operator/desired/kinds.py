"""The kinds of children, and how the API server names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socketio_operator.api import API_VERSION, KIND, PLURAL


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """An API kind. `watched`: the operator lists and watches its labelled objects (never Secrets).

    `metadata_only`: nothing but metadata is asked for.
    """

    api_version: str
    kind: str
    plural: str
    watched: bool = True
    metadata_only: bool = False


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
    )
}


# Kinds that run pods from a template.
WORKLOADS = frozenset({"Deployment", "StatefulSet"})


def ref_of(manifest: Mapping[str, Any]) -> Ref:
    """The reference of a manifest or a live object that tells its kind."""
    return Ref(manifest["kind"], manifest["metadata"]["name"])
