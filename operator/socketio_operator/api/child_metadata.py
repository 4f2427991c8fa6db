"""Labels and annotations of the objects that a cluster consists of."""

from typing import Any

from pydantic import Field

from socketio_operator.api.base import Model, checked, rule
from socketio_operator.api.pod import Annotations, Labels

_RESERVED = ("socketio-operator.dev/", "app.kubernetes.io/", "kubernetes.io/", "k8s.io/")


def _own_keys(field: str) -> dict[str, str]:
    reserved = " || ".join(f"k.startsWith('{prefix}')" for prefix in _RESERVED)
    return rule(
        f"!self.exists(k, {reserved})",
        f"{field} must not begin with socketio-operator.dev/, app.kubernetes.io/, kubernetes.io/ or k8s.io/: those are "
        "the operator's and Kubernetes' own; use a prefix of yours.",
    )


def _labels_extra() -> dict[str, Any]:
    return checked(
        _own_keys("childMetadata.labels"),
        rule(
            "self.all(k, self[k].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$'))",
            "The value of a label is made of letters, digits and -_. and begins and ends with a letter or digit, such "
            "as chat.",
        ),
        maxProperties=32,
    )


class ChildMetadata(Model):
    """What is added to all children. Pods have `pod.labels` and `pod.annotations`: these here restart none."""

    labels: Labels = Field(
        default_factory=dict,
        description="Labels added to every object that the operator creates for this cluster, except pods. Default: "
        "none. Example: `{cost-centre: chat}`.",
        json_schema_extra=_labels_extra(),
    )
    annotations: Annotations = Field(
        default_factory=dict,
        description="Annotations added to the Deployments, StatefulSets, PodDisruptionBudgets and NetworkPolicies. On "
        "other kinds, annotations are settings for controllers, which authors of this resource need not "
        "be permitted to change. Default: none. Example: `{example.com/owner: team-chat}`.",
        json_schema_extra=checked(_own_keys("childMetadata.annotations"), maxProperties=32),
    )
